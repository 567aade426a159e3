"""A log event, and its place among others: its time, then the order in which events came.

The place as one number is the event's id, and is what a page's token holds. AWS's ids are made alike: 56 digits whose
upper part is the time in milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LogEvent", "Place", "place_from_id", "place_id"]

_NUMBER_BITS = 144
_ID_DIGITS = 56

Place = tuple[int, int]
"""Milliseconds since the epoch, and the number of the event among all of its account and region."""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of a stream. Times are milliseconds since the epoch."""

    at_ms: int
    number: int
    stream: str
    message: str
    ingested_ms: int

    @property
    def place(self) -> Place:
        return (self.at_ms, self.number)

    @property
    def id(self) -> str:
        return place_id(self.place)


def place_id(place: Place) -> str:
    """Return a place as 56 digits, as AWS writes event ids."""
    at_ms, number = place
    return f"{(at_ms << _NUMBER_BITS) + number:0{_ID_DIGITS}d}"


def place_from_id(digits: str) -> Place:
    """Return the place that an id stands for.

    Raises:
        ValueError: it is not 56 digits.
    """
    if len(digits) != _ID_DIGITS or not digits.isdecimal():
        raise ValueError(f"not an event id: {digits!r}")
    value = int(digits)
    return (value >> _NUMBER_BITS, value & ((1 << _NUMBER_BITS) - 1))
