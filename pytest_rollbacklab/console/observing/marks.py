"""Deployments on a chart: a line where each went live, with a label that does not run into the next one's.

Labels that would overlap go to lanes above each other; where there are more than fit, the older ones keep their line
and what it says when it is pointed at, and all of them are listed beside the charts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pytest_rollbacklab.console.observing.deployments import GLYPHS, STATES, Deployment
from pytest_rollbacklab.console.words import Words

__all__ = ["Mark", "lanes", "marks"]

_LONG, _SHORT = 21.0, 14.0
"""How much of the width a label takes at the most: of a wide chart, and of a small one or on a phone."""
_MOST_LANES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """A deployment's line and label."""

    x: float
    """0 to 100, from the chart's beginning to its end."""
    css: str
    short: str
    """``v3 ✕``."""
    long: str
    """What is added where there is room: ``build 7 · broken``."""
    said: str
    anchor: str
    lane: int | None
    """0 is the lowest; None for one whose label has no room."""


def marks(
    words: Words, shown: Sequence[Deployment], start: datetime, end: datetime, *, is_small: bool
) -> tuple[Mark, ...]:
    """Return the marks of deployments between two times."""
    wide, span_s = _SHORT if is_small else _LONG, (end - start).total_seconds()
    inside = [one for one in shown if start <= one.release.released_at <= end]
    places = [(one.release.released_at - start).total_seconds() / span_s * 100 for one in inside]
    given = _lanes([_extent(x, wide) for x in places])
    return tuple(_mark(words, one, x, wide, lane) for one, x, lane in zip(inside, places, given, strict=True))


def lanes(shown: Sequence[Mark]) -> int:
    """Return how many lanes are taken."""
    return max((mark.lane + 1 for mark in shown if mark.lane is not None), default=0)


def _extent(x: float, wide: float) -> tuple[float, float]:
    return (x - wide, x) if x + wide > 100 else (x, x + wide)


def _lanes(extents: Sequence[tuple[float, float]]) -> list[int | None]:
    """Give lanes to the newest first: what is live matters most."""
    taken: list[list[tuple[float, float]]] = [[] for _ in range(_MOST_LANES)]
    given: list[int | None] = []
    for first, last in reversed(extents):
        free = (lane for lane, used in enumerate(taken) if all(last <= a or first >= b for a, b in used))
        lane = next(free, None)
        if lane is not None:
            taken[lane].append((first, last))
        given.append(lane)
    return given[::-1]


def _mark(words: Words, one: Deployment, x: float, wide: float, lane: int | None) -> Mark:
    release, state = one.release, words(STATES[one.fate])
    build = words("build {number}", number=release.build.number)
    return Mark(
        x=round(x, 2),
        css=one.css,
        short=f"v{release.number} {GLYPHS[one.fate]}",
        long=f"{build} · {state}",
        said=f"v{release.number}, {build}, {release.released_at.astimezone():%H:%M:%S}: {state}",
        anchor="end" if x + wide > 100 else "start",
        lane=lane,
    )
