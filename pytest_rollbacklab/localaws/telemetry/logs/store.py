"""The log groups of one account and region, their streams and their events.

An event lies in two indexes, its stream's and its group's, so that reading one stream and searching across all of them
both find a window by bisection; streams lie in order of their last events, so that the latest ones are found at once.
What a group's retention says is gone is removed when the group is next touched. A group changes by the methods of
``LogGroup`` alone, and tells whoever keeps it which, so that the same calls make the same group again. It knows nothing
of the API's parameters.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent
from pytest_rollbacklab.localaws.telemetry.logs.index import EventIndex
from pytest_rollbacklab.localaws.telemetry.logs.metric_filters.metric_filter import MetricFilter
from pytest_rollbacklab.localaws.telemetry.logs.request_ids import RequestIds
from pytest_rollbacklab.localaws.telemetry.logs.subscriptions.subscription import SubscriptionFilter

__all__ = ["EVENT_OVERHEAD_BYTES", "Change", "LogGroup", "LogStore", "LogStream", "StoreWatcher", "Written"]

EVENT_OVERHEAD_BYTES = 26
"""What AWS counts for an event beside its message."""
_DAY_MS = 24 * 3600 * 1000

Written = tuple[int, int, str]
"""An event of a batch: its time in milliseconds since the epoch, its number, its message."""
Change = tuple[Any, ...]
"""The name of the method of ``LogGroup`` by which it changed, and its arguments: plain, immutable values."""


class StoreWatcher(Protocol):
    """Hears of what happens to the groups of one account and region."""

    def changed(self, group: str) -> None:
        """Hear that a group was made or deleted."""
        ...

    def happened(self, group: str, change: Change) -> None:
        """Hear how a group changed."""
        ...


@dataclass(kw_only=True, slots=True)
class LogStream:
    """One stream of a group."""

    name: str
    arn: str
    created_ms: int
    events: EventIndex = field(default_factory=EventIndex)
    last_ingested_ms: int | None = None

    @property
    def latest(self) -> tuple[int, str]:
        """Its place among the streams by their last events; those that have none come first, as the oldest."""
        return (self.events[-1].at_ms if len(self.events) else 0, self.name)


@dataclass(kw_only=True, slots=True)
class LogGroup:
    """One group."""

    name: str
    arn: str
    """Without the ``:*`` that AWS appends where it shows ``arn``."""
    created_ms: int
    log_class: str = "STANDARD"
    retention_days: int | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    stored_bytes: int = 0
    events: EventIndex = field(default_factory=EventIndex)
    """Of all streams."""
    request_ids: RequestIds = field(default_factory=RequestIds)
    metric_filters: dict[str, MetricFilter] = field(default_factory=dict)
    """By name."""
    subscriptions: dict[str, SubscriptionFilter] = field(default_factory=dict)
    """By name."""
    told: Callable[[Change], None] | None = None
    _streams: dict[str, LogStream] = field(default_factory=dict)
    _stream_names: list[str] = field(default_factory=list)
    _latest: list[tuple[int, str]] = field(default_factory=list)

    @property
    def stream_names(self) -> Sequence[str]:
        """Sorted."""
        return self._stream_names

    @property
    def by_last_event(self) -> Sequence[tuple[int, str]]:
        """The times of the streams' last events, in milliseconds, with their names; sorted."""
        return self._latest

    def streams(self) -> Iterator[LogStream]:
        """Give the streams in the order in which they were made."""
        return iter(self._streams.values())

    def stream(self, name: str) -> LogStream | None:
        return self._streams.get(name)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Give attributes (``log_class``, ``retention_days``, ``tags``) other values."""
        for name, value in settings.items():
            setattr(self, name, value)
        self._tell("configure", dict(settings))

    def put_metric_filter(self, one: MetricFilter) -> None:
        """Add a metric filter, or put it in the place of the one of its name."""
        self.metric_filters[one.name] = one
        self._tell("put_metric_filter", one)

    def remove_metric_filter(self, name: str) -> None:
        del self.metric_filters[name]
        self._tell("remove_metric_filter", name)

    def put_subscription(self, one: SubscriptionFilter) -> None:
        """Add a subscription filter, or put it in the place of the one of its name."""
        self.subscriptions[one.name] = one
        self._tell("put_subscription", one)

    def remove_subscription(self, name: str) -> None:
        del self.subscriptions[name]
        self._tell("remove_subscription", name)

    def add_stream(self, name: str, created_ms: int) -> LogStream:
        """Make a stream. Times are milliseconds since the epoch."""
        stream = LogStream(name=name, arn=f"{self.arn}:log-stream:{name}", created_ms=created_ms)
        self._streams[name] = stream
        insort(self._stream_names, name)
        insort(self._latest, stream.latest)
        self._tell("add_stream", name, created_ms)
        return stream

    def remove_stream(self, name: str) -> None:
        """Delete a stream and its events."""
        stream = self._streams.pop(name)
        del self._stream_names[bisect_left(self._stream_names, name)]
        del self._latest[bisect_left(self._latest, stream.latest)]
        dropped = stream.events.slice(0, len(stream.events))
        self.stored_bytes -= sum(_size(event) for event in dropped)
        self.events.drop_stream(name)
        self.request_ids.drop_stream(name, dropped)
        self._tell("remove_stream", name)

    def add_events(self, stream_name: str, ingested_ms: int, batch: tuple[Written, ...]) -> list[LogEvent]:
        """Write a batch to a stream, and return it as events."""
        stream = self._streams[stream_name]
        before = stream.latest
        written = []
        for at_ms, number, message in batch:
            event = LogEvent(at_ms=at_ms, number=number, stream=stream.name, message=message, ingested_ms=ingested_ms)
            stream.events.add(event)
            self.events.add(event)
            self.request_ids.add(event)
            self.stored_bytes += _size(event)
            written.append(event)
        stream.last_ingested_ms = ingested_ms if batch else stream.last_ingested_ms
        self._reorder(before, stream)
        self._tell("add_events", stream_name, ingested_ms, batch)
        return written

    def drop_expired(self, *, now_ms: int) -> None:
        """Remove what is older than the retention."""
        if self.retention_days is None or not len(self.events):
            return
        horizon = (now_ms - self.retention_days * _DAY_MS, 0)
        if self.events[0].place >= horizon:
            return
        dropped = self.events.drop_before(horizon)
        self.stored_bytes -= sum(_size(event) for event in dropped)
        self.request_ids.drop_before(horizon, dropped)
        for stream in [self._streams[name] for name in {event.stream for event in dropped}]:
            before = stream.latest
            stream.events.drop_before(horizon)
            self._reorder(before, stream)

    def _reorder(self, before: tuple[int, str], stream: LogStream) -> None:
        if stream.latest != before:
            del self._latest[bisect_left(self._latest, before)]
            insort(self._latest, stream.latest)

    def _tell(self, *change: Any) -> None:
        if self.told is not None:
            self.told(change)


def _size(event: LogEvent) -> int:
    return len(event.message.encode("utf-8", "surrogatepass")) + EVENT_OVERHEAD_BYTES


class LogStore:
    """Every log group of one account and region.

    Args:
        scope: The account and region.
        watcher: Hears of every change; None when nobody keeps them.
    """

    def __init__(self, scope: Scope, watcher: StoreWatcher | None = None) -> None:
        self._arn_prefix = f"arn:aws:logs:{scope.region}:{scope.account_id}:log-group:"
        self._watcher = watcher
        self._groups: dict[str, LogGroup] = {}
        self._names: list[str] = []
        self._last_number = 0

    @property
    def names(self) -> Sequence[str]:
        """Sorted."""
        return self._names

    def group(self, name: str) -> LogGroup | None:
        return self._groups.get(name)

    def add_group(self, name: str, *, now_ms: int) -> LogGroup:
        """Make a group."""
        group = self.new_group(name, created_ms=now_ms)
        self.put_back(group)
        if self._watcher is not None:
            self._watcher.changed(name)
        return group

    def new_group(self, name: str, *, created_ms: int) -> LogGroup:
        """Return a group that is not among the others yet."""
        return LogGroup(name=name, arn=self._arn_prefix + name, created_ms=created_ms)

    def remove_group(self, name: str) -> None:
        """Delete a group and all that is in it."""
        del self._groups[name]
        del self._names[bisect_left(self._names, name)]
        if self._watcher is not None:
            self._watcher.changed(name)

    def put_back(self, group: LogGroup) -> None:
        """Add a group as it is; events that are written from now on are numbered after its own."""
        self._groups[group.name] = group
        insort(self._names, group.name)
        events = group.events.slice(0, len(group.events))
        self._last_number = max(self._last_number, max((event.number for event in events), default=0))
        if (watcher := self._watcher) is not None:
            group.told = lambda change: watcher.happened(group.name, change)

    def name_from_arn(self, arn: str) -> str | None:
        """Return the group that an ARN of this account and region names, with or without ``:*``."""
        return arn.removeprefix(self._arn_prefix).removesuffix(":*") if arn.startswith(self._arn_prefix) else None

    def numbered(self, batch: Sequence[tuple[int, str]]) -> tuple[Written, ...]:
        """Return times and messages as events to be written, numbered after all others."""
        first = self._last_number + 1
        self._last_number += len(batch)
        return tuple((at_ms, number, message) for number, (at_ms, message) in enumerate(batch, first))
