"""Charts as values that a template writes as plain SVG: no script, no inline styles, one path for each layer.

The plot stretches with the page, while texts and lines keep their size (see ``shapes``). What is counted stands in
columns, what went wrong at the bottom, where it can be compared; what is measured is a line. Every number is also in a
table, for those who do not see the picture, and said of each period when it is pointed at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pytest_rollbacklab.console.moments import percent
from pytest_rollbacklab.console.observing.deployments import Deployment
from pytest_rollbacklab.console.observing.marks import Mark, lanes, marks
from pytest_rollbacklab.console.observing.shapes import HEIGHT, WIDTH, Values, stacked, stepped
from pytest_rollbacklab.console.observing.ticks import Tick, round_top, time_ticks
from pytest_rollbacklab.console.words import Words

__all__ = [
    "Chart",
    "Column",
    "Drawing",
    "Frame",
    "Heading",
    "Legend",
    "Period",
    "columns_chart",
    "lines_chart",
    "number",
]

_LANE_PX, _FOOT_PX = 17, 22
_THOUSANDS_FROM = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One series of a chart."""

    label: str
    """Empty for what is drawn, but neither named nor told: the rest of a total."""
    values: Values
    tone: str
    """How loud it is: bad, warn or plain; low, middle or high for lines."""
    is_drawn: bool = True
    """A total is told, while its parts are drawn."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What all charts of a page share."""

    starts: tuple[datetime, ...]
    """When each period begins."""
    period_s: int
    deployments: tuple[Deployment, ...]

    @property
    def start(self) -> datetime:
        return self.starts[0]

    @property
    def end(self) -> datetime:
        return self.starts[-1] + timedelta(seconds=self.period_s)


@dataclass(frozen=True, kw_only=True, slots=True)
class Legend:
    """A series' name, with its sum or its range."""

    tone: str
    label: str
    told: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """One period as a column that can be pointed at."""

    x: float
    width: float
    said: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """What stands over a chart."""

    id: str
    """Its id on the page."""
    title: str
    is_small: bool = False
    link: str | None = None
    """A page behind the title: a path below the place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """What is drawn, and in which measure."""

    kind: str
    """columns or lines."""
    unit: str
    """Of the axis: ``per minute``, ``ms``."""
    top: float
    """The value at the plot's upper edge."""
    shapes: tuple[tuple[str, str], ...]
    """Tone and path."""
    legend: tuple[Legend, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A chart, ready to be written down; lengths are in pixels, but across as ``shapes`` and ``ticks`` say."""

    heading: Heading
    drawing: Drawing
    description: str
    levels: tuple[tuple[float, str], ...]
    """Lines across: how far down the plot, and the number there."""
    periods: tuple[Period, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """A time and a value for each heading; periods in which nothing happened are left out."""
    plot_px: int = HEIGHT
    lane_px: int = _LANE_PX

    @property
    def top_px(self) -> int:
        """How much room the marks' labels take above the plot."""
        return _LANE_PX * max(lanes(self.marks), 1) + 6

    @property
    def height_px(self) -> int:
        return self.top_px + self.plot_px + _FOOT_PX


def columns_chart(words: Words, frame: Frame, heading: Heading, columns: Sequence[Column]) -> Chart:
    """Return a chart of what is counted.

    Args:
        columns: From the bottom up.
    """
    drawn = [column for column in columns if column.is_drawn]
    sums = (sum(value or 0.0 for value in values) for values in zip(*(column.values for column in drawn), strict=True))
    top = round_top(max(sums, default=0.0))
    paths = stacked([column.values for column in drawn], top)
    drawing = Drawing(
        kind="columns",
        unit=_per(words, frame.period_s),
        top=top,
        shapes=tuple((column.tone, path) for column, path in zip(drawn, paths, strict=True)),
        legend=tuple(_sums(columns)),
    )
    return _chart(words, frame, heading, columns, drawing)


def lines_chart(words: Words, frame: Frame, heading: Heading, columns: Sequence[Column]) -> Chart:
    """Return a chart of what is measured, in milliseconds.

    Args:
        columns: One for each line.
    """
    top = round_top(max((value for column in columns for value in column.values if value is not None), default=0.0))
    drawing = Drawing(
        kind="lines",
        unit="ms",
        top=top,
        shapes=tuple((column.tone, stepped(column.values, top)) for column in columns),
        legend=tuple(Legend(tone=one.tone, label=one.label, told=_range(words, one)) for one in columns),
    )
    return _chart(words, frame, heading, columns, drawing)


def _chart(words: Words, frame: Frame, heading: Heading, columns: Sequence[Column], drawing: Drawing) -> Chart:
    shown = marks(words, frame.deployments, frame.start, frame.end, is_small=heading.is_small)
    told = [column for column in columns if column.label]
    return Chart(
        heading=heading,
        drawing=drawing,
        description=_description(words, frame, drawing, shown),
        levels=tuple(_levels(drawing.top)),
        periods=tuple(_periods(frame, told)),
        ticks=time_ticks(frame.start, frame.end),
        marks=shown,
        headings=tuple(column.label for column in told),
        rows=tuple(_rows(frame, told)),
    )


def number(value: float) -> str:
    """Return a number as it is read: ``1,200``, ``41.3``."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _description(words: Words, frame: Frame, drawing: Drawing, shown: Sequence[Mark]) -> str:
    told = ", ".join(f"{one.label} {one.told}" for one in drawing.legend)
    text = words("{start} to {end}: {told}.", start=_clock(frame.start), end=_clock(frame.end), told=told)
    if not shown:
        return text
    return f"{text} " + words("Deployments: {list}.", list="; ".join(mark.said for mark in shown))


def _levels(top: float) -> Iterator[tuple[float, str]]:
    yield 0.0, _short(top)
    if top > 1:
        yield HEIGHT / 2, _short(top / 2)
    yield float(HEIGHT), "0"


def _short(value: float) -> str:
    return f"{value / 1000:g}k" if value >= _THOUSANDS_FROM else number(value)


def _per(words: Words, period_s: int) -> str:
    return words("per minute") if period_s == 60 else words("per {minutes} min", minutes=period_s // 60)


def _sums(columns: Sequence[Column]) -> Iterator[Legend]:
    """Yield what was counted in all, a total first, with the share of it that went wrong.

    Of what rarely happens nothing is said where it did not, among others that did.
    """
    total = next((_sum(column) for column in columns if not column.is_drawn), 0.0)
    for column in sorted(columns, key=lambda one: one.is_drawn):
        count = _sum(column)
        if column.label and (count or column.tone != "warn" or len(columns) == 1):
            share = f" ({percent(count / total)})" if total and count and column.tone == "bad" else ""
            yield Legend(tone=column.tone, label=column.label, told=number(count) + share)


def _sum(column: Column) -> float:
    return sum(value or 0.0 for value in column.values)


def _range(words: Words, column: Column) -> str:
    values = [value for value in column.values if value is not None]
    if not values:
        return words("nothing measured")
    low, high = number(round(min(values), 1)), number(round(max(values), 1))
    return low if low == high else f"{low}\N{EN DASH}{high}"


def _periods(frame: Frame, told: Sequence[Column]) -> Iterator[Period]:
    width = WIDTH / len(frame.starts)
    for at, start in enumerate(frame.starts):
        said = ", ".join(f"{column.label} {_value(column.values[at])}" for column in told)
        yield Period(x=round(at * width, 2), width=round(width, 2), said=f"{_clock(start)}: {said}")


def _rows(frame: Frame, told: Sequence[Column]) -> Iterator[tuple[str, ...]]:
    for at, start in enumerate(frame.starts):
        if any(column.values[at] for column in told):
            yield _clock(start), *(_value(column.values[at]) for column in told)


def _value(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else number(value)


def _clock(at: datetime) -> str:
    return f"{at.astimezone():%H:%M}"
