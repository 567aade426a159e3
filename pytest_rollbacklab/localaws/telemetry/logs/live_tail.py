"""StartLiveTail: a session that tells of a group's events as they come.

Follows StartLiveTail's page of the CloudWatch Logs API reference: what may be asked for, a ``sessionStart``, then
``sessionUpdate`` each second, empty where nothing came, with 500 events at the most, beyond which it is a sample; 5,000
events are kept for a slow reader; three hours, then SessionTimeoutException. AWS's cadence is kept loosely: an update
goes out as soon as there is something to tell, though not more than ten times a second, and a quiet second is told of.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Scope, Scoped, ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, required
from pytest_rollbacklab.localaws.telemetry.logs.followers import Follower
from pytest_rollbacklab.localaws.telemetry.logs.naming import group_by_arn
from pytest_rollbacklab.localaws.telemetry.logs.patterns import Predicate, compile_pattern
from pytest_rollbacklab.localaws.telemetry.logs.store import LogStore
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken

__all__ = ["LiveTail", "Pace"]

_MAX_GROUPS = 10
_MAX_STREAMS = 100
_MAX_EVENTS = 500
_MAX_WAITING = 5_000
_MAX_UPDATE_CHARACTERS = 4 * 1024 * 1024  # botocore takes messages of 24 MiB, and a character can become six
_FILTERS = ("logStreamNames", "logStreamNamePrefixes")

Told = tuple[str, LogEvent]
"""The ARN of the group, and the event."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How often a session tells, and for how long."""

    quiet_s: float = 1.0
    """After which an update goes out even if nothing came."""
    shortest_s: float = 0.1
    """Between two updates."""
    session_s: float = 3 * 3600.0


class LiveTail:
    """Logs' operation that follows groups.

    Args:
        stores: Every account's groups.
        subscribe: Has a follower told of a group's events, and returns what ends that.
        pace: AWS's, or a faster one.
    """

    def __init__(
        self,
        stores: Scoped[LogStore],
        subscribe: Callable[[Scope, str, Follower], Callable[[], None]],
        pace: Pace | None = None,
    ) -> None:
        self._stores = stores
        self._subscribe = subscribe
        self._pace = pace or Pace()

    def start(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Answer StartLiveTail: its ``responseStream`` begins to listen when it is first read.

        Raises:
            ServiceError: InvalidParameterException, InvalidOperationException or ResourceNotFoundException.
        """
        groups = self._read_groups(call, params)
        return {"responseStream": self._session(call, params, groups, _read_filter(params, groups))}

    def _read_groups(self, call: Call, params: Mapping[str, Any]) -> dict[str, str]:
        """Return the names of the groups by ARN."""
        arns = required(params, "logGroupIdentifiers")
        _check_length("logGroupIdentifiers", arns, _MAX_GROUPS)
        groups = {}
        for arn in arns:
            if not arn.startswith("arn:"):
                raise invalid(f"The log group identifier '{arn}' is not an ARN.")
            if arn.endswith("*"):
                raise invalid(f"The log group ARN '{arn}' must not end with an asterisk.")
            group = group_by_arn(self._stores.of(call.scope), arn)
            if group.log_class != "STANDARD":
                raise ServiceError("InvalidOperationException", f"Log class {group.log_class} has no Live Tail.")
            groups[arn] = group.name
        return groups

    async def _session(
        self, call: Call, params: Mapping[str, Any], groups: Mapping[str, str], wanted: Callable[[LogEvent], bool]
    ) -> AsyncGenerator[dict[str, Any], None]:
        inbox = _Inbox(wanted)
        leave = [self._subscribe(call.scope, name, inbox.listener(arn)) for arn, name in groups.items()]
        try:
            yield {"sessionStart": _session_start(call, params)}
            clock = asyncio.get_running_loop().time
            end = clock() + self._pace.session_s
            while clock() < end:
                await inbox.wait(self._pace.quiet_s)
                yield {"sessionUpdate": inbox.take()}
                await asyncio.sleep(self._pace.shortest_s)
            raise ServiceError("SessionTimeoutException", "The Live Tail session has been open for three hours.")
        finally:
            for end_one in leave:
                end_one()


class _Inbox:
    """What has come since the last update.

    Args:
        wanted: Which events are told.
    """

    def __init__(self, wanted: Callable[[LogEvent], bool]) -> None:
        self._wanted = wanted
        self._waiting: deque[Told] = deque(maxlen=_MAX_WAITING)
        self._something = asyncio.Event()

    def listener(self, arn: str) -> Follower:
        """Return a follower for one group."""

        def hear(events: Sequence[LogEvent]) -> None:
            self._waiting.extend((arn, event) for event in events if self._wanted(event))
            if self._waiting:
                self._something.set()

        return hear

    async def wait(self, seconds: float) -> None:
        """Wait until something has come, or for as long."""
        try:
            await asyncio.wait_for(self._something.wait(), seconds)
        except TimeoutError:
            return

    def take(self) -> dict[str, Any]:
        """Return a LiveTailSessionUpdate of what has come."""
        waiting = list(self._waiting)
        self._waiting.clear()
        self._something.clear()
        told = _sample(waiting)
        return {
            "sessionMetadata": {"sampled": len(told) < len(waiting)},
            "sessionResults": [_show(arn, event) for arn, event in told],
        }


def _read_filter(params: Mapping[str, Any], groups: Mapping[str, str]) -> Callable[[LogEvent], bool]:
    names, prefixes = (params.get(member) for member in _FILTERS)
    if names and prefixes:
        raise invalid("logStreamNames and logStreamNamePrefixes are mutually exclusive: specify one of them.")
    for member, given in zip(_FILTERS, (names, prefixes), strict=True):
        if given is not None:
            _check_length(member, given, _MAX_STREAMS)
            if len(groups) > 1:
                raise invalid(f"{member} can be specified only with one log group.")
    matches: Predicate | None = compile_pattern(params.get("logEventFilterPattern") or "")
    chosen, begins = frozenset(names or ()), tuple(prefixes or ())

    def wanted(event: LogEvent) -> bool:
        if (chosen and event.stream not in chosen) or (begins and not event.stream.startswith(begins)):
            return False
        return matches is None or matches(event.message)

    return wanted


def _check_length(member: str, given: Sequence[str], largest: int) -> None:
    if not given:
        raise invalid(constraint_broken("[]", member, "Member must have length greater than or equal to 1"))
    if len(given) > largest:
        constraint = f"Member must have length less than or equal to {largest}"
        raise invalid(constraint_broken(f"[{len(given)} members]", member, constraint))


def _session_start(call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"requestId": call.request_id, "sessionId": str(uuid.uuid4())}
    asked = ("logGroupIdentifiers", *_FILTERS, "logEventFilterPattern")
    return shown | {member: params[member] for member in asked if params.get(member)}


def _sample(events: Sequence[Told]) -> Sequence[Told]:
    """Return no more events than an update can hold, taken evenly."""
    step = max(1.0, len(events) / _MAX_EVENTS)
    sample = [events[int(number * step)] for number in range(min(len(events), _MAX_EVENTS))]
    while len(sample) > 1 and sum(len(event.message) for _, event in sample) > _MAX_UPDATE_CHARACTERS:
        sample = sample[::2]
    return sample


def _show(arn: str, event: LogEvent) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "logGroupIdentifier": arn,
        "message": event.message,
        "timestamp": event.at_ms,
        "ingestionTime": event.ingested_ms,
    }
