"""Events by the request ids (UUIDs) in them, so that one request is found at the cost of its own lines.

Everything that looks for a request filters by ``"<id>"``; without this, the whole window would be gone through for it.
What is found is exactly what a search for the text would find: an id is noted wherever it stands in a message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent, Place
from pytest_rollbacklab.localaws.telemetry.logs.index import EventIndex

__all__ = ["RequestIds", "ids_in", "only_id"]

_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PATTERN = re.compile(rf'\s*"({_ID})"\s*')
# The dash comes first, since that is what regular expressions find fast; looked ahead of it, as ids may overlap.
_FROM_FIRST_DASH = re.compile(r"-(?=([0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}))")
_HEAD = re.compile(r"[0-9a-f]{8}")


def ids_in(message: str) -> set[str]:
    """Return the request ids that stand anywhere in a message, however they overlap."""
    found = ((message[max(0, dash.start() - 8) : dash.start()], dash[1]) for dash in _FROM_FIRST_DASH.finditer(message))
    return {f"{head}-{rest}" for head, rest in found if _HEAD.fullmatch(head)}


def only_id(pattern: str) -> str | None:
    """Return the request id that is all that a filter pattern asks for; None for any other pattern."""
    found = _PATTERN.fullmatch(pattern)
    return found[1] if found else None


class RequestIds:
    """The events of a group, each under the ids in it."""

    __slots__ = ("_by_id",)

    def __init__(self) -> None:
        self._by_id: dict[str, EventIndex] = {}

    def __getitem__(self, request_id: str) -> EventIndex:
        return self._by_id.get(request_id) or EventIndex()

    def add(self, event: LogEvent) -> None:
        for one in ids_in(event.message):
            index = self._by_id.get(one)
            if index is None:
                index = self._by_id[one] = EventIndex()
            index.add(event)

    def drop_before(self, place: Place, dropped: Iterable[LogEvent]) -> None:
        """Remove the events before this place, which are those that were dropped."""
        for one, index in self._touched(dropped):
            index.drop_before(place)
            self._forget_if_empty(one, index)

    def drop_stream(self, name: str, dropped: Iterable[LogEvent]) -> None:
        """Remove one stream's events, which are those that were dropped."""
        for one, index in self._touched(dropped):
            index.drop_stream(name)
            self._forget_if_empty(one, index)

    def _touched(self, events: Iterable[LogEvent]) -> Iterator[tuple[str, EventIndex]]:
        ids = {one for event in events for one in ids_in(event.message)}
        return ((one, self._by_id[one]) for one in ids)

    def _forget_if_empty(self, one: str, index: EventIndex) -> None:
        if not len(index):
            del self._by_id[one]
