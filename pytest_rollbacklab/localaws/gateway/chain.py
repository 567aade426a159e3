"""How a request is answered, as one sentence: see its size, route it, admit its caller, integrate; then write it down.

Whatever goes wrong on the way is a fault, which is an answer too; logs and metrics are written for every request that
found its stage.
"""

from __future__ import annotations

import logging
import time

from pytest_rollbacklab.localaws.gateway.deployed.integrations import BrokenIntegration, LambdaProxy, Mock
from pytest_rollbacklab.localaws.gateway.execution.authorizing import Authorizer
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.functions import Functions
from pytest_rollbacklab.localaws.gateway.execution.mocking import mock_answer
from pytest_rollbacklab.localaws.gateway.records.recorder import Recorder
from pytest_rollbacklab.localaws.http import HttpResponse

__all__ = ["Chain"]

logger = logging.getLogger(__name__)

_MAX_BODY_BYTES = 10 * 1024 * 1024


class Chain:
    """The handlers of a request, in their order.

    Args:
        authorizer: Who may pass.
        functions: What stands behind AWS_PROXY integrations.
        recorder: Where every request is written down.
    """

    def __init__(self, *, authorizer: Authorizer, functions: Functions, recorder: Recorder) -> None:
        self._authorizer = authorizer
        self._functions = functions
        self._recorder = recorder
        self._handlers = (self._measure_size, self._route, self._authorizer.admit, self._integrate)

    async def run(self, exchange: Exchange) -> HttpResponse:
        """Answer a request that found its stage. Nothing is raised."""
        try:
            for handler in self._handlers:
                await handler(exchange)
        except Fault as fault:
            exchange.fault = fault
        except Exception as error:
            logger.exception("the gateway failed at %s %s", exchange.request.method, exchange.arn)
            exchange.fault = Fault.failed_here(error)
        exchange.answer = _finished(exchange)
        exchange.latency_ms = round((time.perf_counter() - exchange.began) * 1000)
        self._write_down(exchange)
        return exchange.answer

    def _write_down(self, exchange: Exchange) -> None:
        try:
            self._recorder.record(exchange)
        except Exception:
            logger.exception("%s was answered, but could not be logged and measured", exchange.arn)

    async def _measure_size(self, exchange: Exchange) -> None:
        if len(exchange.request.body) > _MAX_BODY_BYTES:
            raise Fault.too_large()

    async def _route(self, exchange: Exchange) -> None:
        found = exchange.live.deployment.routes.match(exchange.request.method, exchange.path)
        if found is None:
            raise self._authorizer.no_route(exchange)
        exchange.route, exchange.path_parameters = found

    async def _integrate(self, exchange: Exchange) -> None:
        assert exchange.route is not None
        match exchange.route.integration:
            case LambdaProxy() as integration:
                exchange.answer = await self._functions.answer(exchange, integration)
            case Mock() as mock:
                exchange.answer = mock_answer(mock, exchange.request)
            case BrokenIntegration(reason=reason):
                raise Fault.misconfigured(reason)


def _finished(exchange: Exchange) -> HttpResponse:
    """Return the answer with the gateway's own headers; a fault's, when there is one."""
    fault = exchange.fault
    ids = (("x-amzn-RequestId", exchange.request_id), ("x-amz-apigw-id", exchange.extended_request_id))
    if fault is None:
        answer = exchange.answer
        return HttpResponse(status=answer.status, body=answer.body, headers=(*ids, *answer.headers))
    trace = (("X-Amzn-Trace-Id", exchange.trace.bare),) if _came_to_a_function(exchange, fault) else ()
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", fault.error_type), *trace)
    return HttpResponse(status=fault.status, body=fault.body, headers=(*ids, *headers))


def _came_to_a_function(exchange: Exchange, fault: Fault) -> bool:
    route = exchange.route
    return route is not None and isinstance(route.integration, LambdaProxy) and fault.integration_error is not None
