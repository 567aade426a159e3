"""Where an axis is marked: at times of the clock, and at round numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["Tick", "round_top", "time_ticks"]

_STEPS_S = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200, 86_400)
_MOST_TICKS = 8
_ROUND = (1, 2, 4, 6, 8, 10)
_AT_THE_EDGE = 6.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A mark on the axis of time."""

    x: float
    """0 to 100, from the chart's beginning to its end."""
    label: str
    anchor: str
    """start, middle or end: so that the label stays inside."""
    minor: bool
    """Whether its label can be left out where there is little room."""


def time_ticks(start: datetime, end: datetime) -> tuple[Tick, ...]:
    """Return marks at whole minutes, quarters, hours of the reader's clock, eight at the most."""
    span_s = max((end - start).total_seconds(), 1.0)
    step_s = next((step for step in _STEPS_S if span_s / step <= _MOST_TICKS - 1), _STEPS_S[-1])
    offset = start.astimezone().utcoffset()
    offset_s = offset.total_seconds() if offset else 0.0
    first = math.ceil((start.timestamp() + offset_s) / step_s)
    ticks = []
    for number in range(first, first + _MOST_TICKS):
        at = datetime.fromtimestamp(number * step_s - offset_s, UTC)
        if at > end:
            break
        ticks.append(_tick(at, (at - start).total_seconds() / span_s * 100, minor=number % 2 == 1))
    return tuple(ticks)


def _tick(at: datetime, x: float, *, minor: bool) -> Tick:
    local = at.astimezone()
    label = f"{local:%m-%d}" if (local.hour, local.minute) == (0, 0) else f"{local:%H:%M}"
    anchor = "start" if x < _AT_THE_EDGE else "end" if x > 100 - _AT_THE_EDGE else "middle"
    return Tick(x=round(x, 2), label=label, anchor=anchor, minor=minor)


def round_top(highest: float) -> float:
    """Return the round number at which an axis ends, so that the highest value is on it: 1, 2, 4, 6, 8, 10, 20 ..."""
    if highest <= 1:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(highest))
    return next(number * scale for number in _ROUND if number * scale >= highest * (1 - 1e-9))
