"""Call a function for a request: permission, event, invocation, and what came of it.

The order is API Gateway's: without permission nothing is invoked, and after the integration's time is up the client
has its answer while the function runs on. What Lambda's answer means is ``proxy_answer``'s business.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.deployed.integrations import LambdaProxy
from pytest_rollbacklab.localaws.gateway.execution.event import proxy_event
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange, FunctionCall
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.forwarding import Forwarding
from pytest_rollbacklab.localaws.gateway.execution.proxy_answer import read_proxy_answer
from pytest_rollbacklab.localaws.gateway.neighbours import Invocation, Lambdas
from pytest_rollbacklab.localaws.http import HttpResponse

__all__ = ["Functions"]

_SERVICE = "apigateway.amazonaws.com"


class Functions:
    """The functions behind APIs.

    Args:
        lambdas: Where they run.
        forwarding: How requests came here.
    """

    def __init__(self, *, lambdas: Lambdas, forwarding: Forwarding) -> None:
        self._lambdas = lambdas
        self._forwarding = forwarding

    async def answer(self, exchange: Exchange, integration: LambdaProxy) -> HttpResponse:
        """Have the function answer the request.

        Raises:
            Fault: it may not be called, could not be run, failed, took too long, or returned nonsense.
        """
        call = exchange.call = self._prepare(exchange, integration)
        invocation = await self._invoke(exchange, call, timeout_s=integration.timeout_s)
        if invocation.function_error:
            call.function_failed = True
            raise Fault.function_failed(_error_message(invocation.payload), lambda_request_id=call.request_id)
        binary_accepted = exchange.live.deployment.binary_media_types.match(exchange.request.header("accept"))
        answer = read_proxy_answer(invocation.payload, binary_accepted=binary_accepted)
        call.status = answer.stated_status
        return HttpResponse(
            status=answer.status,
            body=answer.body,
            headers=(*answer.headers, ("X-Amzn-Trace-Id", exchange.trace.whole)),
        )

    def _prepare(self, exchange: Exchange, integration: LambdaProxy) -> FunctionCall:
        assert exchange.route is not None
        function = integration.uri.function(exchange.live.stage.variables)
        source_arn = exchange.live.arn(exchange.request.method, exchange.route.resource_path)
        if function is None or not self._lambdas.permits(
            function.scope, function.name, function.qualifier, principal=_SERVICE, source_arn=source_arn
        ):
            raise Fault.not_permitted()
        return FunctionCall(
            function=function,
            request_id=str(uuid.uuid4()),
            source_arn=source_arn,
            event=proxy_event(exchange, self._forwarding),
        )

    async def _invoke(self, exchange: Exchange, call: FunctionCall, *, timeout_s: float) -> Invocation:
        began = time.perf_counter()
        try:
            async with asyncio.timeout(timeout_s):
                invocation = await self._lambdas.invoke(
                    call.function.scope,
                    call.function.name,
                    call.function.qualifier,
                    call.event,
                    trace_id=exchange.trace.whole,
                    request_id=call.request_id,
                )
        except TimeoutError:
            raise Fault.timed_out() from None
        except ServiceError as error:
            call.invoke_status = error.status
            if error.code == "RequestEntityTooLargeException":
                raise Fault.too_large() from error
            raise Fault.invoke_refused(error, lambda_request_id=call.request_id) from error
        finally:
            call.latency_ms = round((time.perf_counter() - began) * 1000)
        call.invoke_status = 200
        call.payload = invocation.payload
        call.executed_version = invocation.executed_version
        return invocation


def _error_message(payload: bytes) -> str:
    try:
        error = json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
    return str(error.get("errorMessage", "")) if isinstance(error, dict) else str(error)
