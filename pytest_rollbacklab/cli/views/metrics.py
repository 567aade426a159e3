"""Series of numbers, each in a line: what came together, what came last, and how it went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_rollbacklab.cli.terminal import Block, Cell, Table
from pytest_rollbacklab.observe.series import Series

__all__ = ["metrics_blocks"]

_BARS = "▁▂▃▄▅▆▇█"
_WIDEST = 24
_BAD = ("5XXError", "Errors", "Throttles")


def metrics_blocks(title: str, series: Mapping[str, tuple[Series, ...]]) -> Iterator[Block]:
    """Yield series under whose they are; those that recorded nothing are left out."""
    yield Cell(title, "strong")
    rows = tuple(_row(whose, one) for whose, several in series.items() for one in several if any(_values(one)))
    if rows:
        yield Table(headings=("of", "metric", "in all", "last", ""), rows=rows)
    else:
        yield "nothing was recorded; send a call with: rollbacklab probe"


def _row(whose: str, series: Series) -> tuple[str | Cell, ...]:
    values = _values(series)
    last = next((value for _, value in reversed(series.points) if value is not None), 0.0)
    if series.unit == "Milliseconds":
        told = f"at most {max(values):.0f} ms", f"{last:.0f} ms"
    else:
        told = f"{sum(values):g}", f"{last:g}"
    return whose, Cell(series.name, "bad" if series.name in _BAD else "plain"), *told, _bars(series)


def _values(series: Series) -> list[float]:
    return [value for _, value in series.points if value is not None]


def _bars(series: Series) -> str:
    """Draw the newest periods, each against the highest; one in which nothing was measured is a blank."""
    shown = [value for _, value in series.points[-_WIDEST:]]
    most = max((value for value in shown if value), default=1.0)
    return "".join(" " if value is None else _BARS[round(value / most * (len(_BARS) - 1))] for value in shown)
