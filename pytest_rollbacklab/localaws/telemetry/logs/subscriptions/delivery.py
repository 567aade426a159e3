"""Events handed to the functions that are subscribed to their group: gzipped JSON, in base64, asynchronously.

The payload is as "Using subscription filters" of the Logs user guide has it. A batch goes out as it was written, in as
many pieces as an asynchronous invocation's size asks for; what cannot be delivered is logged and dropped, where AWS
would try again for a day.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent, place_id
from pytest_rollbacklab.localaws.telemetry.logs.patterns import Predicate, compile_pattern
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup
from pytest_rollbacklab.localaws.telemetry.logs.subscriptions.subscription import SubscriptionFilter
from pytest_rollbacklab.localaws.telemetry.permits import Permits

__all__ = ["Delivery"]

logger = logging.getLogger(__name__)

_PRINCIPAL = "logs.amazonaws.com"
_MAX_EVENTS = 1000
_MAX_CHARACTERS = 512 * 1024
_MAX_WAITING = 1000


class Delivery:
    """Hands batches to functions, one after the other for each filter, in the background."""

    def __init__(self) -> None:
        self._aws: Aws | None = None
        self._permits: Permits | None = None
        self._running: set[asyncio.Task[None]] = set()

    def start(self, *, aws: Aws, permits: Permits) -> None:
        """Begin to deliver.

        Args:
            aws: Every service, in process.
            permits: Says whether a function's policy lets a service invoke it.
        """
        self._aws, self._permits = aws, permits

    async def close(self) -> None:
        """End what is still under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def check(self, scope: Scope, group: str, one: SubscriptionFilter) -> None:
        """See whether the function of a new subscription is there, and may be invoked.

        Raises:
            ServiceError: InvalidParameterException: it is not, or its policy does not let Logs in.
        """
        if self._aws is None:
            return
        named = {"FunctionName": one.function} | ({"Qualifier": one.qualifier} if one.qualifier else {})
        try:
            await self._aws.call(scope, "lambda", "GetFunctionConfiguration", named)
            allowed = self._may(scope, group, one)
        except ServiceError:
            allowed = False
        if not allowed:
            raise ServiceError(
                "InvalidParameterException",
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute"
                " your function.",
            )

    def follow(self, scope: Scope, group: LogGroup, events: Sequence[LogEvent]) -> None:
        """Begin to hand a batch that was written to a group to the functions that are subscribed."""
        if self._aws is None:
            return
        for one in group.subscriptions.values():
            matches = _compiled(one.pattern)
            wanted = [event for event in events if matches is None or matches(event.message)]
            for piece in _pieces(wanted):
                self._begin(scope, group.name, one, piece)

    def _begin(self, scope: Scope, group: str, one: SubscriptionFilter, events: Sequence[LogEvent]) -> None:
        if len(self._running) >= _MAX_WAITING:
            logger.warning("%d events of %s are dropped: %s does not keep up", len(events), group, one.function)
            return
        task = asyncio.ensure_future(self._deliver(scope, group, one, events))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _deliver(self, scope: Scope, group: str, one: SubscriptionFilter, events: Sequence[LogEvent]) -> None:
        try:
            if not self._may(scope, group, one):
                raise ServiceError("AccessDeniedException", "its policy does not let logs.amazonaws.com in", 403)
            await self._invoke(scope, one, _payload(scope, group, one, events))
        except ServiceError as error:
            logger.warning("%d events of %s are not delivered to %s: %s", len(events), group, one.function, error)

    def _may(self, scope: Scope, group: str, one: SubscriptionFilter) -> bool:
        assert self._permits is not None
        arn = f"arn:aws:logs:{scope.region}:{scope.account_id}:log-group:{group}:*"
        return any(
            self._permits(scope, one.function, one.qualifier, principal=principal, source_arn=arn)
            for principal in (_PRINCIPAL, f"logs.{scope.region}.amazonaws.com")
        )

    async def _invoke(self, scope: Scope, one: SubscriptionFilter, payload: bytes) -> None:
        assert self._aws is not None
        params = {"FunctionName": one.function, "InvocationType": "Event", "Payload": payload}
        qualifier = {"Qualifier": one.qualifier} if one.qualifier else {}
        await self._aws.call(scope, "lambda", "Invoke", params | qualifier)


def _payload(scope: Scope, group: str, one: SubscriptionFilter, events: Sequence[LogEvent]) -> bytes:
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": scope.account_id,
        "logGroup": group,
        "logStream": events[0].stream,
        "subscriptionFilters": [one.name],
        "logEvents": [
            {"id": place_id(event.place), "timestamp": event.at_ms, "message": event.message} for event in events
        ],
    }
    packed = gzip.compress(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace"), 6)
    return json.dumps({"awslogs": {"data": base64.b64encode(packed).decode()}}).encode()


def _pieces(events: Sequence[LogEvent]) -> Iterator[list[LogEvent]]:
    """Give the events of each stream by so many that an invocation takes them."""
    for _, of_stream in groupby(events, key=attrgetter("stream")):
        piece: list[LogEvent] = []
        size = 0
        for event in of_stream:
            if piece and (len(piece) == _MAX_EVENTS or size + len(event.message) > _MAX_CHARACTERS):
                yield piece
                piece, size = [], 0
            piece.append(event)
            size += len(event.message)
        if piece:
            yield piece


@lru_cache(maxsize=500)
def _compiled(pattern: str) -> Predicate | None:
    return compile_pattern(pattern)
