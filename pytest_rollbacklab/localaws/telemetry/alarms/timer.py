"""The one timer behind alarms that do something: it has them looked at when they can next change.

Only alarms with actions are watched, and the alarms that composite ones among them follow; while there are none,
nothing runs. A point that is recorded of a watched metric has them looked at soon, since it may already be a breach.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Protocol

from pytest_rollbacklab.localaws.api import Scoped
from pytest_rollbacklab.localaws.telemetry.alarms.alarm import Alarm
from pytest_rollbacklab.localaws.telemetry.alarms.book import AlarmBook
from pytest_rollbacklab.localaws.telemetry.alarms.composite import CompositeSettings
from pytest_rollbacklab.localaws.telemetry.alarms.watch import next_moment

__all__ = ["AlarmTimer", "Later"]

_SOON_S = 0.25
_LONGEST_S = 3600.0


class Handle(Protocol):
    def cancel(self) -> None: ...


Later = Callable[[float, Callable[[], None]], Handle]
"""Calls something after so many seconds, as an event loop's ``call_later``."""


class AlarmTimer:
    """Has the alarms with actions looked at.

    Args:
        books: Every account's alarms.
        clock: Gives the time in epoch seconds.
        settle: Has recorded what has come due before alarms look at metrics.
    """

    def __init__(self, books: Scoped[AlarmBook], clock: Callable[[], float], settle: Callable[[], None]) -> None:
        self._books = books
        self._clock = clock
        self._settle = settle
        self._later: Later | None = None
        self._handle: Handle | None = None
        self._due = math.inf

    def start(self, later: Later) -> None:
        """Begin to watch.

        Args:
            later: The event loop's.
        """
        self._later = later
        self.plan()

    def close(self) -> None:
        """Watch no more."""
        self._later = None
        self._set(math.inf)

    def plan(self) -> None:
        """Work out anew which alarms are watched, and when they can next change; to be called when alarms changed."""
        if self._later is None:
            return
        now, due = self._clock(), math.inf
        for book in dict(self._books.items()).values():
            watched = _watched(book)
            book.store.watch({stat.metric for alarm in watched for stat in alarm.metric_settings.stats}, self._hear)
            moments = [next_moment(alarm, book.store, now=now) for alarm in watched]
            due = min([due, *moments, *([book.store.next_seen_at] if watched else [])])
        self._set(due)

    def _hear(self) -> None:
        soon = self._clock() + _SOON_S
        if self._due > soon:
            self._set(soon)

    def _set(self, due: float) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self._due = due
        if self._later is not None and due < math.inf:
            wait_s = min(max(0.0, due - self._clock()), _LONGEST_S)
            self._handle = self._later(wait_s, self._look)

    def _look(self) -> None:
        self._handle, self._due = None, math.inf
        self._settle()
        now = self._clock()
        for book in dict(self._books.items()).values():
            book.settle(_watched(book), now=now)
        self.plan()


def _watched(book: AlarmBook) -> list[Alarm]:
    """Return the metric alarms with actions, and those that composite alarms with actions follow."""
    found: dict[str, Alarm] = {}
    _add(book, (alarm for alarm in book if any(alarm.settings.actions.values())), found)
    return [alarm for alarm in found.values() if alarm.kind == "MetricAlarm"]


def _add(book: AlarmBook, alarms: Iterable[Alarm], found: dict[str, Alarm]) -> None:
    for alarm in alarms:
        if alarm.settings.name in found:
            continue
        found[alarm.settings.name] = alarm
        if isinstance(alarm.settings, CompositeSettings):
            children = (book.get(name) for name in alarm.settings.rule.alarms)
            _add(book, (child for child in children if child is not None), found)
