"""TestInvokeMethod: a method of an API tried as it is being edited, without a deployment, a stage or a caller.

Its function must let the API invoke it all the same, from the stage that AWS calls ``test-invoke-stage``. Nothing is
logged or measured; the execution log is in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Call, Operation, Scope
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.apis.stage import Stage
from pytest_rollbacklab.localaws.gateway.apis.stage_rules import check_variables
from pytest_rollbacklab.localaws.gateway.chain import Chain
from pytest_rollbacklab.localaws.gateway.deployed.compiling import compile_route
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment
from pytest_rollbacklab.localaws.gateway.deployed.media_types import BinaryMediaTypes
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route, Routes
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.execution.live_stage import LiveStage
from pytest_rollbacklab.localaws.gateway.execution.trace import Trace
from pytest_rollbacklab.localaws.gateway.records.execution_log import trial_log
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, refuse_others
from pytest_rollbacklab.localaws.gateway.registry import Registry
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse

__all__ = ["TrialOperations"]

_STAGE: Final = "test-invoke-stage"
_OBEYED: Final = (
    "restApiId",
    "resourceId",
    "httpMethod",
    "pathWithQueryString",
    "body",
    "headers",
    "multiValueHeaders",
    "stageVariables",
)
_HIDDEN: Final = frozenset({"x-amzn-requestid", "x-amz-apigw-id"})
_HIDDEN_OF_FAULTS: Final = _HIDDEN | {"content-type", "x-amzn-trace-id"}
_SOURCE_IP: Final = "test-invoke-source-ip"


class TrialOperations:
    """TestInvokeMethod.

    Args:
        registry: The APIs.
        chain: Calls the integration.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, registry: Registry, chain: Chain, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._chain = chain
        self._clock = clock
        self.operations: Mapping[str, Operation] = {"TestInvokeMethod": self._try}

    async def _try(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        refuse_others("TestInvokeMethod", params, _OBEYED)
        api = self._registry.record_of_resource(call.scope, params["restApiId"]).api
        resource = api.resource(params["resourceId"])
        route = compile_route(api, resource, api.method(resource.id, params["httpMethod"]))
        exchange = self._exchange(_stage(call.scope, api, params, self._now()), route, params)
        answer = await self._chain.try_out(exchange)
        headers = tuple(_shown(exchange, answer))
        return {
            "status": answer.status,
            "body": answer.body.decode("utf-8", "replace"),
            "headers": dict(headers),
            "multiValueHeaders": _by_name(headers),
            "log": trial_log(exchange),
            "latency": exchange.latency_ms,
        }

    def _exchange(self, live: LiveStage, route: Route, params: Mapping[str, Any]) -> Exchange:
        target = params.get("pathWithQueryString") or route.resource_path
        method = "GET" if route.http_method == "ANY" else route.http_method
        path = "/" + target.partition("?")[0].lstrip("/")
        found = Routes([route]).match(method, path)
        if found is None:
            raise bad_request(f"Invalid path {path}: it is not one of the resource {route.resource_path}")
        request = HttpRequest(
            method=method,
            target=target,
            headers=tuple(_headers(params)),
            body=(params.get("body") or "").encode(),
            source_ip=_SOURCE_IP,
        )
        exchange = Exchange(
            request=request,
            live=live,
            sent_path=path,
            path=path,
            received_at=self._clock(),
            trace=Trace.of(request.header("x-amzn-trace-id"), now=self._clock()),
        )
        exchange.route, exchange.path_parameters = found
        return exchange

    def _now(self) -> datetime:
        return datetime.fromtimestamp(int(self._clock()), UTC)


def _stage(scope: Scope, api: RestApi, params: Mapping[str, Any], now: datetime) -> LiveStage:
    """Return a stage that is not there, with the API as it is now behind it."""
    variables = dict(params.get("stageVariables") or {})
    check_variables(variables)
    deployment = Deployment(
        id=_STAGE,
        created_at=now,
        api=api,
        routes=Routes([]),
        binary_media_types=BinaryMediaTypes(api.binary_media_types),
    )
    stage = Stage(name=_STAGE, deployment_id=_STAGE, created_at=now, updated_at=now, variables=variables)
    return LiveStage(scope=scope, stage=stage, deployment=deployment)


def _headers(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    several = params.get("multiValueHeaders") or {}
    for name, values in several.items():
        yield from ((name, value) for value in values)
    for name, value in (params.get("headers") or {}).items():
        if name not in several:
            yield name, value


def _shown(exchange: Exchange, answer: HttpResponse) -> Iterator[tuple[str, str]]:
    hidden = _HIDDEN if exchange.fault is None else _HIDDEN_OF_FAULTS
    return ((name, value) for name, value in answer.headers if name.lower() not in hidden)


def _by_name(headers: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found
