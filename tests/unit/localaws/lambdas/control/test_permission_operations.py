from __future__ import annotations

import json

import pytest

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:create"
API = "arn:aws:execute-api:eu-west-1:111122223333:a1b2c3"
GATEWAY = "apigateway.amazonaws.com"


def add(control, **params):
    defaults = {
        "FunctionName": "create",
        "StatementId": "api",
        "Action": "lambda:InvokeFunction",
        "Principal": GATEWAY,
    }
    return json.loads(control.call("AddPermission", **(defaults | params))["Statement"])


def refused(control, operation="AddPermission", **params):
    defaults = {"FunctionName": "create", "StatementId": "api"}
    if operation == "AddPermission":
        defaults |= {"Action": "lambda:InvokeFunction", "Principal": GATEWAY}
    return control.refusal(operation, **(defaults | params))


def test_a_permission_becomes_a_statement_as_recorded(control):
    control.create()
    statement = add(control, SourceArn=f"{API}/*/POST/notes", SourceAccount="111122223333")
    assert statement == {
        "Sid": "api",
        "Effect": "Allow",
        "Principal": {"Service": GATEWAY},
        "Action": "lambda:InvokeFunction",
        "Resource": ARN,
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": "111122223333"},
            "ArnLike": {"AWS:SourceArn": f"{API}/*/POST/notes"},
        },
    }
    policy = control.call("GetPolicy", FunctionName="create")
    assert json.loads(policy["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("*", "*"),
        ("444455556666", {"AWS": "arn:aws:iam::444455556666:root"}),
        ("arn:aws:iam::444455556666:role/r", {"AWS": "arn:aws:iam::444455556666:role/r"}),
        ("s3.amazonaws.com", {"Service": "s3.amazonaws.com"}),
    ],
)
def test_principals_are_written_as_aws_writes_them(control, given, written):
    control.create()
    assert add(control, Principal=given)["Principal"] == written


def test_further_members_become_conditions(control):
    control.create()
    statement = add(
        control, Principal="*", FunctionUrlAuthType="NONE", PrincipalOrgID="o-1", EventSourceToken="amzn1.ask.skill.x"
    )
    assert statement["Condition"] == {
        "StringEquals": {
            "lambda:FunctionUrlAuthType": "NONE",
            "aws:PrincipalOrgID": "o-1",
            "lambda:EventSourceToken": "amzn1.ask.skill.x",
        }
    }


def test_each_qualifier_has_a_policy_of_its_own(control):
    control.create(Publish=True)
    control.call("CreateAlias", FunctionName="create", Name="prod", FunctionVersion="1")
    assert add(control, Qualifier="prod")["Resource"] == f"{ARN}:prod"
    assert add(control, FunctionName="create:1")["Resource"] == f"{ARN}:1"
    assert refused(control, "GetPolicy").message == "The resource you requested does not exist."
    control.call("DeleteAlias", FunctionName="create", Name="prod")
    assert control.refusal("GetPolicy", FunctionName="create:prod").status == 404


def test_a_removed_permission_is_gone_and_the_last_one_takes_the_policy_with_it(control):
    control.create()
    add(control)
    add(control, StatementId="s3", Principal="s3.amazonaws.com")
    control.call("RemovePermission", FunctionName="create", StatementId="api")
    policy = json.loads(control.call("GetPolicy", FunctionName="create")["Policy"])
    assert [statement["Sid"] for statement in policy["Statement"]] == ["s3"]
    error = refused(control, "RemovePermission", StatementId="api")
    assert error.message == "Statement api is not found in resource policy."
    control.call("RemovePermission", FunctionName="create", StatementId="s3")
    assert control.refusal("GetPolicy", FunctionName="create").message == "The resource you requested does not exist."
    assert refused(control, "RemovePermission").message == "No policy is associated with the given resource."


def test_a_stale_revision_is_refused(control):
    control.create()
    assert refused(control, RevisionId="stale").message == (
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetPolicy API to retrieve the latest Revision Id"
    )
    add(control)
    revision = control.call("GetPolicy", FunctionName="create")["RevisionId"]
    add(control, StatementId="two", RevisionId=revision)


@pytest.mark.parametrize(
    ("params", "status", "message"),
    [
        (
            {"StatementId": "example.com"},
            400,
            (
                "1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)"
            ),
        ),
        ({"Qualifier": "$LATEST"}, 400, "We currently do not support adding policies for $LATEST."),
        (
            {"Principal": "invalid.nonaws.com"},
            400,
            "The provided principal was invalid. Please check the principal and try again.",
        ),
        ({"FunctionName": "gone"}, 404, "Function not found: arn:aws:lambda:eu-west-1:111122223333:function:gone"),
        ({"Qualifier": "gone"}, 404, f"Cannot find alias arn: {ARN}:gone"),
        ({"Qualifier": "42"}, 404, f"Function not found: {ARN}:42"),
        ({"Qualifier": "a-$-b"}, 404, f"Function not found: {ARN}:a-$-b"),
    ],
)
def test_refusals_are_as_recorded(control, params, status, message):
    control.create()
    error = refused(control, **params)
    assert (error.status, error.message) == (status, message)


def test_a_statement_id_is_given_once(control):
    control.create()
    add(control)
    error = refused(control)
    assert (error.code, error.status) == ("ResourceConflictException", 409)
    assert error.message == (
        "The statement id (api) provided already exists. "
        "Please provide a new statement id, or remove the existing statement."
    )


def test_removing_from_no_function_or_alias_is_told_as_recorded(control):
    assert refused(control, "RemovePermission").message == f"No policy found for: {ARN}"
    control.create()
    assert refused(control, "RemovePermission", Qualifier="gone").message == f"Cannot find alias arn: {ARN}:gone"


def permits(control, source, function="create", qualifier=None, principal=GATEWAY):
    return control.permits(control.scope, function, qualifier, principal=principal, source_arn=source)


def test_a_service_is_let_in_for_what_the_permission_names(control):
    control.create()
    add(control, SourceArn=f"{API}/*/POST/notes")
    assert permits(control, f"{API}/prod/POST/notes")
    assert permits(control, f"{API}/prod/POST/notes", function=ARN)
    assert not permits(control, f"{API}/prod/GET/notes")
    assert not permits(control, f"{API.replace('a1b2c3', 'other')}/prod/POST/notes")
    assert not permits(control, f"{API}/prod/POST/notes", principal="s3.amazonaws.com")


def test_wildcards_do_not_reach_over_colons_and_brackets_mean_nothing(control):
    control.create()
    add(control, SourceArn="arn:aws:execute-api:*:111122223333:a1b2c3/*/?OST/[n]otes")
    assert permits(control, f"{API}/prod/POST/[n]otes")
    assert not permits(control, f"{API}/prod/POST/notes")
    assert not permits(control, "arn:aws:execute-api:eu-west-1:x:111122223333:a1b2c3/prod/POST/[n]otes")


def test_a_permission_on_the_function_does_not_open_its_alias_nor_the_other_way_round(control):
    control.create(Publish=True)
    control.call("CreateAlias", FunctionName="create", Name="prod", FunctionVersion="1")
    control.call("CreateAlias", FunctionName="create", Name="dev", FunctionVersion="1")
    add(control, Qualifier="prod")
    assert permits(control, API, qualifier="prod")
    assert permits(control, API, function=f"{ARN}:prod")
    assert not permits(control, API)
    assert not permits(control, API, qualifier="dev")
    add(control)
    assert permits(control, API)
    assert permits(control, API, qualifier="$LATEST")
    assert not permits(control, API, qualifier="dev")


def test_other_accounts_other_actions_and_unknown_conditions_let_nobody_in(control):
    control.create()
    add(control, SourceAccount="444455556666")
    add(control, StatementId="url", Action="lambda:InvokeFunctionUrl")
    add(control, StatementId="skill", EventSourceToken="token")
    assert not permits(control, API)
    add(control, StatementId="own", SourceAccount="111122223333")
    assert permits(control, API)


def test_nobody_is_let_into_what_is_not_there(control):
    assert not permits(control, API)
    assert not permits(control, API, function="no name!")
    control.create()
    assert not permits(control, API)
