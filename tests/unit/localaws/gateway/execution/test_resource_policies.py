"""An API's own policy: alone, and together with signatures, authorizers' functions and user pools."""

from __future__ import annotations

import json

import pytest

HERE = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
ELSEWHERE = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
TOKEN = [("Authorization", "allow")]


def policy(effect, *, condition=None, principal="*", resource="execute-api:/*"):
    statement = {"Effect": effect, "Principal": principal, "Action": "execute-api:Invoke", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement | ({"Condition": condition} if condition else {})]}


ALLOW, NEITHER, DENY = policy("Allow"), policy("Allow", condition=ELSEWHERE), policy("Deny")


@pytest.fixture
def under(world):
    """Put a policy on an API and deploy it."""

    def under(api, document):
        patch = {"op": "replace", "path": "/policy", "value": json.dumps(document)}
        world.call("UpdateRestApi", restApiId=api, patchOperations=[patch])
        world.deploy(api)
        return api

    return under


def denied(api, *, explicitly=False, who="anonymous"):
    resource = f"arn:aws:execute-api:us-east-1:********9012:{api}/prod/GET/notes"
    message = f"User: {who} is not authorized to perform: execute-api:Invoke on resource: {resource}"
    return 403, {"Message": message + (" with an explicit deny" if explicitly else "")}


def answered(answer):
    return answer.status, json.loads(answer.body or "null")


@pytest.mark.parametrize(
    ("document", "status", "explicitly"),
    [
        (ALLOW, 200, None),
        (policy("Allow", condition=HERE), 200, None),
        (NEITHER, 403, False),
        (DENY, 403, True),
        (policy("Deny", condition=ELSEWHERE), 403, False),
        (policy("Allow", principal={"AWS": "123456789012"}), 403, False),
        (policy("Allow", principal={"AWS": "*"}), 200, None),
        (policy("Allow", resource="execute-api:/prod/GET/notes"), 200, None),
        (policy("Allow", resource=["execute-api:/dev/*", "execute-api:/*/POST/*"]), 403, False),
    ],
)
def test_an_open_method_is_open_to_whom_the_policy_allows(world, under, document, status, explicitly):
    api = under(world.deployed(), document)
    answer = world.send(api)
    assert answer.status == status
    if explicitly is not None:
        assert answered(answer) == denied(api, explicitly=explicitly)


def test_a_policy_is_in_force_once_it_is_deployed(world):
    api = world.deployed()
    patch = {"op": "replace", "path": "/policy", "value": json.dumps(DENY)}
    world.call("UpdateRestApi", restApiId=api, patchOperations=[patch])
    assert world.send(api).status == 200
    world.deploy(api)
    assert world.send(api).status == 403


@pytest.mark.parametrize(
    ("identity", "document", "status", "explicitly"),
    [
        ("allows", ALLOW, 200, None),
        ("allows", NEITHER, 200, None),
        ("allows", DENY, 403, True),
        ("neither", ALLOW, 200, None),
        ("neither", NEITHER, 403, False),
        ("neither", DENY, 403, True),
        ("denies", ALLOW, 403, True),
        ("neither", policy("Allow", principal={"AWS": "arn:aws:iam::123456789012:role/Admin"}), 200, None),
        ("neither", policy("Allow", principal={"AWS": "arn:aws:iam::123456789012:root"}), 200, None),
        ("neither", policy("Allow", principal={"AWS": "arn:aws:iam::123456789012:role/Other"}), 403, False),
    ],
)
def test_a_signed_call_within_the_account(world, under, identity, document, status, explicitly):
    api = under(world.deployed(authorization="AWS_IAM"), document)
    if identity != "allows":
        world.policies.deny(explicitly=identity == "denies")
    key = world.key()
    answer = world.send_signed(api, "GET", "/notes", key)
    assert answer.status == status
    if explicitly is not None:
        assert answered(answer) == denied(api, explicitly=explicitly, who=key.principal.arn)


@pytest.mark.parametrize(
    ("allowed", "document", "status"),
    [(True, ALLOW, 200), (True, NEITHER, 403), (False, ALLOW, 403), (True, DENY, 403)],
)
def test_a_signed_call_from_another_account_needs_both(world, under, allowed, document, status):
    api = under(world.deployed(authorization="AWS_IAM"), document)
    if not allowed:
        world.policies.deny()
    assert world.send_signed(api, "GET", "/notes", world.key(account_id="999999999999")).status == status


@pytest.mark.parametrize(
    ("effect", "document", "status", "asked"),
    [
        ("Allow", ALLOW, 200, 1),
        ("Allow", NEITHER, 200, 1),
        ("Allow", DENY, 403, 0),
        (None, ALLOW, 200, 1),
        (None, NEITHER, 403, 1),
        ("Deny", ALLOW, 403, 1),
    ],
)
def test_an_authorizers_function(world, under, effect, document, status, asked):
    statement = {"Effect": effect or "Allow", "Action": "*", "Resource": "*" if effect else "arn:aws:other"}
    world.lambdas.other("guard", {"policyDocument": {"Statement": [statement]}})
    api = under(world.guarded(), document)
    assert world.send(api, headers=TOKEN).status == status
    assert len(world.lambdas.calls_of("guard")) == asked


def test_a_policy_is_told_in_full_and_can_be_taken_away(world):
    short = policy("Allow", resource=["execute-api:/prod/*", "arn:aws:execute-api:*:*:*"])
    made = world.call("CreateRestApi", name="a", policy=json.dumps(short))
    told = json.loads(json.loads(f'"{made["policy"]}"'))
    assert told["Statement"][0]["Resource"] == [
        f"arn:aws:execute-api:us-east-1:123456789012:{made['id']}/prod/*",
        "arn:aws:execute-api:*:*:*",
    ]
    gone = world.call(
        "UpdateRestApi", restApiId=made["id"], patchOperations=[{"op": "replace", "path": "/policy", "value": ""}]
    )
    assert "policy" not in gone


@pytest.mark.parametrize(
    ("document", "code", "part"),
    [
        ("text", "BadRequestException", "Invalid policy document. Please check the policy syntax: Expecting value"),
        ("[]", "BadRequestException", "it is no object"),
        ("{}", "BadRequestException", "it has no Statement"),
        (json.dumps(policy("Perhaps")), "BadRequestException", "the Effect of statement 1 is 'Perhaps'"),
        (
            json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
            "BadRequestException",
            "statement 1 has no Principal",
        ),
        (
            json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Principal": "*"}]}),
            "BadRequestException",
            "statement 1 has no Resource",
        ),
        (
            json.dumps(policy("Allow", condition={"StringPerhaps": {"aws:SourceIp": "x"}})),
            "NotImplemented",
            "StringPerhaps",
        ),
        (
            json.dumps({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "NotPrincipal": "*"}]}),
            "NotImplemented",
            "NotPrincipal",
        ),
    ],
)
def test_a_policy_that_cannot_be_evaluated_is_refused_when_it_is_set(world, document, code, part):
    refused, message = world.refused("CreateRestApi", name="a", policy=document)
    assert refused == code
    assert part in message
    assert world.call("GetRestApis")["items"] == []
