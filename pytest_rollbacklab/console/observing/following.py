"""Logs followed by pages and programs: one thread for each follower, so many at once, gone as soon as the reader is.

A program gets what is new. A page asks with ``whole=1``: its first event then holds all lines that it would show if it
were loaded now, as one piece, so that nothing is lost between the page and its stream, or while it was in the
background. To that end the following begins first, and what both tell of is passed on once.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from pytest_rollbacklab.console.faults import Refused
from pytest_rollbacklab.console.streams import from_thread
from pytest_rollbacklab.console.visit import EventStream, ServerEvent, Visit
from pytest_rollbacklab.pipeline.pipeline import Pipeline

__all__ = ["MOST_FOLLOWERS", "Log", "follow"]

L = TypeVar("L")

MOST_FOLLOWERS = 24
"""At once, of one place: each has a thread and a Live Tail session."""

_seats: WeakKeyDictionary[Pipeline, threading.Semaphore] = WeakKeyDictionary()
_seating = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Log(Generic[L]):
    """A log that can be followed."""

    newest: Callable[[], Sequence[L]]
    """What the page shows now, in the order of time."""
    coming: Callable[[threading.Event], Iterator[L | None]]
    """Lines as they come, and None at each quiet moment, until the event is set."""
    key: Callable[[L], Hashable]
    """What makes two lines the same."""
    template: str
    """Of one line."""
    whole_template: str
    """Of all lines."""


def follow(visit: Visit, log: Log[L]) -> EventStream:
    """Return a log's lines as events."""
    whole = visit.query.get("whole") == "1"

    def events(stop: threading.Event) -> Iterator[ServerEvent | None]:
        with _seat(visit.pipeline):
            yield from _whole(log, stop) if whole else _new(log, log.coming(stop))

    return EventStream(events=from_thread(events))


def _new(log: Log[L], lines: Iterator[L | None]) -> Iterator[ServerEvent | None]:
    for line in lines:
        yield None if line is None else ServerEvent(event="line", data=line, template=log.template)


def _whole(log: Log[L], stop: threading.Event) -> Iterator[ServerEvent | None]:
    coming = log.coming(stop)
    begun: list[L | None] = [next(coming, None)]  # from here on nothing is missed
    shown = log.newest()
    yield ServerEvent(event="line", data={"lines": shown}, template=log.whole_template)
    lines = _not_yet(log, Counter(map(log.key, shown)), itertools.chain(begun, coming))
    yield from _new(log, lines)


def _not_yet(log: Log[L], shown: Counter[Hashable], lines: Iterable[L | None]) -> Iterator[L | None]:
    """Leave out lines that were shown already, each once."""
    for line in lines:
        if line is None or not _taken(shown, log.key(line)):
            yield line


def _taken(known: Counter[Hashable], key: Hashable) -> bool:
    if not known[key]:
        return False
    known[key] -= 1
    return True


@contextlib.contextmanager
def _seat(pipeline: Pipeline) -> Iterator[None]:
    with _seating:
        seats = _seats.setdefault(pipeline, threading.Semaphore(MOST_FOLLOWERS))
    if not seats.acquire(blocking=False):
        raise Refused(
            503,
            f"{MOST_FOLLOWERS} pages and programs follow logs of this lab already",
            mend="close some of them, and load this page again",
        )
    try:
        yield
    finally:
        seats.release()
