"""The event that a function is given: payload format 1.0 of Lambda proxy integrations.

As recorded (apigw-proxy-event-*): keys in AWS's order; headers sorted, in the case in which they were sent, without
those that end at the gateway, and without Authorization where the gateway read it; the path and its variables as sent,
the query decoded. The endpoint is a REGIONAL one: nothing of CloudFront's is added.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.execution.forwarding import Forwarding

__all__ = ["authorizer_event", "decoded_query", "identity_of", "proxy_event", "request_time"]

_ENDS_HERE = frozenset(
    {
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
        # These come back in a form of the gateway's own:
        "x-amzn-trace-id",
        "x-forwarded-for",
        "x-forwarded-port",
        "x-forwarded-proto",
    }
)
_AUTHORIZED = 200
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_RESPELLED = {"authorization": "Authorization", "user-agent": "User-Agent"}


def proxy_event(exchange: Exchange, forwarding: Forwarding) -> bytes:
    """Return the event of a request, as JSON."""
    assert exchange.route is not None
    headers = _headers(exchange, forwarding)
    query = decoded_query(exchange.request.raw_query)
    body, encoded = _body(exchange)
    event = {
        "resource": exchange.route.resource_path,
        "path": exchange.path,
        "httpMethod": exchange.request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": exchange.path_parameters or None,
        "stageVariables": dict(exchange.live.stage.variables) or None,
        "requestContext": _request_context(exchange),
        "body": body,
        "isBase64Encoded": encoded,
    }
    return _JSON.encode(event).encode("utf-8", "replace")


def authorizer_event(exchange: Exchange, forwarding: Forwarding, *, token: str | None) -> bytes:
    """Return what an authorizer's function is given ("Input to an API Gateway Lambda authorizer"), as JSON.

    Args:
        token: All that a TOKEN authorizer is given of the request; None for a REQUEST authorizer, which is given it.
    """
    if token is not None:
        event: dict[str, Any] = {"type": "TOKEN", "methodArn": exchange.arn, "authorizationToken": token}
        return _JSON.encode(event).encode("utf-8", "replace")
    assert exchange.route is not None
    headers = _headers(exchange, forwarding)
    query = decoded_query(exchange.request.raw_query)
    event = {
        "type": "REQUEST",
        "methodArn": exchange.arn,
        "resource": exchange.route.resource_path,
        "path": exchange.path,
        "httpMethod": exchange.request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": query,
        "pathParameters": exchange.path_parameters,
        "stageVariables": dict(exchange.live.stage.variables),
        "requestContext": _request_context(exchange),
    }
    return _JSON.encode(event).encode("utf-8", "replace")


def request_time(received_at: float) -> str:
    """Return a time as logs write it: ``17/Jun/2024:14:58:25 +0000``."""
    return f"{datetime.fromtimestamp(received_at, UTC):%d/%b/%Y:%H:%M:%S} +0000"


def _headers(exchange: Exchange, forwarding: Forwarding) -> dict[str, list[str]]:
    assert exchange.route is not None
    signed = exchange.route.signed
    spelling: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in exchange.request.headers:
        lower = name.lower()
        if lower in _ENDS_HERE or (signed and lower == "authorization"):
            continue
        spelt = spelling.setdefault(lower, _RESPELLED.get(lower, name))
        values.setdefault(spelt, []).append(value)
    values["X-Amzn-Trace-Id"] = [exchange.trace.of_request]
    values["X-Forwarded-For"] = [forwarding.chain(exchange.request)]
    values["X-Forwarded-Port"] = [forwarding.port]
    values["X-Forwarded-Proto"] = [forwarding.protocol]
    return {name: values[name] for name in sorted(values, key=str.lower)}


def decoded_query(raw_query: str) -> dict[str, list[str]]:
    """Return the values of each parameter of a query string."""
    values: dict[str, list[str]] = {}
    for name, value in parse_qsl(raw_query, keep_blank_values=True) if raw_query else ():
        values.setdefault(name, []).append(value)
    return values


def _body(exchange: Exchange) -> tuple[str | None, bool]:
    body = exchange.request.body
    if not body:
        return None, False
    if exchange.live.deployment.binary_media_types.match(exchange.request.header("content-type")):
        return base64.b64encode(body).decode(), True
    return body.decode("utf-8", "replace"), False


def _request_context(exchange: Exchange) -> Mapping[str, Any]:
    live, route = exchange.live, exchange.route
    assert route is not None
    authorizer = _authorizer(exchange)
    beginning: dict[str, Any] = {"resourceId": route.resource_id}
    if authorizer:
        beginning["authorizer"] = authorizer
    return beginning | {
        "resourcePath": route.resource_path,
        "httpMethod": exchange.request.method,
        "extendedRequestId": exchange.extended_request_id,
        "requestTime": request_time(exchange.received_at),
        "path": f"/{live.stage.name}{exchange.sent_path}",
        "accountId": live.scope.account_id,
        "protocol": "HTTP/1.1",
        "stage": live.stage.name,
        "domainPrefix": live.api_id,
        "requestTimeEpoch": int(exchange.received_at * 1000),
        "requestId": exchange.request_id,
        "identity": identity_of(exchange),
        "domainName": live.domain_name,
        "deploymentId": live.deployment.id,
        "apiId": live.api_id,
    }


def _authorizer(exchange: Exchange) -> Mapping[str, Any] | None:
    """Return what the authorizer said of the caller, once it has said it."""
    call = exchange.authorizer
    if call is None or call.status != _AUTHORIZED:
        return None
    if call.claims is not None:
        return {"claims": dict(call.claims)}
    principal = {} if call.principal_id is None else {"principalId": call.principal_id}
    return {**call.context, **principal, "integrationLatency": call.integration_latency_ms}


def identity_of(exchange: Exchange) -> Mapping[str, str | None]:
    """Return who called, in the words of the event's ``identity`` block (as recorded: apigw-proxy-event-AWS_IAM)."""
    caller = exchange.caller
    principal = caller.principal if caller else None
    cognito = principal.cognito if principal else None
    key = exchange.api_key
    identity = {
        "cognitoIdentityPoolId": cognito.identity_pool_id if cognito else None,
        "accountId": principal.account_id if principal else None,
        "cognitoIdentityId": cognito.identity_id if cognito else None,
        "caller": principal.user_id if principal else None,
        "sourceIp": exchange.request.source_ip,
        "principalOrgId": None,
        "accessKey": caller.access_key if caller else None,
        "cognitoAuthenticationType": cognito.authentication_type if cognito else None,
        "cognitoAuthenticationProvider": cognito.provider if cognito else None,
        "userArn": principal.arn if principal else None,
        "userAgent": exchange.request.header("user-agent"),
        "user": principal.user_id if principal else None,
    }
    return identity if key is None else {**identity, "apiKey": key.value, "apiKeyId": key.id}
