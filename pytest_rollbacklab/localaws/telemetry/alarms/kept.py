"""The alarms as a part of the local AWS that outlives its process: each one, and what happened to them all.

An alarm is kept with the state it is in and with the moment up to which that was worked out, so that after a restart
the moments in between are gone through as if somebody had just not looked. Listeners are not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from pytest_rollbacklab.localaws.api import Scope, Scoped
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.telemetry.alarms.alarm import Transition
from pytest_rollbacklab.localaws.telemetry.alarms.book import AlarmBook
from pytest_rollbacklab.localaws.telemetry.alarms.history import Entry
from pytest_rollbacklab.localaws.telemetry.metrics.service import Metrics

__all__ = ["KeptAlarms"]

_HISTORY = "history"


class KeptAlarms:
    """Every alarm: a ``keeping.Part``.

    Args:
        metrics: What they watch.
        announce: Told of each transition.
        keeper: Hears of the changes.
    """

    name = "alarms"

    def __init__(self, metrics: Metrics, announce: Callable[[Scope, Transition], None], keeper: Keeper) -> None:
        self._metrics = metrics
        self._announce = announce
        self._keeper = keeper
        self.books: Scoped[AlarmBook] = Scoped(self._book)

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return what is behind a key; None when it is gone."""
        kind, _, name = key.partition("/")
        book = self.books.of(scope)
        return book.history.noted if kind == _HISTORY else book.get(name)

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Entry]) -> None:
        """Put back an alarm, or the history."""
        book = self.books.of(scope)
        if key == _HISTORY:
            book.history.put_back((*(state or ()), *events))
        elif state is not None:
            book.put_back(state)

    def _book(self, scope: Scope) -> AlarmBook:
        return AlarmBook(
            self._metrics.store(scope), partial(self._announce, scope), _Watcher(self, self._keeper, scope)
        )


class _Watcher:
    """Tells the keeper what happens in one account and region."""

    def __init__(self, part: KeptAlarms, keeper: Keeper, scope: Scope) -> None:
        self._part = part
        self._keeper = keeper
        self._scope = scope

    def changed(self, name: str) -> None:
        self._keeper.changed(self._part, self._scope, f"alarm/{name}")

    def noted(self, entry: Entry) -> None:
        self._keeper.happened(self._part, self._scope, _HISTORY, entry)
