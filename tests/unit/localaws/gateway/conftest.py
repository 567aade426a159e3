"""What the gateway's tests stand on: the gateway itself, and small stand-ins for the layers below it."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from pytest_rollbacklab.localaws.api import Call, Scope, ServiceError
from pytest_rollbacklab.localaws.gateway.gateway import Gateway
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.identity.credentials import CognitoCaller, Credentials, CredentialStore, Principal
from pytest_rollbacklab.localaws.keeping import Keeper

SCOPE = Scope(account_id="123456789012", region="us-east-1")
ENDPOINT = "127.0.0.1:4566"
ROLE = "arn:aws:iam::123456789012:role/logs"
FUNCTIONS = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"


class FakeLogs:
    """Log groups in memory: group -> the lines in it."""

    def __init__(self) -> None:
        self.groups: dict[str, list[str]] = {}
        self.streams: dict[str, set[str]] = {}

    def append(self, scope: Scope, group: str, stream: str, messages: Iterable[str], at_ms: int | None = None) -> None:
        assert scope == SCOPE
        self.groups.setdefault(group, []).extend(messages)
        self.streams.setdefault(group, set()).add(stream)


class FakeMetrics:
    """Every point that was recorded."""

    def __init__(self) -> None:
        self.points: list[tuple[str, dict[str, str], float, str]] = []

    def record(
        self,
        scope: Scope,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        value: float,
        unit: str,
        at: float | None = None,
    ) -> None:
        assert (scope, namespace) == (SCOPE, "AWS/ApiGateway")
        self.points.append((name, dict(dimensions), value, unit))

    def values(self, name: str, **dimensions: str) -> list[float]:
        return [value for found, at, value, _ in self.points if (found, at) == (name, dimensions)]


class FakeTelemetry:
    def __init__(self) -> None:
        self.logs = FakeLogs()
        self.metrics = FakeMetrics()


@dataclass
class FakeInvocation:
    payload: bytes
    function_error: str | None = None
    executed_version: str = "$LATEST"


@dataclass
class Invoked:
    """What a function was called with."""

    function: str
    qualifier: str | None
    event: dict[str, Any]
    trace_id: str | None
    request_id: str | None


class FakeLambdas:
    """One function for all names, which does as it is told; and others, which do as they are told by name."""

    def __init__(self) -> None:
        self.invoked: list[Invoked] = []
        self.asked: list[tuple[str, str | None, str, str]] = []
        self.permitted = True
        self.others: dict[str, FakeInvocation] = {}
        """By name: what functions of their own answer."""
        self.hanging = asyncio.Event()
        """Set when an invocation hangs."""
        self.returns({"statusCode": 200})

    def returns(self, result: Any) -> None:
        """Have the function return this, as JSON unless it is bytes."""
        payload = result if isinstance(result, bytes) else json.dumps(result).encode()
        self._behaviour: Callable[[], Awaitable[FakeInvocation]] = lambda: _now(FakeInvocation(payload))

    def other(self, function: str, result: Any, *, fails: bool = False) -> None:
        """Have a function of its own return this, or raise it."""
        error = "Unhandled" if fails else None
        self.others[function] = FakeInvocation(json.dumps(result).encode(), function_error=error)

    def calls_of(self, function: str) -> list[Invoked]:
        return [call for call in self.invoked if call.function == function]

    def fails(self, **error: Any) -> None:
        """Have the function raise."""
        self.fails_with(json.dumps(error).encode())

    def fails_with(self, payload: bytes) -> None:
        """Have the function fail, with this for an answer."""
        self._behaviour = lambda: _now(FakeInvocation(payload, function_error="Unhandled"))

    def refuses(self, error: ServiceError) -> None:
        """Have Lambda not run the function."""

        async def refuse() -> FakeInvocation:
            raise error

        self._behaviour = refuse

    def hangs(self) -> None:
        async def hang() -> FakeInvocation:
            self.hanging.set()
            await asyncio.Event().wait()
            raise AssertionError("never comes here")

        self._behaviour = hang

    def breaks(self, error: Exception) -> None:
        """Have the code around Lambda be faulty."""

        async def break_() -> FakeInvocation:
            raise error

        self._behaviour = break_

    async def invoke(
        self,
        scope: Scope,
        function: str,
        qualifier: str | None,
        payload: bytes,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> FakeInvocation:
        self.invoked.append(Invoked(function, qualifier, json.loads(payload), trace_id, request_id))
        if function in self.others:
            return self.others[function]
        return await self._behaviour()

    def permits(self, scope: Scope, function: str, qualifier: str | None, *, principal: str, source_arn: str) -> bool:
        self.asked.append((function, qualifier, principal, source_arn))
        return self.permitted

    @property
    def event(self) -> dict[str, Any]:
        """The event of the one invocation."""
        assert len(self.invoked) == 1
        return self.invoked[0].event


async def _now(invocation: FakeInvocation) -> FakeInvocation:
    return invocation


@dataclass(frozen=True)
class FakeDecision:
    allowed: bool
    explicit_deny: bool = False


class FakePolicies:
    """Policies that all say the same."""

    def __init__(self) -> None:
        self.decision = FakeDecision(allowed=True)
        self.error: ServiceError | None = None
        self.asked: list[tuple[Principal, str, str, dict[str, Any]]] = []

    def deny(self, *, explicitly: bool = False) -> None:
        self.decision = FakeDecision(allowed=False, explicit_deny=explicitly)

    async def allows(
        self, principal: Principal, action: str, resource: str, context: Mapping[str, str | Sequence[str]]
    ) -> FakeDecision:
        self.asked.append((principal, action, resource, dict(context)))
        if self.error is not None:
            raise self.error
        return self.decision


class FakeAws:
    """IAM with one role that API Gateway may assume."""

    def __init__(self) -> None:
        self.trusted = "apigateway.amazonaws.com"

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        assert (service, operation) == ("iam", "GetRole")
        name = (params or {})["RoleName"]
        if name != "logs":
            raise ServiceError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": self.trusted}}]}
        return {"Role": {"RoleName": name, "AssumeRolePolicyDocument": trust}}


@dataclass
class World:
    """The gateway with everything around it, and the ways in which tests use it."""

    scope: Scope = SCOPE
    now: float = 1718636305.078
    lambdas: FakeLambdas = field(default_factory=FakeLambdas)
    telemetry: FakeTelemetry = field(default_factory=FakeTelemetry)
    policies: FakePolicies = field(default_factory=FakePolicies)
    aws: FakeAws = field(default_factory=FakeAws)
    keeper: Keeper | None = None
    jwks: dict[str, Any] = field(default_factory=dict)
    """By user pool: its public keys."""
    chance: float = 0.0
    """What chance gives: below the canary's share, the canary answers."""

    def __post_init__(self) -> None:
        self.credentials = CredentialStore(clock=lambda: self.now)
        self.gateway = Gateway(
            aws=self.aws,
            lambdas=self.lambdas,
            telemetry=self.telemetry,
            credentials=self.credentials,
            policies=self.policies,
            endpoint=lambda: f"http://{ENDPOINT}",
            jwks_of=lambda _, pool: self.jwks[pool],
            clock=lambda: self.now,
            chance=lambda: self.chance,
            keeper=self.keeper,
        )

    # The control plane

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        call = Call(
            scope=self.scope, service="apigateway", operation=operation, access_key="test", request_id="request"
        )
        result = self.gateway.service.operations[operation](call, params)
        if inspect.isawaitable(result):
            return asyncio.run(_awaited(result))
        return result

    def refused(self, operation: str, **params: Any) -> tuple[str, str]:
        """Return code and message of the error that an operation must answer with."""
        with pytest.raises(ServiceError) as caught:
            self.call(operation, **params)
        return caught.value.code, caught.value.message

    def api(self, **params: Any) -> str:
        return str(self.call("CreateRestApi", **{"name": "notes", **params})["id"])

    def resource(self, api: str, path: str = "/") -> str:
        """Return the id of a path, made when it is not there."""
        known = {item["path"]: item["id"] for item in self.call("GetResources", restApiId=api)["items"]}
        walked, parent = "", known["/"]
        for part in path.strip("/").split("/") if path != "/" else ():
            walked += f"/{part}"
            if walked not in known:
                made = self.call("CreateResource", restApiId=api, parentId=parent, pathPart=part)
                known[walked] = made["id"]
            parent = known[walked]
        return str(parent)

    def proxy(
        self, api: str, method: str = "GET", path: str = "/", *, authorization: str = "NONE", **integration: Any
    ) -> dict[str, str]:
        """Put a method with a function on a path, and return where that is."""
        where = {"restApiId": api, "resourceId": self.resource(api, path), "httpMethod": method}
        self.call("PutMethod", **where, authorizationType=authorization)
        uri = f"{FUNCTIONS}/arn:aws:lambda:us-east-1:123456789012:function:main:live/invocations"
        wanted = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri, **integration}
        self.call("PutIntegration", **where, **wanted)
        return where

    def function_uri(self, function: str) -> str:
        return f"{FUNCTIONS}/arn:aws:lambda:us-east-1:123456789012:function:{function}/invocations"

    def authorizer(self, api: str, **params: Any) -> str:
        """Make an authorizer, a TOKEN one with the function ``guard`` unless it is said otherwise."""
        wanted = {
            "name": "guard",
            "type": "TOKEN",
            "authorizerUri": self.function_uri("guard"),
            "identitySource": "method.request.header.Authorization",
            **params,
        }
        made = self.call("CreateAuthorizer", restApiId=api, **{key: v for key, v in wanted.items() if v is not None})
        return str(made["id"])

    def guarded(self, path: str = "/notes", method: str = "GET", **params: Any) -> str:
        """Return an API with one function behind an authorizer, live as prod."""
        api = self.api()
        self.guard(api, path, method, **params)
        self.deploy(api)
        return api

    def guard(self, api: str, path: str = "/notes", method: str = "GET", **params: Any) -> None:
        """Put a method with a function behind an authorizer on a path."""
        where = self.proxy(api, method, path)
        type_ = "COGNITO_USER_POOLS" if params.get("type") == "COGNITO_USER_POOLS" else "CUSTOM"
        known = self.call("GetAuthorizers", restApiId=api)["items"]
        authorizer = known[0]["id"] if known else self.authorizer(api, **params)
        self.patch_method(where, **{"/authorizationType": type_, "/authorizerId": authorizer})

    def patch_method(self, where: Mapping[str, str], **values: str) -> dict[str, Any]:
        """Replace settings of a method."""
        patches = [{"op": "replace", "path": path, "value": value} for path, value in values.items()]
        return self.call("UpdateMethod", **where, patchOperations=patches)

    def deploy(self, api: str, stage: str = "prod", **params: Any) -> str:
        return str(self.call("CreateDeployment", restApiId=api, stageName=stage, **params)["id"])

    def deployed(self, method: str = "GET", path: str = "/notes", **params: Any) -> str:
        """Return an API with one function on one path, live as prod."""
        api = self.api()
        self.proxy(api, method, path, **params)
        self.deploy(api)
        return api

    def patch_stage(self, api: str, stage: str = "prod", **values: str | None) -> dict[str, Any]:
        """Replace settings of a stage; None removes."""
        patches = [
            {"op": "remove", "path": path} if value is None else {"op": "replace", "path": path, "value": value}
            for path, value in values.items()
        ]
        return self.call("UpdateStage", restApiId=api, stageName=stage, patchOperations=patches)

    def log_to(self, api: str, format_: str = "$context.requestId", *, level: str | None = None) -> None:
        """Switch access logs on, and the execution log at a level."""
        self.call("UpdateAccount", patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ROLE}])
        settings = {
            "/accessLogSettings/destinationArn": "arn:aws:logs:us-east-1:123456789012:log-group:access",
            "/accessLogSettings/format": format_,
        }
        self.patch_stage(api, **settings, **({"/*/*/logging/loglevel": level} if level else {}))

    # The data plane

    def send(
        self,
        api: str,
        method: str = "GET",
        path: str = "/notes",
        *,
        query: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        stage: str = "prod",
    ) -> HttpResponse:
        request = self.request(api, method, path, query=query, headers=headers, body=body, stage=stage)
        return asyncio.run(self.answered(request, api_id=api, stage=stage, path=path))

    async def answered(self, request: HttpRequest, **call: str) -> HttpResponse:
        """Answer a request, and close what was opened for it: each request of a test has an event loop of its own."""
        try:
            return await self.gateway.handle(request, **call)
        finally:
            await self.gateway.close()

    def request(
        self,
        api: str,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        stage: str = "prod",
    ) -> HttpRequest:
        target = f"/_aws/execute-api/{api}/{stage}{path}" + (f"?{query}" if query else "")
        return HttpRequest(
            method=method, target=target, headers=(("Host", ENDPOINT), *headers), body=body, source_ip="192.0.2.7"
        )

    def key(self, *, cognito: CognitoCaller | None = None, account_id: str = SCOPE.account_id) -> Credentials:
        """Issue the key of a session of the role Admin."""
        return self.credentials.issue(
            Scope(account_id=account_id, region=SCOPE.region),
            role_arn=f"arn:aws:iam::{account_id}:role/Admin",
            session_name="CognitoIdentityCredentials",
            duration_s=3600,
            cognito=cognito,
            role_id="AROAXZWZ5ZDPNIH6C6ODK",
        )

    def signature(
        self, api: str, method: str, path: str, key: Credentials, *, body: bytes = b"", region: str = SCOPE.region
    ) -> list[tuple[str, str]]:
        """Return the headers with which botocore signs a request."""
        url = f"http://{ENDPOINT}/_aws/execute-api/{api}/prod{path}"
        request = AWSRequest(method=method, url=url, data=body)
        signer = SigV4Auth(
            BotocoreCredentials(key.access_key_id, key.secret_access_key, key.session_token), "execute-api", region
        )
        request.context["timestamp"] = f"{datetime.fromtimestamp(self.now, UTC):%Y%m%dT%H%M%SZ}"
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        request.headers["X-Amz-Security-Token"] = key.session_token or ""
        canonical = signer.canonical_request(request)
        to_sign = signer.string_to_sign(request, canonical)
        signer._inject_signature_to_request(request, signer.signature(to_sign, request))
        return list(request.headers.items())

    def send_signed(self, api: str, method: str, path: str, key: Credentials, *, body: bytes = b"") -> HttpResponse:
        return self.send(api, method, path, headers=self.signature(api, method, path, key, body=body), body=body)


async def _awaited(result: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return await result


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def header() -> Callable[[HttpResponse, str], str | None]:
    """Give what an answer's header says, by its exact spelling."""
    return lambda answer, name: dict(answer.headers).get(name)


@pytest.fixture
def new_world() -> Callable[..., World]:
    """Make a gateway of its own, for tests that need more than one."""
    return World
