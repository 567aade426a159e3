"""Metrics of a request: ``AWS/ApiGateway`` ("Amazon API Gateway dimensions and metrics").

Counts are recorded as 0 or 1 for every request, so that the Average of 5XXError is the rate of errors; latencies in
whole milliseconds; IntegrationLatency only where an integration was called. Metrics by method cost extra on AWS and
are recorded only where the stage's settings say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.neighbours import Metrics

__all__ = ["record_metrics"]

_NAMESPACE = "AWS/ApiGateway"
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)


def record_metrics(metrics: Metrics, exchange: Exchange, *, by_method: bool) -> None:
    """Record a request.

    Args:
        by_method: Whether detailed metrics are on.
    """
    points = tuple(_points(exchange))
    for dimensions in _dimensions(exchange, by_method=by_method):
        for name, value, unit in points:
            metrics.record(exchange.scope, _NAMESPACE, name, dimensions, value, unit, exchange.received_at)


def _points(exchange: Exchange) -> Iterator[tuple[str, float, str]]:
    status = exchange.answer.status
    yield "Count", 1, "Count"
    yield "4XXError", int(status in _CLIENT_ERRORS), "Count"
    yield "5XXError", int(status in _SERVER_ERRORS), "Count"
    yield "Latency", exchange.latency_ms, "Milliseconds"
    if exchange.integration_latency_ms is not None:
        yield "IntegrationLatency", exchange.integration_latency_ms, "Milliseconds"


def _dimensions(exchange: Exchange, *, by_method: bool) -> Iterator[Mapping[str, str]]:
    api = {"ApiName": exchange.live.deployment.api.name}
    stage = {**api, "Stage": exchange.live.stage.name}
    yield api
    yield stage
    if exchange.live.is_canary:
        yield {**api, "Stage": f"{exchange.live.stage.name}/Canary"}
    route = exchange.route
    if by_method and route is not None:
        yield {**stage, "Resource": route.resource_path, "Method": exchange.request.method}
