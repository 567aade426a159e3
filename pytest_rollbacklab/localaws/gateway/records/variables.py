"""The ``$context`` variables of access logs, each read from what is known of a request.

The names are those of "Variables for access logging for API Gateway" that can have a value here; any other, known to
AWS or not (a firewall's, a client certificate's, overrides of templates), is empty and so is written as ``-``. Values
of integration and error variables are as recorded: apigw-access-log-aggregate, apigw-unhandled-error-access-log,
apigw-lambda-throttled, apigw-no-permission-on-lambda.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from pytest_rollbacklab.localaws.gateway.execution.event import identity_of, request_time
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange

__all__ = ["VARIABLES", "Variable", "variable_of"]

Variable = Callable[[Exchange], object]
"""Reads a value; None where there is none."""

_REFUSED = 403


def _authenticate_error(exchange: Exchange) -> str | None:
    return exchange.fault.message if exchange.fault and exchange.authenticate_status == _REFUSED else None


def _authorize_error(exchange: Exchange) -> str | None:
    return exchange.fault.message if exchange.fault and exchange.authorize_status == _REFUSED else None


def _integration_error(exchange: Exchange) -> str | None:
    return exchange.fault.integration_error if exchange.fault else None


def _integration_latency(exchange: Exchange) -> int | None:
    return exchange.integration_latency_ms


def _integration_request_id(exchange: Exchange) -> str | None:
    return exchange.call.known_request_id if exchange.call else None


def _invoke_status(exchange: Exchange) -> int | None:
    called = exchange.call
    return called.invoke_status if called else exchange.url_call.status if exchange.url_call else None


def _answer_status(exchange: Exchange) -> int | None:
    called = exchange.call
    return called.status if called else exchange.url_call.status if exchange.url_call else None


def _of_fault(member: str) -> Variable:
    return lambda exchange: getattr(exchange.fault, member) if exchange.fault else None


def _of_authorizer(member: str) -> Variable:
    return lambda exchange: getattr(exchange.authorizer, member) if exchange.authorizer else None


def _quoted_message(exchange: Exchange) -> str | None:
    return json.dumps(exchange.fault.message) if exchange.fault else None


def _identity(member: str) -> Variable:
    return lambda exchange: identity_of(exchange).get(member)


def _nothing(_: Exchange) -> None:
    return None


def variable_of(name: str) -> Variable:
    """Return what reads a variable; what has no value here reads nothing.

    Args:
        name: What follows ``$context.``: also ``authorizer.KEY`` and ``authorizer.claims.CLAIM``, of any name.
    """
    known = VARIABLES.get(name)
    if known is not None:
        return known
    if name.startswith(_CLAIM):
        claim = name.removeprefix(_CLAIM)
        return lambda exchange: ((exchange.authorizer and exchange.authorizer.claims) or {}).get(claim)
    if name.startswith(_AUTHORIZER):
        key = name.removeprefix(_AUTHORIZER)
        return lambda exchange: exchange.authorizer.context.get(key) if exchange.authorizer else None
    return _nothing


_CLAIM: Final = "authorizer.claims."
_AUTHORIZER: Final = "authorizer."
_IDENTITY: Final = (
    "accessKey",
    "accountId",
    "apiKey",
    "apiKeyId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "sourceIp",
    "user",
    "userAgent",
    "userArn",
)

VARIABLES: Final[Mapping[str, Variable]] = {
    "accountId": lambda exchange: exchange.scope.account_id,
    "apiId": lambda exchange: exchange.live.api_id,
    "authenticate.error": _authenticate_error,
    "authenticate.latency": lambda exchange: exchange.authenticate_latency_ms,
    "authenticate.status": lambda exchange: exchange.authenticate_status,
    "authorize.error": _authorize_error,
    "authorize.latency": lambda exchange: exchange.authorize_latency_ms,
    "authorize.status": lambda exchange: exchange.authorize_status,
    "authorizer.error": _of_authorizer("error"),
    "authorizer.integrationLatency": _of_authorizer("integration_latency_ms"),
    "authorizer.integrationStatus": _of_authorizer("invoke_status"),
    "authorizer.latency": _of_authorizer("latency_ms"),
    "authorizer.principalId": _of_authorizer("principal_id"),
    "authorizer.requestId": _of_authorizer("request_id"),
    "authorizer.status": _of_authorizer("status"),
    "awsEndpointRequestId": _integration_request_id,
    "customDomain.basePathMatched": lambda _: "(none)",
    "deploymentId": lambda exchange: exchange.live.deployment.id,
    "domainName": lambda exchange: exchange.live.domain_name,
    "domainPrefix": lambda exchange: exchange.live.api_id,
    "error.message": _of_fault("message"),
    "error.messageString": _quoted_message,
    "error.responseType": _of_fault("response_type"),
    "error.validationErrorString": _of_fault("validation_error"),
    "extendedRequestId": lambda exchange: exchange.extended_request_id,
    "httpMethod": lambda exchange: exchange.request.method,
    **{f"identity.{member}": _identity(member) for member in _IDENTITY},
    "integration.error": _integration_error,
    "integration.integrationStatus": _invoke_status,
    "integration.latency": _integration_latency,
    "integration.requestId": _integration_request_id,
    "integration.status": _answer_status,
    "integrationErrorMessage": _integration_error,
    "integrationLatency": _integration_latency,
    "integrationStatus": _invoke_status,
    "isCanaryRequest": lambda exchange: str(exchange.live.is_canary).lower(),
    "path": lambda exchange: f"/{exchange.live.stage.name}{exchange.sent_path}",
    "protocol": lambda _: "HTTP/1.1",
    "requestId": lambda exchange: exchange.request_id,
    "requestTime": lambda exchange: request_time(exchange.received_at),
    "requestTimeEpoch": lambda exchange: int(exchange.received_at * 1000),
    "resourceId": lambda exchange: exchange.route.resource_id if exchange.route else None,
    "resourcePath": lambda exchange: exchange.route.resource_path if exchange.route else None,
    "responseLatency": lambda exchange: exchange.latency_ms,
    "responseLength": lambda exchange: len(exchange.answer.body),
    "stage": lambda exchange: exchange.live.stage.name,
    "status": lambda exchange: exchange.answer.status,
}
