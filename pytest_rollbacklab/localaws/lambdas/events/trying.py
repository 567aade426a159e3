"""One try of an event, and what follows from it: over, and told, or to be tried again, and when."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.function import EventSettings, Function
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST, parse_function_name
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry, find_version
from pytest_rollbacklab.localaws.lambdas.events.delivery import Delivery
from pytest_rollbacklab.localaws.lambdas.events.event import Event, Said
from pytest_rollbacklab.localaws.lambdas.events.queue import Again
from pytest_rollbacklab.localaws.lambdas.events.record import End, dead_letter_attributes, invocation_record
from pytest_rollbacklab.localaws.lambdas.metrics import record_event
from pytest_rollbacklab.localaws.lambdas.neighbours import Metrics

__all__ = ["Trying", "new_event"]

logger = logging.getLogger(__name__)

_AWS_DELAYS_S = (60.0, 120.0)
_AGE_LIMIT_S = 6 * 3600
_RETRIES = 2
_FIRST_THROTTLE_S, _LONGEST_THROTTLE_S = 0.05, 2.0
"""AWS waits from one second up to five minutes; here there is less to wait for."""
_AWS_FIRST_THROTTLE_S, _AWS_LONGEST_THROTTLE_S = 1.0, 300.0


def new_event(
    scope: Scope,
    function: str,
    qualifier: str | None,
    payload: bytes,
    *,
    request_id: str | None = None,
    trace_id: str | None = None,
    client_context: str | None = None,
) -> Event:
    """Make an event of what was asked for; the function's name in any form."""
    name = parse_function_name(scope, function, qualifier)
    return Event(
        scope=scope,
        function=name.name,
        qualifier=name.qualifier,
        payload=payload,
        request_id=request_id or str(uuid.uuid4()),
        trace_id=trace_id,
        client_context=client_context,
        arrived_at=datetime.now(UTC),
    )


class Trying:
    """Tries events.

    Args:
        registry: The functions.
        run: Runs an event's function once.
        delivery: Tells of its end.
        metrics: CloudWatch.
        waits: Whether the minutes between tries are waited as on AWS, and not only counted.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        run: Callable[[Event], Awaitable[Said]],
        delivery: Delivery,
        metrics: Metrics,
        waits: bool,
    ) -> None:
        self._registry = registry
        self._run = run
        self._delivery = delivery
        self._metrics = metrics
        self._waits = waits

    async def step(self, event: Event) -> Again | None:
        """Try an event; return it when it is to be tried again."""
        function = self._registry.find(event.scope, event.function)
        if function is None:
            logger.warning("The event %s was for %s, which is gone.", event.request_id, event.function)
            return None
        if event.age_s > _age_limit_s(function, event):
            return await self._over(function, event, End.EVENT_AGE_EXCEEDED)
        if function.reserved_concurrency == 0:
            return await self._over(function, event, End.ZERO_RESERVED_CONCURRENCY)
        try:
            said = await self._run(event)
        except ServiceError as error:
            if error.code == "ResourceNotFoundException":
                logger.warning("The event %s leads nowhere any more: %s", event.request_id, error)
                return None
            return self._turned_away(event)
        event = event.tried(said)
        if not said.failed:
            return await self._over(function, event, End.SUCCESS)
        settings = settings_of(function, event.qualifier)
        if event.tries > (_RETRIES if settings.retries is None else settings.retries):
            return await self._over(function, event, End.RETRIES_EXHAUSTED)
        return await self._again(function, event, _AWS_DELAYS_S[min(event.tries, len(_AWS_DELAYS_S)) - 1])

    async def _again(self, function: Function, event: Event, delay_s: float) -> Again | None:
        if event.age_s + delay_s > _age_limit_s(function, event):
            return await self._over(function, event, End.EVENT_AGE_EXCEEDED)
        if self._waits:
            return Again(event=event, delay_s=delay_s)
        return Again(event=event.later(delay_s), delay_s=0)

    def _turned_away(self, event: Event) -> Again:
        """Wait twice as long as the last time; what AWS would have waited more counts as age."""
        doubled = 2.0 ** min(event.throttles, 16)
        on_aws = min(_AWS_FIRST_THROTTLE_S * doubled, _AWS_LONGEST_THROTTLE_S)
        if self._waits:
            return Again(event=event.throttled(), delay_s=on_aws)
        delay_s = min(_FIRST_THROTTLE_S * doubled, _LONGEST_THROTTLE_S)
        return Again(event=event.throttled(), delay_s=delay_s)

    async def _over(self, function: Function, event: Event, end: End) -> Again | None:
        """Tell of an event's end; there is nothing to be tried again."""
        settings = settings_of(function, event.qualifier)
        destination = settings.on_success if end is End.SUCCESS else settings.on_failure
        if destination:
            record = invocation_record(event, end, function_arn=function.arn(event.qualifier or LATEST))
            if not await self._delivery.send(destination, record):
                record_event(self._metrics, event.scope, event.function, "DestinationDeliveryFailures")
        if end is End.SUCCESS:
            return None
        record_event(self._metrics, event.scope, event.function, "AsyncEventsDropped")
        dead_letters = _dead_letter_arn(function, event.qualifier)
        if dead_letters:
            told = event.payload.decode("utf-8", "replace")
            if not await self._delivery.send(dead_letters, told, dead_letter_attributes(event)):
                record_event(self._metrics, event.scope, event.function, "DeadLetterErrors")
        return None


def settings_of(function: Function, qualifier: str | None) -> EventSettings:
    """Return what is configured for what was invoked."""
    return function.event_settings.get(qualifier or LATEST) or EventSettings()


def _age_limit_s(function: Function, event: Event) -> float:
    return settings_of(function, event.qualifier).age_limit_s or _AGE_LIMIT_S


def _dead_letter_arn(function: Function, qualifier: str | None) -> str | None:
    try:
        return find_version(function, qualifier).configuration.dead_letter_arn
    except ServiceError:  # the version or alias is gone
        return None
