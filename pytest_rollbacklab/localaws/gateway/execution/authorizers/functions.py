"""Ask an authorizer's function who may call, or remember what it said ("Use API Gateway Lambda authorizers").

Without what its identity sources name, or with a token that does not look like one, nobody is asked. An answer stands
for the authorizer's time, by stage and identity, whatever method is called; a failure is never remembered. Whether the
answer's policy lets the request in is for whoever asked to evaluate.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Callable

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.apis.function_uri import Function
from pytest_rollbacklab.localaws.gateway.deployed.authorizers import FunctionAuthorizer
from pytest_rollbacklab.localaws.gateway.execution import caller_faults
from pytest_rollbacklab.localaws.gateway.execution.authorizers.identity_sources import identity_of_sources
from pytest_rollbacklab.localaws.gateway.execution.authorizers.verdict import NoVerdictError, Verdict, read_verdict
from pytest_rollbacklab.localaws.gateway.execution.event import authorizer_event
from pytest_rollbacklab.localaws.gateway.execution.exchange import AuthorizerCall, Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.forwarding import Forwarding
from pytest_rollbacklab.localaws.gateway.neighbours import Lambdas

__all__ = ["FunctionAuthorizers"]

_SERVICE = "apigateway.amazonaws.com"
_TIMEOUT_S = 30.0
_UNAUTHORIZED = "Unauthorized"
_MOST_KEPT = 10_000

_Key = tuple[str, str, str, tuple[str, ...]]


class FunctionAuthorizers:
    """The functions that authorize.

    Args:
        lambdas: Where they run.
        forwarding: How requests came here.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, lambdas: Lambdas, forwarding: Forwarding, clock: Callable[[], float]) -> None:
        self._lambdas = lambdas
        self._forwarding = forwarding
        self._clock = clock
        self._kept: dict[_Key, tuple[float, Verdict]] = {}

    async def ask(self, exchange: Exchange, authorizer: FunctionAuthorizer) -> Verdict:
        """Return what an authorizer says of a request.

        Raises:
            Fault: 401: the caller is nobody; 500: it could not be asked, or answered nonsense.
        """
        call = exchange.authorizer = AuthorizerCall(authorizer_id=authorizer.id)
        began = time.perf_counter()
        try:
            verdict = await self._verdict(exchange, authorizer, call)
        except Fault as fault:
            call.status, call.error = fault.status, fault.message
            raise
        finally:
            call.latency_ms = round((time.perf_counter() - began) * 1000)
        call.status = 200
        call.principal_id, call.context, call.usage_key = verdict.principal_id, verdict.context, verdict.usage_key
        return verdict

    def forget(self, api_id: str, stage: str) -> None:
        """Forget what was answered for a stage (FlushStageAuthorizersCache)."""
        for key in [key for key in self._kept if key[:2] == (api_id, stage)]:
            del self._kept[key]

    async def _verdict(self, exchange: Exchange, authorizer: FunctionAuthorizer, call: AuthorizerCall) -> Verdict:
        identity = identity_of_sources(exchange, authorizer.sources)
        if identity is None and authorizer.ttl_s == 0 and not authorizer.is_token:
            identity = ()  # what is not remembered needs nothing to be remembered by
        if identity is None or not _looks_right(authorizer, identity):
            raise caller_faults.unauthorized(exchange.request_id)
        call.identity = ",".join(identity)
        key = (exchange.live.api_id, exchange.live.stage.name, authorizer.id, identity)
        until, verdict = self._kept.get(key, (0.0, None))
        if verdict is not None and until > self._clock():
            call.cached = True
            return verdict
        verdict = await self._asked(exchange, authorizer, call, identity)
        if authorizer.ttl_s:
            self._keep(key, verdict, authorizer.ttl_s)
        return verdict

    def _keep(self, key: _Key, verdict: Verdict, ttl_s: int) -> None:
        now = self._clock()
        if len(self._kept) >= _MOST_KEPT:
            self._kept = {known: found for known, found in self._kept.items() if found[0] > now}
        self._kept[key] = (now + ttl_s, verdict)

    async def _asked(
        self, exchange: Exchange, authorizer: FunctionAuthorizer, call: AuthorizerCall, identity: tuple[str, ...]
    ) -> Verdict:
        function = authorizer.uri.function(exchange.live.stage.variables)
        if function is None or not self._permits(exchange, authorizer, function):
            raise caller_faults.authorizer_failed("Invalid permissions on Lambda function")
        call.function, call.request_id = function, str(uuid.uuid4())
        token = identity[0] if authorizer.is_token else None
        call.event = authorizer_event(exchange, self._forwarding, token=token)
        began = time.perf_counter()
        try:
            payload = await self._invoke(exchange, call)
        finally:
            call.integration_latency_ms = round((time.perf_counter() - began) * 1000)
        try:
            return read_verdict(payload)
        except NoVerdictError as error:
            raise caller_faults.authorizer_failed(str(error)) from error

    def _permits(self, exchange: Exchange, authorizer: FunctionAuthorizer, function: Function) -> bool:
        live = exchange.live
        source = f"arn:aws:execute-api:{live.scope.region}:{live.scope.account_id}:{live.api_id}/authorizers/"
        return self._lambdas.permits(
            function.scope, function.name, function.qualifier, principal=_SERVICE, source_arn=source + authorizer.id
        )

    async def _invoke(self, exchange: Exchange, call: AuthorizerCall) -> bytes:
        assert call.function is not None
        assert call.event is not None
        function = call.function
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                invocation = await self._lambdas.invoke(
                    function.scope,
                    function.name,
                    function.qualifier,
                    call.event,
                    trace_id=exchange.trace.whole,
                    request_id=call.request_id,
                )
        except TimeoutError:
            raise caller_faults.authorizer_failed("the authorizer took too long") from None
        except ServiceError as error:
            call.invoke_status = error.status
            raise caller_faults.authorizer_failed(error.message) from error
        call.invoke_status, call.payload = 200, invocation.payload
        if invocation.function_error:
            raise _failure(exchange, invocation.payload)
        return invocation.payload


def _looks_right(authorizer: FunctionAuthorizer, identity: tuple[str, ...]) -> bool:
    return authorizer.expression is None or authorizer.expression.fullmatch(identity[0]) is not None


def _failure(exchange: Exchange, payload: bytes) -> Fault:
    """Return the answer to a function that raised: with exactly ``Unauthorized``, the caller is told so."""
    try:
        message = json.loads(payload).get("errorMessage")
    except (ValueError, AttributeError):
        message = None
    if message == _UNAUTHORIZED:
        return caller_faults.unauthorized(exchange.request_id)
    return caller_faults.authorizer_failed(f"the authorizer failed: {message}")
