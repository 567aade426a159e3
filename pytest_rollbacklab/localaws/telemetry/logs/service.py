"""Logs: what the parts of the local AWS write, and CloudWatch Logs' operations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Call, Operation, Scope
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent, place_id
from pytest_rollbacklab.localaws.telemetry.logs.faults import required
from pytest_rollbacklab.localaws.telemetry.logs.filter_events import filter_log_events
from pytest_rollbacklab.localaws.telemetry.logs.followers import Follower, Followers
from pytest_rollbacklab.localaws.telemetry.logs.get_events import get_log_events
from pytest_rollbacklab.localaws.telemetry.logs.groups import GroupOperations
from pytest_rollbacklab.localaws.telemetry.logs.ingest import accept, read_batch
from pytest_rollbacklab.localaws.telemetry.logs.insights.operations import InsightsOperations
from pytest_rollbacklab.localaws.telemetry.logs.kept import KeptLogs
from pytest_rollbacklab.localaws.telemetry.logs.live_tail import LiveTail
from pytest_rollbacklab.localaws.telemetry.logs.metric_filters.operations import MetricFilterOperations
from pytest_rollbacklab.localaws.telemetry.logs.metric_filters.recorder import FilterRecorder, Record
from pytest_rollbacklab.localaws.telemetry.logs.naming import group_of, named_group, stream_of
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup, LogStream
from pytest_rollbacklab.localaws.telemetry.logs.streams import StreamOperations
from pytest_rollbacklab.localaws.telemetry.logs.subscriptions.delivery import Delivery
from pytest_rollbacklab.localaws.telemetry.logs.subscriptions.operations import SubscriptionOperations
from pytest_rollbacklab.localaws.telemetry.permits import Permits
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["Logs"]


class Logs:
    """Every account's log groups.

    Args:
        clock: Gives the time in epoch seconds.
        keeper: Hears of what has to outlive the process.
        record: Takes the points that metric filters find.
        delay_s: How long it takes until an event can be read, and those who follow its group hear of it.
    """

    def __init__(self, clock: Callable[[], float], keeper: Keeper, record: Record, *, delay_s: float = 0.0) -> None:
        self._clock = clock
        self._delay_s = delay_s
        self._later: Callable[[float, Callable[[], None]], object] | None = None
        self.filters = FilterRecorder(record, clock)
        self.delivery = Delivery()
        self._followers = Followers()
        self.kept = KeptLogs(keeper)
        self._stores = self.kept.stores
        self._insights = InsightsOperations(self._stores, self._now_ms, self._visible_until_ms)
        self.operations: Mapping[str, Operation] = {
            **self._insights.operations,
            **GroupOperations(self._stores, self._now_ms).operations,
            **StreamOperations(self._stores, self._now_ms).operations,
            **MetricFilterOperations(self._stores, self._now_ms, self.filters.forget).operations,
            **SubscriptionOperations(self._stores, self._now_ms, self.delivery).operations,
            "PutLogEvents": self._put_log_events,
            "GetLogEvents": self._get_log_events,
            "FilterLogEvents": self._filter_log_events,
            "StartLiveTail": LiveTail(self._stores, self.subscribe).start,
        }

    def append(self, scope: Scope, group: str, stream: str, messages: Iterable[str], at_ms: int | None = None) -> None:
        """Write events as an AWS service does: group and stream are made when they are not there.

        Args:
            messages: One event each, kept byte for byte; an empty one is no event.
            at_ms: Milliseconds since the epoch; now when it is not given.
        """
        now_ms = self._now_ms()
        store = self._stores.of(scope)
        into = store.group(group) or store.add_group(group, now_ms=now_ms)
        to = into.stream(stream) or into.add_stream(stream, now_ms)
        at_ms = now_ms if at_ms is None else at_ms
        self._write(scope, into, to, [(at_ms, message) for message in messages if message])

    def subscribe(self, scope: Scope, group: str, follower: Follower) -> Callable[[], None]:
        """Have a follower told of the group's events as they are written, and return what ends that.

        Args:
            group: Its name; it need not be there yet.
            follower: Called with each batch after it is stored; it must not block.
        """
        return self._followers.add(scope, group, follower)

    @property
    def followed(self) -> Mapping[tuple[Scope, str], int]:
        """How many follow each group that anybody follows."""
        return self._followers.counts()

    def start(self, *, aws: Aws, permits: Permits, later: Callable[[float, Callable[[], None]], object]) -> None:
        """Begin to deliver to functions, and to tell followers late if there is a delay.

        Args:
            aws: Every service, in process.
            permits: Says whether a function's policy lets a service invoke it.
            later: The event loop's ``call_later``.
        """
        self._later = later
        self.delivery.start(aws=aws, permits=permits)

    async def close(self) -> None:
        """End what runs in the background."""
        await self.delivery.close()
        await self._insights.close()

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)

    def _visible_until_ms(self) -> int:
        return int((self._clock() - self._delay_s) * 1000)

    @property
    def _seen_until_ms(self) -> int | None:
        """Up to when events have to have come in to be seen; None when that is now."""
        return self._visible_until_ms() if self._delay_s else None

    def _write(self, scope: Scope, group: LogGroup, stream: LogStream, batch: Sequence[tuple[int, str]]) -> None:
        now_ms = self._now_ms()
        group.drop_expired(now_ms=now_ms)
        if batch:
            events = group.add_events(stream.name, now_ms, self._stores.of(scope).numbered(batch))
            if group.metric_filters:
                self.filters.follow(scope, group, events)
            if self._delay_s and self._later is not None:
                self._later(self._delay_s, partial(self._hand_on, scope, group, events))
            else:
                self._hand_on(scope, group, events)

    def _hand_on(self, scope: Scope, group: LogGroup, events: Sequence[LogEvent]) -> None:
        if group.subscriptions:
            self.delivery.follow(scope, group, events)
        self._followers.tell(scope, group.name, events)

    def _put_log_events(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("entity"):
            raise not_emulated("entity of PutLogEvents", "Leave it out.")
        batch = read_batch(params)
        group = named_group(self._stores.of(call.scope), params)
        stream = stream_of(group, required(params, "logStreamName"))
        taken, rejected = accept(batch, group, now_ms=self._now_ms())
        self._write(call.scope, group, stream, taken)
        # Nobody has to send it back any more, but AWS still hands one out.
        answer: dict[str, Any] = {"nextSequenceToken": place_id((self._now_ms(), len(stream.events)))}
        return answer | ({"rejectedLogEventsInfo": rejected} if rejected else {})

    def _get_log_events(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        group = self._touched(call, params)
        events = stream_of(group, required(params, "logStreamName")).events
        return get_log_events(events, params, seen_until_ms=self._seen_until_ms)

    def _filter_log_events(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return filter_log_events(self._touched(call, params), params, seen_until_ms=self._seen_until_ms)

    def _touched(self, call: Call, params: Mapping[str, Any]) -> LogGroup:
        """Return the group without what its retention says is gone."""
        group = group_of(self._stores.of(call.scope), params)
        group.drop_expired(now_ms=self._now_ms())
        return group
