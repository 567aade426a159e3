"""Events in order of their place, found by bisection.

Events nearly always come in order, and then adding one is an append; one that comes late is put where it belongs. A
window is two bisections, however many events there are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from operator import attrgetter

from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent, Place

__all__ = ["EventIndex"]

_place: Callable[[LogEvent], Place] = attrgetter("at_ms", "number")


class EventIndex:
    """A sorted sequence of events."""

    __slots__ = ("_events",)

    def __init__(self) -> None:
        self._events: list[LogEvent] = []

    def __len__(self) -> int:
        return len(self._events)

    def __getitem__(self, index: int) -> LogEvent:
        return self._events[index]

    def add(self, event: LogEvent) -> None:
        events = self._events
        if not events or _place(event) >= _place(events[-1]):
            events.append(event)
        else:
            insort(events, event, key=_place)

    def slice(self, start: int, end: int) -> list[LogEvent]:
        return self._events[max(start, 0) : end]

    def walk(self, start: int, end: int, *, ascending: bool = True) -> Iterator[LogEvent]:
        """Give the events of ``[start, end)`` one by one, so that a reader may stop early."""
        events = self._events
        for index in range(start, end) if ascending else range(end - 1, start - 1, -1):
            yield events[index]

    def first_from(self, place: Place) -> int:
        """Return the index of the first event at this place or after it."""
        return bisect_left(self._events, place, key=_place)

    def first_after(self, place: Place) -> int:
        """Return the index of the first event after this place."""
        return bisect_right(self._events, place, key=_place)

    def drop_before(self, place: Place) -> list[LogEvent]:
        """Remove the events before this place, and return them."""
        end = self.first_from(place)
        dropped = self._events[:end]
        del self._events[:end]
        return dropped

    def drop_stream(self, name: str) -> None:
        """Remove one stream's events."""
        self._events = [event for event in self._events if event.stream != name]
