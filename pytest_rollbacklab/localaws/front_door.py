"""Who answers: every request to the local AWS comes in here and goes to the one part that is responsible.

A call of a deployed API goes to the gateway; a control-plane call goes to the service that answers for itself, or to
moto. The service is read from where a client says it: the credential's scope, else ``X-Amz-Target``, else the host
name, else it is S3. The account is the access key itself when that is 12 digits, else its owner's. Whether a caller may
is asked before anything is done, unless the key is an account itself, which may do everything.
"""

from __future__ import annotations

import inspect
import json
import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs

from pytest_rollbacklab.localaws.api import Call, Scope, Service, ServiceError
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.lambdas.urls import url_call
from pytest_rollbacklab.localaws.moto_seam import wire
from pytest_rollbacklab.localaws.moto_seam.client import MotoClient

__all__ = ["DEFAULT_ACCOUNT_ID", "DEFAULT_REGION", "ApiCall", "FrontDoor", "Gatekeeper"]

logger = logging.getLogger(__name__)

DEFAULT_ACCOUNT_ID = "123456789012"
DEFAULT_REGION = "us-east-1"

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_ACCOUNT_ID = re.compile(r"\d{12}")
_SERVICE_HOST = re.compile(r"^([a-z0-9-]+)\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com")
_API_HOST = re.compile(r"^([a-z0-9]+)\.execute-api\.")
_API_PATHS = (
    re.compile(r"^/_aws/execute-api/([^/]+)/+([^/]+)(/.*)?$"),
    re.compile(r"^/restapis/([^/]+)/([^/]+)/_user_request_(/.*)?$"),
)
_STAGE_PATH = re.compile(r"^/+([^/]+)(/.*)?$")
_JWKS_PATH = re.compile(r"^/[a-z0-9-]+_[A-Za-z0-9]+/\.well-known/(jwks|openid-configuration)")
_CODE_PATH = re.compile(r"^/_aws/lambda/code/(\d{12})/([^/]+)/([^/]+)/([^/]+)$")

# botocore's names of services that sign under another one.
_BY_SIGNING_NAME = {"monitoring": "cloudwatch"}
_BY_TARGET = {
    "AWSCognitoIdentityProviderService": "cognito-idp",
    "AWSCognitoIdentityService": "cognito-identity",
    "GraniteServiceVersion20100801": "monitoring",
    "Logs_20140328": "logs",
    "DynamoDB_20120810": "dynamodb",
}
_WRITES = re.compile(r"^(Create|Update|Put|Delete|Attach|Detach|Add|Remove|Set)")


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiCall:
    """A call of a deployed API: which, which stage, and the raw path below the stage."""

    api_id: str
    stage: str
    path: str


class Gatekeeper(Protocol):
    """Lets control-plane calls through, or not."""

    async def check(
        self, request: HttpRequest, *, signing_name: str, service: str, scope: Scope, access_key: str, protocol: str
    ) -> None:
        """Let a call through.

        Raises:
            ServiceError: it is refused.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Addressed:
    """Whom a control-plane request is for, and from where."""

    signing_name: str
    scope: Scope
    access_key: str


class FrontDoor:
    """Answers every request to the local AWS.

    Args:
        services: Those that answer for themselves.
        invoke_api: The gateway's data plane.
        function_code: Gives a function's package: account, region, name, qualifier.
        account_of: Gives the account of an access key that was issued here.
        owner_of: Gives the scope of a Cognito call that is not signed.
        on_iam_write: Told the scope of each IAM call that changes something.
        function_url: Answers a request to a function URL: its id, the path below it.
        gate: Asked before each call from outside; None when everybody may do everything.
        moto: Answers for every other service.
    """

    def __init__(
        self,
        *,
        services: Iterable[Service],
        invoke_api: Callable[[HttpRequest, ApiCall], Awaitable[HttpResponse]],
        function_code: Callable[[Scope, str, str], bytes],
        account_of: Callable[[str], str | None],
        owner_of: Callable[[Mapping[str, Any]], Scope | None],
        on_iam_write: Callable[[Scope], None],
        function_url: Callable[[HttpRequest, str, str], Awaitable[HttpResponse]] | None = None,
        gate: Gatekeeper | None = None,
        moto: MotoClient | None = None,
    ) -> None:
        self._services = {service.name: service for service in services}
        self._invoke_api = invoke_api
        self._function_code = function_code
        self._account_of = account_of
        self._owner_of = owner_of
        self._on_iam_write = on_iam_write
        self._function_url = function_url
        self._gate = gate
        self._moto = moto or MotoClient()

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Answer one request. Errors are answers too: nothing is raised."""
        api_call = _api_call(request)
        if api_call is not None:
            return await self._invoke_api(request, api_call)
        if code := _CODE_PATH.match(request.raw_path):
            return self._download(*code.groups())
        if self._function_url is not None and (called := url_call(request)):
            return await self._function_url(request, *called)
        return await self._control_plane(request)

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call any service in process, as ``api.Aws`` says."""
        own = self._services.get(service)
        if own is None or (operation not in own.operations and own.rest_on_moto):
            result = await self._moto.call(scope, service, operation, params)
            if service == "iam":
                self._after_iam(scope, operation)
            return result
        call = Call(
            scope=scope,
            service=service,
            operation=operation,
            access_key=scope.account_id,
            request_id=str(uuid.uuid4()),
        )
        return await _perform(own, call, dict(params or {}))

    async def _control_plane(self, request: HttpRequest) -> HttpResponse:
        request_id, protocol, service = str(uuid.uuid4()), _error_protocol(request), ""
        try:
            addressed = self._address(request)
            service = _BY_SIGNING_NAME.get(addressed.signing_name, addressed.signing_name)
            own = self._services.get(service)
            if self._gate is not None and not _ACCOUNT_ID.fullmatch(addressed.access_key):
                protocol = "s3" if service == "s3" else wire.protocol_named(request, service) or protocol
                await self._gate.check(
                    request,
                    signing_name=addressed.signing_name,
                    service=service,
                    scope=addressed.scope,
                    access_key=addressed.access_key,
                    protocol=protocol,
                )
            if own is None:
                answer = self._moto.dispatch(request, signing_name=addressed.signing_name, scope=addressed.scope)
                if service == "iam":
                    self._after_iam(addressed.scope, _query_action(request))
                return answer
            protocol = wire.protocol_of(request, service)
            parsed = wire.parse(request, service)
            if parsed.operation not in own.operations and own.rest_on_moto:
                return self._moto.dispatch(request, signing_name=addressed.signing_name, scope=addressed.scope)
            call = Call(
                scope=addressed.scope,
                service=service,
                operation=parsed.operation,
                access_key=addressed.access_key,
                request_id=request_id,
            )
            return wire.write_result(parsed, await _perform(own, call, parsed.params), request_id)
        except ServiceError as error:
            return wire.write_error(protocol, error, request_id)
        except Exception as error:  # one request's fault must not take the others along; it is logged and named
            logger.exception("the local AWS failed at %s %s (%s)", request.method, request.raw_path, service)
            fault = ServiceError("InternalFailure", f"the local AWS failed: {type(error).__name__}: {error}", 500)
            return wire.write_error(protocol, fault, request_id)

    def _address(self, request: HttpRequest) -> _Addressed:
        credential = _header_signed(request) or _presigned(request)
        if credential is not None:
            access_key, region, signing_name = credential
            scope = Scope(account_id=self._account(access_key), region=region)
            return _Addressed(signing_name=signing_name, scope=scope, access_key=access_key)
        signing_name, region = _unsigned(request)
        scope = Scope(account_id=DEFAULT_ACCOUNT_ID, region=region)
        if signing_name in ("cognito-idp", "cognito-identity"):
            scope = self._owner_of(_json_members(request)) or scope
        return _Addressed(signing_name=signing_name, scope=scope, access_key="")

    def _account(self, access_key: str) -> str:
        if _ACCOUNT_ID.fullmatch(access_key):
            return access_key
        return self._account_of(access_key) or DEFAULT_ACCOUNT_ID

    def _after_iam(self, scope: Scope, operation: str) -> None:
        if _WRITES.match(operation):
            self._on_iam_write(scope)

    def _download(self, account_id: str, region: str, name: str, qualifier: str) -> HttpResponse:
        try:
            body = self._function_code(Scope(account_id=account_id, region=region), name, qualifier)
        except ServiceError as error:
            return HttpResponse(
                status=error.status, body=f"{error}\n".encode(), headers=(("Content-Type", "text/plain"),)
            )
        return HttpResponse(status=200, body=body, headers=(("Content-Type", "application/zip"),))


async def _perform(service: Service, call: Call, params: dict[str, Any]) -> dict[str, Any]:
    operation = service.operations.get(call.operation)
    if operation is None:
        raise ServiceError("NotImplemented", f"the local AWS does not emulate {call.operation} of {call.service}", 501)
    result = operation(call, params)
    return await result if inspect.isawaitable(result) else result


def _api_call(request: HttpRequest) -> ApiCall | None:
    path = request.raw_path
    for pattern in _API_PATHS:
        if found := pattern.match(path):
            return ApiCall(api_id=found[1], stage=found[2], path=found[3] or "/")
    host = _API_HOST.match(request.header("host") or "")
    if host is None:
        return None
    found = _STAGE_PATH.match(path)
    return ApiCall(api_id=host[1], stage=found[1] if found else "", path=(found[2] if found else None) or "/")


def _header_signed(request: HttpRequest) -> tuple[str, str, str] | None:
    found = _CREDENTIAL.search(request.header("authorization") or "")
    return (found[1], found[2], found[3]) if found else None


def _presigned(request: HttpRequest) -> tuple[str, str, str] | None:
    value = parse_qs(request.raw_query).get("X-Amz-Credential", [""])[0].split("/")
    return (value[0], value[2], value[3]) if len(value) == 5 else None


def _unsigned(request: HttpRequest) -> tuple[str, str]:
    host = _SERVICE_HOST.match(request.header("host") or "")
    region = host[2] if host else DEFAULT_REGION
    target = (request.header("x-amz-target") or "").rpartition(".")[0]
    if target in _BY_TARGET:
        return _BY_TARGET[target], region
    if host:
        return host[1], region
    if _JWKS_PATH.match(request.raw_path):
        return "cognito-idp", request.raw_path[1:].partition("_")[0]
    if request.method == "POST" and b"Action=AssumeRoleWith" in request.body:
        return "sts", region
    return "s3", region


def _error_protocol(request: HttpRequest) -> str:
    """Guess the protocol from the request alone, for errors that come before it is known."""
    content_type = request.header("content-type") or ""
    if request.header("smithy-protocol"):
        return "cbor"
    if "json" in content_type:
        return "json" if request.header("x-amz-target") else "rest-json"
    return "query"


def _query_action(request: HttpRequest) -> str:
    action = parse_qs(request.body.decode("latin-1")).get("Action") if request.method == "POST" else None
    return action[0] if action else ""


def _json_members(request: HttpRequest) -> dict[str, Any]:
    try:
        members = json.loads(request.body)
    except ValueError:
        return {}
    return members if isinstance(members, dict) else {}
