"""Each service's own way to say no."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.identity.api_calls.asked import Asked
from pytest_rollbacklab.localaws.identity.api_calls.refusals import access_denied, expired_token, unknown_token
from pytest_rollbacklab.localaws.identity.credentials import Principal
from pytest_rollbacklab.localaws.identity.policy_evaluation import Decision

ROLE = Principal(
    arn="arn:aws:sts::1:assumed-role/r/s", account_id="1", user_id="AROA:s", role_arn="arn:aws:iam::1:role/r"
)
NOBODY = Decision(allowed=False, reason="")
DENIED = Decision(
    allowed=False, reason="", explicit_deny=True, because="with an explicit deny in an identity-based policy"
)


@pytest.mark.parametrize(
    ("action", "resource", "protocol", "code", "status", "told"),
    [
        (
            "dynamodb:PutItem", "arn:t", "json", "AccessDeniedException", 400,
            "dynamodb:PutItem on resource: arn:t because no identity-based policy allows the dynamodb:PutItem action",
        ),
        (
            "lambda:GetAlias", "arn:f", "rest-json", "AccessDeniedException", 403,
            "lambda:GetAlias on resource: arn:f because no identity-based policy allows the lambda:GetAlias action",
        ),
        (
            "s3:GetObject", "arn:b/k", "s3", "AccessDenied", 403,
            's3:GetObject on resource: "arn:b/k" because no identity-based policy allows the s3:GetObject action',
        ),
        (
            "sqs:SendMessage", "arn:q", "json", "AccessDeniedException", 400,
            "sqs:sendmessage on resource: arn:q because no identity-based policy allows the sqs:sendmessage action",
        ),
        (
            "sns:Publish", "arn:n", "query", "AuthorizationError", 403,
            "SNS:Publish on resource: arn:n because no identity-based policy allows the SNS:Publish action",
        ),
        (
            "cloudwatch:PutMetricData", "*", "cbor", "AccessDenied", 403,
            "cloudwatch:PutMetricData because no identity-based policy allows the cloudwatch:PutMetricData action",
        ),
        (
            "ses:SendEmail", None, "query", "AccessDenied", 403,
            "ses:SendEmail on resource: * because no identity-based policy allows the ses:SendEmail action",
        ),
    ],
)  # fmt: skip
def test_a_service_refuses_in_its_own_words(
    action: str, resource: str | None, protocol: str, code: str, status: int, told: str
) -> None:
    error = access_denied(ROLE, Asked(action=action, resource=resource), NOBODY, protocol=protocol)
    assert (error.code, error.status) == (code, status)
    assert error.message == f"User: {ROLE.arn} is not authorized to perform: {told}"


def test_an_explicit_deny_is_said() -> None:
    error = access_denied(ROLE, Asked(action="s3:GetObject", resource="arn:b/k"), DENIED, protocol="s3")
    assert error.message.endswith('on resource: "arn:b/k" with an explicit deny in an identity-based policy')


@pytest.mark.parametrize(
    ("protocol", "expired", "unknown", "status"),
    [
        ("json", "ExpiredTokenException", "UnrecognizedClientException", 400),
        ("rest-json", "ExpiredTokenException", "UnrecognizedClientException", 403),
        ("query", "ExpiredToken", "InvalidClientTokenId", 403),
        ("s3", "ExpiredToken", "InvalidClientTokenId", 403),
    ],
)
def test_keys_that_are_none_are_said(protocol: str, expired: str, unknown: str, status: int) -> None:
    error = expired_token(protocol=protocol)
    assert (error.code, error.status, error.message) == (
        expired, status, "The security token included in the request is expired"
    )  # fmt: skip
    error = unknown_token(protocol=protocol)
    assert (error.code, error.status, error.message) == (
        unknown, status, "The security token included in the request is invalid."
    )  # fmt: skip
