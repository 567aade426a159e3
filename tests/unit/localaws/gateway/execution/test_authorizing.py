"""Who may call: signatures over what was really sent, and the caller's policies."""

from __future__ import annotations

import json

import pytest

from pytest_rollbacklab.localaws.api import ServiceError


@pytest.fixture
def api(world):
    return world.deployed("ANY", "/notes", authorization="AWS_IAM")


def refusal(answer):
    return answer.status, dict(answer.headers)["x-amzn-ErrorType"], json.loads(answer.body)


def test_an_open_method_wants_nothing(world):
    api = world.deployed()
    assert world.send(api).status == 200
    assert world.policies.asked == []


def test_an_unsigned_call_is_a_missing_token(world, api):
    assert refusal(world.send(api)) == (
        403,
        "MissingAuthenticationTokenException",
        {"message": "Missing Authentication Token"},
    )


def test_a_signed_call_passes_and_its_policies_are_asked(world, api):
    key = world.key()
    assert world.send_signed(api, "POST", "/notes", key, body=b"{}").status == 200
    (principal, action, resource, context) = world.policies.asked[0]
    assert principal == key.principal
    assert action == "execute-api:Invoke"
    assert resource == f"arn:aws:execute-api:us-east-1:123456789012:{api}/prod/POST/notes"
    assert context["aws:SourceIp"] == "192.0.2.7"


def test_a_call_that_is_not_allowed_is_denied_with_a_masked_account(world, api):
    world.policies.deny()
    answer = world.send_signed(api, "GET", "/notes", world.key())
    assert refusal(answer) == (
        403,
        "AccessDeniedException",
        {
            "Message": "User: arn:aws:sts::123456789012:assumed-role/Admin/CognitoIdentityCredentials is not "
            "authorized to perform: execute-api:Invoke on resource: "
            f"arn:aws:execute-api:us-east-1:********9012:{api}/prod/GET/notes"
        },
    )
    assert answer.body.startswith(b'{"Message":"User: ')
    assert world.lambdas.invoked == []


def test_an_explicit_deny_is_told(world, api):
    world.policies.deny(explicitly=True)
    answer = world.send_signed(api, "GET", "/notes", world.key())
    assert json.loads(answer.body)["Message"].endswith("/prod/GET/notes with an explicit deny")


def test_a_caller_of_another_account_is_denied(world, api):
    answer = world.send_signed(api, "GET", "/notes", world.key(account_id="999999999999"))
    assert answer.status == 403
    assert "assumed-role/Admin" in json.loads(answer.body)["Message"]


def test_a_body_that_was_changed_on_the_way_breaks_the_signature(world, api):
    headers = world.signature(api, "POST", "/notes", world.key(), body=b"{}")
    status, type_, body = refusal(world.send(api, "POST", headers=headers, body=b"{ }"))
    assert (status, type_) == (403, "InvalidSignatureException")
    assert body["message"].startswith("The request signature we calculated does not match the signature you provided.")
    assert f"/_aws/execute-api/{api}/prod/notes" in body["message"]


def test_an_unknown_key_is_an_invalid_token(world, api):
    from dataclasses import replace

    key = replace(world.key(), access_key_id="ASIAUNKNOWN")
    assert refusal(world.send_signed(api, "GET", "/notes", key)) == (
        403,
        "UnrecognizedClientException",
        {"message": "The security token included in the request is invalid."},
    )


def test_an_expired_key_is_told_so(world, api):
    key = world.key()
    world.now += 3601
    assert refusal(world.send_signed(api, "GET", "/notes", key)) == (
        403,
        "ExpiredTokenException",
        {"message": "The security token included in the request is expired"},
    )


def test_a_signature_of_another_region_is_refused(world, api):
    headers = world.signature(api, "GET", "/notes", world.key(), region="eu-west-1")
    status, _, body = refusal(world.send(api, headers=headers))
    assert status == 403
    assert "Credential should be scoped to a valid region, not 'eu-west-1'." in body["message"]


def test_without_a_route_even_a_good_signature_is_a_missing_token(world, api):
    headers = world.signature(api, "GET", "/nope", world.key())
    assert refusal(world.send(api, path="/nope", headers=headers))[1] == "MissingAuthenticationTokenException"


def test_without_a_route_an_authorization_that_is_no_signature_is_complained_of(world, api):
    answer = refusal(world.send(api, path="/nope", headers=[("Authorization", "Bearer eyJ0")]))
    assert answer[:2] == (403, "IncompleteSignatureException")
    assert "Authorization" in answer[2]["message"]


def test_policies_that_cannot_be_evaluated_are_neither_an_allow_nor_a_deny(world, api):
    world.policies.error = ServiceError(
        "NotImplemented", "the local AWS does not emulate NotPrincipal in a policy.", 501
    )
    assert refusal(world.send_signed(api, "GET", "/notes", world.key())) == (
        500,
        "AuthorizerConfigurationException",
        {"message": "the local AWS does not emulate NotPrincipal in a policy."},
    )
    assert world.lambdas.invoked == []
