"""The log groups of one account and region, their streams and their events.

An event lies in two indexes, its stream's and its group's, so that reading one stream and searching across all of them
both find a window by bisection. What a group's retention says is gone is removed when the group is next touched. It
knows nothing of the API's parameters.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent
from pytest_rollbacklab.localaws.telemetry.logs.index import EventIndex

__all__ = ["EVENT_OVERHEAD_BYTES", "LogGroup", "LogStore", "LogStream"]

EVENT_OVERHEAD_BYTES = 26
"""What AWS counts for an event beside its message."""
_DAY_MS = 24 * 3600 * 1000


@dataclass(kw_only=True, slots=True)
class LogStream:
    """One stream of a group."""

    name: str
    arn: str
    created_ms: int
    events: EventIndex = field(default_factory=EventIndex)
    last_ingested_ms: int | None = None


@dataclass(kw_only=True, slots=True)
class LogGroup:
    """One group."""

    name: str
    arn: str
    """Without the ``:*`` that AWS appends where it shows ``arn``."""
    created_ms: int
    log_class: str = "STANDARD"
    retention_days: int | None = None
    tags: dict[str, str] = field(default_factory=dict)
    stored_bytes: int = 0
    events: EventIndex = field(default_factory=EventIndex)
    """Of all streams."""
    _streams: dict[str, LogStream] = field(default_factory=dict)
    _stream_names: list[str] = field(default_factory=list)

    @property
    def stream_names(self) -> Sequence[str]:
        """Sorted."""
        return self._stream_names

    def streams(self) -> Iterator[LogStream]:
        return iter(self._streams.values())

    def stream(self, name: str) -> LogStream | None:
        return self._streams.get(name)

    def add_stream(self, name: str, *, now_ms: int) -> LogStream:
        stream = LogStream(name=name, arn=f"{self.arn}:log-stream:{name}", created_ms=now_ms)
        self._streams[name] = stream
        insort(self._stream_names, name)
        return stream

    def remove_stream(self, name: str) -> None:
        stream = self._streams.pop(name)
        del self._stream_names[bisect_left(self._stream_names, name)]
        self.stored_bytes -= sum(_size(event) for event in stream.events.slice(0, len(stream.events)))
        self.events.drop_stream(name)

    def add_events(self, stream: LogStream, events: Iterable[LogEvent]) -> None:
        for event in events:
            stream.events.add(event)
            self.events.add(event)
            self.stored_bytes += _size(event)
            stream.last_ingested_ms = event.ingested_ms

    def drop_expired(self, *, now_ms: int) -> None:
        """Remove what is older than the retention."""
        if self.retention_days is None or not len(self.events):
            return
        horizon = (now_ms - self.retention_days * _DAY_MS, 0)
        if self.events[0].place >= horizon:
            return
        dropped = self.events.drop_before(horizon)
        self.stored_bytes -= sum(_size(event) for event in dropped)
        for name in {event.stream for event in dropped}:
            self._streams[name].events.drop_before(horizon)


def _size(event: LogEvent) -> int:
    return len(event.message.encode("utf-8", "surrogatepass")) + EVENT_OVERHEAD_BYTES


class LogStore:
    """Every log group of one account and region."""

    def __init__(self, scope: Scope) -> None:
        self._arn_prefix = f"arn:aws:logs:{scope.region}:{scope.account_id}:log-group:"
        self._groups: dict[str, LogGroup] = {}
        self._names: list[str] = []
        self._numbers = count(1)

    @property
    def names(self) -> Sequence[str]:
        """Sorted."""
        return self._names

    def group(self, name: str) -> LogGroup | None:
        return self._groups.get(name)

    def add_group(self, name: str, *, now_ms: int) -> LogGroup:
        group = self._groups[name] = LogGroup(name=name, arn=self._arn_prefix + name, created_ms=now_ms)
        insort(self._names, name)
        return group

    def remove_group(self, name: str) -> None:
        del self._groups[name]
        del self._names[bisect_left(self._names, name)]

    def name_from_arn(self, arn: str) -> str | None:
        """Return the group that an ARN of this account and region names, with or without ``:*``."""
        return arn.removeprefix(self._arn_prefix).removesuffix(":*") if arn.startswith(self._arn_prefix) else None

    def event(self, stream: str, message: str, *, at_ms: int, now_ms: int) -> LogEvent:
        """Return a new event, numbered after all others."""
        return LogEvent(at_ms=at_ms, number=next(self._numbers), stream=stream, message=message, ingested_ms=now_ms)
