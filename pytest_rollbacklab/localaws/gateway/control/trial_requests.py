"""Requests that are tried: made of an operation's parameters, for an API as it is being edited.

The stage that they are for is not there; AWS calls it ``test-invoke-stage``, and permissions of functions may name it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.apis.stage import Stage
from pytest_rollbacklab.localaws.gateway.apis.stage_rules import check_variables
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment
from pytest_rollbacklab.localaws.gateway.deployed.media_types import BinaryMediaTypes
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route, Routes
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.execution.live_stage import LiveStage
from pytest_rollbacklab.localaws.gateway.execution.trace import Trace
from pytest_rollbacklab.localaws.gateway.refusals import bad_request
from pytest_rollbacklab.localaws.http import HttpRequest

__all__ = ["TRIED", "trial_exchange"]

TRIED: Final = ("pathWithQueryString", "body", "headers", "multiValueHeaders", "stageVariables")
"""The parameters that make a request."""

_STAGE: Final = "test-invoke-stage"
_SOURCE_IP: Final = "test-invoke-source-ip"


def trial_exchange(scope: Scope, api: RestApi, route: Route, params: Mapping[str, Any], *, at: float) -> Exchange:
    """Return the request that an operation's parameters ask to try, routed.

    Args:
        scope: The API's account and region.
        at: The time, epoch seconds.

    Raises:
        ServiceError: BadRequestException: its path is none of the route's.
    """
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
        live=_stage(scope, api, params, at=at),
        sent_path=path,
        path=path,
        received_at=at,
        trace=Trace.of(request.header("x-amzn-trace-id"), now=at),
    )
    exchange.route, exchange.path_parameters = found
    return exchange


def _stage(scope: Scope, api: RestApi, params: Mapping[str, Any], *, at: float) -> LiveStage:
    """Return a stage that is not there, with the API as it is now behind it."""
    variables = dict(params.get("stageVariables") or {})
    check_variables(variables)
    now = datetime.fromtimestamp(int(at), UTC)
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
