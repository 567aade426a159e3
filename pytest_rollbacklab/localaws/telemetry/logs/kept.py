"""The log groups as a part of the local AWS that outlives its process.

Each group is a key. What is kept of it are the changes that make it, by ``LogGroup``'s own methods: as a state those
that lead to what there is now, and on top each as it happens, so that a batch of events costs what it says and no more.
Numbers, and with them ids and the places in pages' tokens, stay what they were. Who follows a group is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Scope, Scoped
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper
from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent
from pytest_rollbacklab.localaws.telemetry.logs.store import Change, LogGroup, LogStore, Written

__all__ = ["KeptLogs"]

_REPLAYED: Final[Mapping[str, Callable[..., object]]] = {
    "configure": LogGroup.configure,
    "put_metric_filter": LogGroup.put_metric_filter,
    "remove_metric_filter": LogGroup.remove_metric_filter,
    "put_subscription": LogGroup.put_subscription,
    "remove_subscription": LogGroup.remove_subscription,
    "add_stream": LogGroup.add_stream,
    "remove_stream": LogGroup.remove_stream,
    "add_events": LogGroup.add_events,
}


class KeptLogs:
    """Every log group: a ``keeping.Part``.

    Args:
        keeper: Hears of the changes.
    """

    name = "logs"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self.stores: Scoped[LogStore] = Scoped(self._store)

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return when a group was made, and what makes it what it is; None when it is gone."""
        group = self.stores.of(scope).group(key)
        return None if group is None else (group.created_ms, tuple(_changes(group)))

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Change]) -> None:
        """Put back a group."""
        if state is None:
            return
        created_ms, changes = state
        store = self.stores.of(scope)
        group = store.new_group(key, created_ms=created_ms)
        for name, *arguments in (*changes, *events):
            _REPLAYED[name](group, *arguments)
        store.put_back(group)

    def _store(self, scope: Scope) -> LogStore:
        # Who forgets everything need not be told of each line.
        return LogStore(scope, None if isinstance(self._keeper, Forgetful) else _Watcher(self, self._keeper, scope))


class _Watcher:
    """Tells the keeper what happens in one account and region."""

    def __init__(self, part: KeptLogs, keeper: Keeper, scope: Scope) -> None:
        self._part = part
        self._keeper = keeper
        self._scope = scope

    def changed(self, group: str) -> None:
        self._keeper.changed(self._part, self._scope, group)

    def happened(self, group: str, change: Change) -> None:
        self._keeper.happened(self._part, self._scope, group, change)


def _changes(group: LogGroup) -> Iterator[Change]:
    settings = {"log_class": group.log_class, "retention_days": group.retention_days, "tags": dict(group.tags)}
    yield ("configure", settings)
    for one in group.metric_filters.values():
        yield ("put_metric_filter", one)
    for subscription in group.subscriptions.values():
        yield ("put_subscription", subscription)
    for stream in group.streams():
        yield ("add_stream", stream.name, stream.created_ms)
    written = sorted(group.events.slice(0, len(group.events)), key=attrgetter("number"))
    for (stream_name, ingested_ms), events in groupby(written, key=attrgetter("stream", "ingested_ms")):
        yield ("add_events", stream_name, ingested_ms, _batch(events))


def _batch(events: Iterable[LogEvent]) -> tuple[Written, ...]:
    return tuple((event.at_ms, event.number, event.message) for event in events)
