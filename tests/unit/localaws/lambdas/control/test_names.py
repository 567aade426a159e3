from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.names import function_arn, new_function_name, parse_function_name

SCOPE = Scope(account_id="111122223333", region="eu-west-1")
ARN = "arn:aws:lambda:eu-west-1:111122223333:function:notes"
PATTERN = (
    r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
    r"([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)


def read(function, qualifier=None):
    name = parse_function_name(SCOPE, function, qualifier)
    return name.name, name.qualifier


def refusal(call, *args, **kwargs) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        call(*args, **kwargs)
    return caught.value


@pytest.mark.parametrize(
    "form",
    ["notes", "function:notes", "111122223333:notes", "111122223333:function:notes", "eu-west-1:notes", ARN],
)
def test_every_form_of_a_name_means_the_function(form):
    assert read(form) == ("notes", None)


@pytest.mark.parametrize("form", ["notes", "function:notes", "111122223333:function:notes", ARN])
@pytest.mark.parametrize("qualifier", ["$LATEST", "1", "prod"])
def test_every_form_takes_a_qualifier_after_a_colon_or_beside_it(form, qualifier):
    assert read(f"{form}:{qualifier}") == ("notes", qualifier)
    assert read(form, qualifier) == ("notes", qualifier)
    assert read(f"{form}:{qualifier}", qualifier) == ("notes", qualifier)


def test_an_arn_without_a_name_is_read_as_aws_reads_it():
    assert read("arn:aws:lambda:eu-west-1:111122223333:function") == ("function", None)


def test_two_different_qualifiers_are_refused():
    error = refusal(read, f"{ARN}:$LATEST", "1")
    assert (error.code, error.status) == ("InvalidParameterValueException", 400)
    assert error.message == "The derived qualifier from the function name does not match the specified qualifier."


@pytest.mark.parametrize(
    "name",
    [
        "notes!",
        "*",
        "invalid-account:function:notes",
        "arn:aws:lambda:invalid-region:111122223333:function:notes",
        "arn:aws:ec2:eu-west-1:111122223333:instance:i-1234567890abcdef0",
        f"{ARN}:1:2",
        "function:notes:$LATEST:extra",
        "arn:aws:lambda::111122223333:function:notes",
        "arn:aws:lambda:eu-west-1::function:notes",
        f"{ARN}:$LATES",
    ],
)
def test_what_is_no_name_breaks_the_recorded_pattern(name):
    error = refusal(read, name)
    assert (error.code, error.status) == ("ValidationException", 400)
    assert error.message == (
        f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {PATTERN}"
    )


def test_a_qualifier_breaks_its_pattern_and_its_length():
    assert refusal(read, "notes", "invalid!").message == (
        "1 validation error detected: Value 'invalid!' at 'qualifier' failed to satisfy constraint: Member must "
        r"satisfy regular expression pattern: \$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
    )
    long = "a" * 129
    assert refusal(read, "notes", long).message == (
        f"1 validation error detected: Value '{long}' at 'qualifier' failed to satisfy constraint: "
        "Member must have length less than or equal to 128"
    )


def test_all_that_is_wrong_is_told_at_once():
    name = "arn:aws:lambda:invalid-region:111122223333:function:notes"
    message = refusal(read, name, "a" * 129).message
    assert message.startswith("2 validation errors detected: Value 'aaa")
    assert f"; Value '{name}' at 'functionName'" in message


def test_another_regions_function_is_not_reachable():
    error = refusal(read, "arn:aws:lambda:us-east-1:111122223333:function:notes")
    assert (error.code, error.status) == ("ResourceNotFoundException", 404)
    assert error.message == "Functions from 'us-east-1' are not reachable in this region ('eu-west-1')"


def test_another_accounts_function_is_denied():
    arn = "arn:aws:lambda:eu-west-1:444455556666:function:notes"
    error = refusal(parse_function_name, SCOPE, arn, action="GetFunction")
    assert (error.code, error.status) == ("AccessDeniedException", 403)
    assert error.message == (
        "User: arn:aws:iam::111122223333:root is not authorized to perform: lambda:GetFunction on resource: "
        f"{arn} because no resource-based policy allows the lambda:GetFunction action"
    )


def test_a_new_functions_name_has_limits_of_its_own():
    assert new_function_name(SCOPE, ARN) == "notes"
    long = "a" * 65
    error = refusal(new_function_name, SCOPE, long)
    assert error.code == "InvalidParameterValueException"
    assert error.message == (
        f"1 validation error detected: Value '{long}' at 'functionName' failed to satisfy constraint: "
        "Member must have length less than or equal to 64"
    )
    longer = "a" * 141
    assert refusal(new_function_name, SCOPE, longer).code == "ValidationException"
    assert "Member must have length less than or equal to 140" in refusal(new_function_name, SCOPE, longer).message
    assert "([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?" in refusal(new_function_name, SCOPE, "a.b").message


def test_a_function_is_not_created_with_a_qualifier():
    error = refusal(new_function_name, SCOPE, "notes:prod")
    assert error.message == "A function is created without a version or an alias, but its name is notes:prod."


def test_arns_know_their_partition():
    assert function_arn(SCOPE, "notes", "prod") == f"{ARN}:prod"
    china = Scope(account_id="111122223333", region="cn-north-1")
    assert function_arn(china, "notes") == "arn:aws-cn:lambda:cn-north-1:111122223333:function:notes"
    gov = Scope(account_id="111122223333", region="us-gov-west-1")
    assert function_arn(gov, "notes").startswith("arn:aws-us-gov:lambda:")
