"""Requests to function URLs: found, admitted, run, answered.

Who may: with AuthType NONE everybody whom the function's policy lets (``lambda:InvokeFunctionUrl`` for ``*``, with the
auth type as its condition; lambda-url-forbidden); with AWS_IAM whoever signs the request and is allowed by a policy of
their own or, in the function's account, by the function's. Streamed responses are refused where they are configured.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.identity import sigv4
from pytest_rollbacklab.localaws.identity.credentials import Principal
from pytest_rollbacklab.localaws.lambdas.control.function import Function
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry
from pytest_rollbacklab.localaws.lambdas.control.url_operations import find_url
from pytest_rollbacklab.localaws.lambdas.invoking import Invocation
from pytest_rollbacklab.localaws.lambdas.neighbours import Decides, FindsKeys
from pytest_rollbacklab.localaws.lambdas.url_events import cors_headers, preflight, request_event, response_of

__all__ = ["FunctionUrls", "url_call"]

_HOST: Final = re.compile(r"^([0-9a-f]{32})\.lambda-url\.")
_PATH: Final = re.compile(r"^/_aws/lambda-url/([0-9a-f]{32})(/.*)?$")
_ACTION: Final = "lambda:InvokeFunctionUrl"
_FORBIDDEN: Final = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)


def url_call(request: HttpRequest) -> tuple[str, str] | None:
    """Return the id of the function URL that a request is for, and the path below it; None when it is for none."""
    if found := _PATH.match(request.raw_path):
        return found[1], found[2] or "/"
    host = _HOST.match(request.header("host") or "")
    return (host[1], request.raw_path) if host else None


class Invokes(Protocol):
    """Runs functions, as ``Invoker.invoke`` does."""

    def __call__(
        self, scope: Any, function: str, qualifier: str | None, payload: bytes, *, request_id: str | None = None
    ) -> Awaitable[Invocation]: ...


class FunctionUrls:
    """Answers requests to function URLs.

    Args:
        registry: The functions.
        invoke: Runs them.
        keys: The keys that signatures are made with; None where none are known.
        policies: What their owners may do.
    """

    def __init__(
        self, *, registry: Registry, invoke: Invokes, keys: Callable[[], FindsKeys | None], policies: Decides | None
    ) -> None:
        self._registry = registry
        self._invoke = invoke
        self._keys = keys
        self._policies = policies

    async def answer(self, request: HttpRequest, url_id: str, path: str) -> HttpResponse:
        """Answer a request. Errors are answers too."""
        request_id = str(uuid.uuid4())
        found = find_url(self._registry, url_id)
        if found is None:
            return _message(404, "Not Found", request_id)
        function, qualifier, config = found
        if config.cors and request.method == "OPTIONS":
            return _identified(preflight(config.cors, request), request_id)
        admitted, authorizer = await self._admit(request, function, qualifier, config.auth_type)
        if not admitted:
            return _message(403, _FORBIDDEN, request_id)
        event = request_event(
            request,
            path=path,
            url_id=url_id,
            domain=f"{url_id}.lambda-url.{function.scope.region}.on.aws",
            request_id=request_id,
            authorizer=authorizer,
        )
        response = await self._run(function, qualifier, event, request_id)
        return replace(response, headers=(*response.headers, *cors_headers(config.cors, request)))

    async def _run(self, function: Function, qualifier: str, event: dict[str, Any], request_id: str) -> HttpResponse:
        payload = json.dumps(event, separators=(",", ":")).encode()
        try:
            invocation = await self._invoke(
                function.scope,
                function.name,
                None if qualifier == LATEST else qualifier,
                payload,
                request_id=request_id,
            )
        except ServiceError as error:
            return _message(error.status, error.message, request_id)
        if invocation.function_error is not None:
            return _identified(
                HttpResponse(status=502, body=b"Internal Server Error", headers=(("Content-Type", "text/plain"),)),
                request_id,
            )
        return _identified(response_of(invocation.payload), request_id)

    async def _admit(
        self, request: HttpRequest, function: Function, qualifier: str, auth_type: str
    ) -> tuple[bool, dict[str, Any] | None]:
        policy = function.policies.get(None if qualifier == LATEST else qualifier)
        if auth_type == "NONE":
            return policy is not None and policy.permits_url("NONE", ("*",)), None
        keys = self._keys()
        if keys is None or self._policies is None:
            return False, None
        now = datetime.now(UTC)
        verified = sigv4.verify(request, service="lambda", region=function.scope.region, find=keys.find, now=now)
        if isinstance(verified, sigv4.Refusal):
            return False, None
        principal = verified.credentials.principal
        arn = function.arn(None if qualifier == LATEST else qualifier)
        context = {"aws:SourceIp": request.source_ip, "lambda:FunctionUrlAuthType": "AWS_IAM"}
        decision = await self._policies.allows(principal, _ACTION, arn, context)
        names = ("*", principal.arn, principal.role_arn or "", f"arn:aws:iam::{principal.account_id}:root")
        by_function = policy is not None and policy.permits_url("AWS_IAM", names)
        own = principal.account_id == function.scope.account_id
        allowed = (decision.allowed or by_function) if own else (decision.allowed and by_function)
        access_key = verified.credentials.access_key_id
        return allowed and not decision.explicit_deny, _told(principal, access_key)


def _told(principal: Principal, access_key: str) -> dict[str, Any]:
    return {
        "accessKey": access_key,
        "accountId": principal.account_id,
        "callerId": principal.user_id,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": principal.arn,
        "userId": principal.user_id,
    }


def _message(status: int, message: str, request_id: str) -> HttpResponse:
    body = json.dumps({"Message": message}).encode()
    return _identified(
        HttpResponse(status=status, body=body, headers=(("Content-Type", "application/json"),)), request_id
    )


def _identified(response: HttpResponse, request_id: str) -> HttpResponse:
    return replace(response, headers=(*response.headers, ("x-amzn-RequestId", request_id)))
