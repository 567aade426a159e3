"""Invocations: the Invoke API, and the same for other parts of the cloud.

Everything that can be refused is refused before anything runs. From then on an invocation is its own: a caller that
gives up (API Gateway after 29 seconds) does not stop the function, as on AWS. An Event invocation is accepted here, and
run from its queue (``events``).
"""

from __future__ import annotations

import asyncio
import base64
import logging
import random
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry
from pytest_rollbacklab.localaws.lambdas.environment import Deployed
from pytest_rollbacklab.localaws.lambdas.events.event import Event, Said
from pytest_rollbacklab.localaws.lambdas.events.trying import new_event
from pytest_rollbacklab.localaws.lambdas.forks import ForkServerError
from pytest_rollbacklab.localaws.lambdas.metrics import Measured, record_event, record_invocation, record_throttle
from pytest_rollbacklab.localaws.lambdas.neighbours import Metrics
from pytest_rollbacklab.localaws.lambdas.outcome import Outcome
from pytest_rollbacklab.localaws.lambdas.payload import check_payload, client_context_json
from pytest_rollbacklab.localaws.lambdas.pool import Pool
from pytest_rollbacklab.localaws.lambdas.provisions import Provisions
from pytest_rollbacklab.localaws.lambdas.routing import Route, route
from pytest_rollbacklab.localaws.lambdas.runtime import Work
from pytest_rollbacklab.localaws.lambdas.throttle import Throttle

__all__ = ["Invocation", "Invoker"]

logger = logging.getLogger(__name__)

_MEMBERS = ("FunctionName", "Qualifier", "InvocationType", "LogType", "ClientContext", "Payload")

_TRIES = 3
"""How many environments may end without having taken an invocation, until it is given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """What Invoke answers."""

    status_code: int
    payload: bytes
    function_error: str | None
    """``Unhandled`` when the function failed."""
    executed_version: str
    request_id: str
    """The function's, under which its log knows it."""
    log_tail: str
    """The last 4 KB of what was logged."""
    duration_ms: float


class Invoker:
    """Runs invocations.

    Args:
        registry: The functions.
        pool: Their environments.
        provisions: Those that were made ready ahead.
        metrics: CloudWatch.
        accept: Takes an event into its queue.
        draw: Draws a number from 0 up to 1, for aliases of two versions.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        pool: Pool,
        provisions: Provisions,
        metrics: Metrics,
        accept: Callable[[Event], object],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._registry = registry
        self._pool = pool
        self._provisions = provisions
        self._metrics = metrics
        self._accept = accept
        self._draw = draw
        self._throttle = Throttle(registry=registry)
        self._running: set[asyncio.Task[Invocation]] = set()

    async def operation(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Answer Invoke: RequestResponse, Event and DryRun."""
        refuse_others(params, supported=_MEMBERS)
        function, qualifier = params["FunctionName"], params.get("Qualifier")
        match params.get("InvocationType") or "RequestResponse":
            case "RequestResponse":
                pass
            case "DryRun":
                self._route(call.scope, function, qualifier)
                return {"StatusCode": 204, "Payload": b""}
            case "Event":
                self.accept(
                    call.scope,
                    function,
                    qualifier,
                    params.get("Payload") or b"",
                    client_context=params.get("ClientContext"),
                    request_id=call.request_id,
                )
                return {"StatusCode": 202, "Payload": b""}
            case other:
                raise invalid_parameter(
                    f"InvocationType={other} is none. Invoke the function with RequestResponse, Event or DryRun."
                )
        invocation = await self.invoke(
            call.scope,
            function,
            qualifier,
            params.get("Payload") or b"",
            client_context=params.get("ClientContext"),
            request_id=call.request_id,
        )
        return _invoke_answer(invocation, with_log=params.get("LogType") == "Tail")

    async def invoke(
        self,
        scope: Scope,
        function: str,
        qualifier: str | None,
        payload: bytes,
        *,
        trace_id: str | None = None,
        client_context: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        """Run a function and wait for its answer; see ``Lambdas.invoke``."""
        first = self._route(scope, function, qualifier)
        work = Work(
            request_id=request_id or str(uuid.uuid4()),
            payload=check_payload(payload),
            invoked_arn=first.invoked_arn,
            trace_id=trace_id or _new_trace_id(),
            client_context=client_context_json(client_context),
            timeout_s=first.version.configuration.timeout_s,
        )
        task = asyncio.get_running_loop().create_task(self._run(first, work))
        self._running.add(task)
        task.add_done_callback(self._ran)
        return await asyncio.shield(task)

    def accept(
        self,
        scope: Scope,
        function: str,
        qualifier: str | None,
        payload: bytes,
        *,
        trace_id: str | None = None,
        client_context: str | None = None,
        request_id: str | None = None,
    ) -> str:
        """Accept an event; return its request id. See ``Lambdas.send_event``."""
        taken = self._route(scope, function, qualifier)
        checked = check_payload(payload, of_event=True)
        client_context_json(client_context)
        event = new_event(
            scope,
            function,
            qualifier,
            checked,
            trace_id=trace_id,
            client_context=client_context,
            request_id=request_id,
        )
        self._accept(event)
        record_event(self._metrics, scope, taken.function.name, "AsyncEventsReceived")
        return event.request_id

    async def try_event(self, event: Event) -> Said:
        """Run an event's function once.

        Raises:
            ServiceError: it was throttled, or is gone.
        """
        invocation = await self.invoke(
            event.scope,
            event.function,
            event.qualifier,
            event.payload,
            trace_id=event.trace_id,
            client_context=event.client_context,
            request_id=event.request_id,
        )
        return Said(
            payload=invocation.payload,
            failed=invocation.function_error is not None,
            executed_version=invocation.executed_version,
        )

    async def close(self) -> None:
        """Wait for what still runs; its environments have been ended before, so it does not take long."""
        if self._running:
            await asyncio.wait(self._running)

    def _route(self, scope: Scope, function: str, qualifier: str | None) -> Route:
        return route(self._registry, scope, function, qualifier, draw=self._draw)

    async def _run(self, taken: Route, work: Work) -> Invocation:
        measured = _measured(taken)
        try:
            outcome, log_tail, concurrency = await self._served(taken, work)
        except ServiceError as error:
            if error.code == "TooManyRequestsException":
                record_throttle(self._metrics, measured)
            raise
        record_invocation(
            self._metrics,
            measured,
            failed=outcome.failed,
            duration_ms=outcome.duration_ms,
            concurrency=concurrency,
        )
        return Invocation(
            status_code=200,
            payload=outcome.payload,
            function_error="Unhandled" if outcome.failed else None,
            executed_version=taken.version.number,
            request_id=work.request_id,
            log_tail=log_tail,
            duration_ms=outcome.duration_ms,
        )

    async def _served(self, taken: Route, work: Work) -> tuple[Outcome, str, int]:
        """Run an invocation where there is room for it; return how many run at once, too."""
        while (environment := self._provisions.take(taken.function, taken.qualifier)) is not None:
            with self._throttle.provisioned(taken.function) as concurrency:
                try:
                    outcome = await environment.invoke(work)
                finally:
                    self._provisions.give_back(environment)
            if outcome is not None:
                return outcome, environment.log.take_tail(), concurrency
        with self._throttle.one_more(taken.function) as concurrency:
            return *await self._in_environment(taken, work), concurrency

    async def _in_environment(self, taken: Route, work: Work) -> tuple[Outcome, str]:
        """Run an invocation in an environment; in another one when the first ended before it took it."""
        deployed = Deployed(scope=taken.function.scope, name=taken.function.name, version=taken.version)
        for _ in range(_TRIES):
            try:
                environment = await self._pool.take(deployed)
            except ForkServerError as error:
                raise ServiceError("ServiceException", str(error), 500, Type="Service") from error
            try:
                outcome = await environment.invoke(work)
            finally:
                self._pool.give_back(environment)
            if outcome is not None:
                return outcome, environment.log.take_tail()
        raise ServiceError(
            "ServiceException",
            f"The function {deployed.name} was initialised {_TRIES} times, and each time its process ended before it "
            f"took the invocation; the last one logged to {environment.log.name}.",
            500,
            Type="Service",
        )

    def _ran(self, task: asyncio.Task[Invocation]) -> None:
        """Let go of a task. Its error is its caller's, who may have given up; then it is only logged."""
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.debug("An invocation ended in an error.", exc_info=task.exception())


def _measured(taken: Route) -> Measured:
    return Measured(
        scope=taken.function.scope,
        function=taken.function.name,
        qualifier=taken.qualifier,
        version_through_alias=taken.version.number if taken.through_alias else None,
    )


def _invoke_answer(invocation: Invocation, *, with_log: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "StatusCode": invocation.status_code,
        "Payload": invocation.payload,
        "ExecutedVersion": invocation.executed_version,
    }
    if invocation.function_error:
        answer["FunctionError"] = invocation.function_error
    if with_log:
        answer["LogResult"] = base64.b64encode(invocation.log_tail.encode()).decode()
    return answer


def _new_trace_id() -> str:
    """Make an X-Ray trace header for a request that came without one; nothing is sampled here."""
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0;Lineage=1:{secrets.token_hex(4)}:0"
