"""How a request is answered, as one sentence: size, route, admit, meter, validate, integrate; then write it down.

Whatever goes wrong on the way is a fault, which is an answer too; logs and metrics are written for every request that
found its stage.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from pytest_rollbacklab.localaws.gateway.deployed.integrations import BrokenIntegration, LambdaProxy, Mock, UrlProxy
from pytest_rollbacklab.localaws.gateway.execution import caller_faults
from pytest_rollbacklab.localaws.gateway.execution.authorizing import Doorkeeper
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.functions import Functions
from pytest_rollbacklab.localaws.gateway.execution.gateway_answers import fault_answer
from pytest_rollbacklab.localaws.gateway.execution.metering import Metering
from pytest_rollbacklab.localaws.gateway.execution.mocking import mock_answer
from pytest_rollbacklab.localaws.gateway.execution.urls import Urls
from pytest_rollbacklab.localaws.gateway.execution.validating import validate
from pytest_rollbacklab.localaws.gateway.records.recorder import Recorder
from pytest_rollbacklab.localaws.http import HttpResponse

__all__ = ["Chain"]

Handler = Callable[[Exchange], Awaitable[None]]

logger = logging.getLogger(__name__)

_MAX_BODY_BYTES = 10 * 1024 * 1024
_MAX_HEADER_BYTES = 10_240
"""Of the request line and the values of all headers ("Quotas for configuring and running a REST API")."""


class Chain:
    """The handlers of a request, in their order.

    Args:
        doorkeeper: Who may pass.
        metering: How often.
        functions: What stands behind AWS_PROXY integrations.
        urls: What stands behind HTTP_PROXY integrations.
        recorder: Where every request is written down.
    """

    def __init__(
        self, *, doorkeeper: Doorkeeper, metering: Metering, functions: Functions, urls: Urls, recorder: Recorder
    ) -> None:
        self._doorkeeper = doorkeeper
        self._functions = functions
        self._urls = urls
        self._recorder = recorder
        self._handlers = (
            self._measure_size,
            self._route,
            doorkeeper.admit,
            metering.meter,
            validate,
            self._integrate,
        )

    async def run(self, exchange: Exchange) -> HttpResponse:
        """Answer a request that found its stage. Nothing is raised."""
        await self._answer(exchange, self._handlers)
        self._write_down(exchange)
        return exchange.answer

    async def try_out(self, exchange: Exchange) -> HttpResponse:
        """Answer a request of a method that is tried: nobody is asked who it is, and nothing is written down."""
        await self._answer(exchange, (self._integrate,))
        return exchange.answer

    async def _answer(self, exchange: Exchange, handlers: Iterable[Handler]) -> None:
        try:
            for handler in handlers:
                await handler(exchange)
        except Fault as fault:
            exchange.fault = fault
        except Exception as error:
            logger.exception("the gateway failed at %s %s", exchange.request.method, exchange.arn)
            exchange.fault = Fault.failed_here(error)
        exchange.answer = _finished(exchange)
        exchange.latency_ms = round((time.perf_counter() - exchange.began) * 1000)

    def _write_down(self, exchange: Exchange) -> None:
        try:
            self._recorder.record(exchange)
        except Exception:
            logger.exception("%s was answered, but could not be logged and measured", exchange.arn)

    async def _measure_size(self, exchange: Exchange) -> None:
        if len(exchange.request.body) > _MAX_BODY_BYTES:
            raise Fault.too_large()
        size = len(exchange.request.method) + len(exchange.request.target)
        for _, value in exchange.request.headers:
            size += len(value)
        if size > _MAX_HEADER_BYTES:
            raise caller_faults.headers_too_large()

    async def _route(self, exchange: Exchange) -> None:
        found = exchange.live.deployment.routes.match(exchange.request.method, exchange.path)
        if found is None:
            raise self._doorkeeper.no_route(exchange)
        exchange.route, exchange.path_parameters = found

    async def _integrate(self, exchange: Exchange) -> None:
        assert exchange.route is not None
        match exchange.route.integration:
            case LambdaProxy() as integration:
                exchange.answer = await self._functions.answer(exchange, integration)
            case UrlProxy() as proxy:
                exchange.answer = await self._urls.answer(exchange, proxy)
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
    answer = fault_answer(exchange, fault)
    return HttpResponse(status=answer.status, body=answer.body, headers=(*ids, *answer.headers))
