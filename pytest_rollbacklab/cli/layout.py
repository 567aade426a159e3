"""Tables as aligned lines, at most as wide as there is room: the widest columns give way first, and fold their texts.

Pure text over values; colours are given by whoever prints. Widths are those of a terminal, so that Korean aligns too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_rollbacklab.cli.safe_text import display_width, folded, one_line

__all__ = ["Cell", "Painter", "Style", "Table", "cell_of", "table_lines"]

Style = Literal["plain", "bad", "good", "quiet", "strong"]
Painter = Callable[[str, Style], str]
"""Gives a text its colour."""

_GAP = "  "
_NARROWEST = 8
"""No column gives way further: a terminal that is too narrow for that breaks the lines itself."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text and what it is to the eye; by itself, a line."""

    text: str
    style: Style = "plain"


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows under headings; plain texts and cells may be mixed."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]


def cell_of(value: str | Cell) -> Cell:
    """Return a text as a cell."""
    return value if isinstance(value, Cell) else Cell(value)


def table_lines(table: Table, *, width: int | None, paint: Painter) -> Iterator[str]:
    """Yield a table's lines.

    Args:
        width: Columns that there are; None for as many as it takes.
    """
    heading = tuple(Cell(text, "quiet") for text in table.headings)
    rows = [[Cell(one_line(cell.text), cell.style) for cell in map(cell_of, row)] for row in (heading, *table.rows)]
    natural = [max(display_width(cell.text) for cell in column) for column in zip(*rows, strict=True)]
    widths = natural if width is None else _fitted(natural, width - len(_GAP) * (len(natural) - 1))
    for row in rows:
        yield from _row_lines(row, widths, paint)


def _fitted(natural: Sequence[int], room: int) -> list[int]:
    """Return widths that fit: all that are above one height are cut down to it."""
    for height in range(max(natural, default=0), _NARROWEST, -1):
        widths = [min(width, height) for width in natural]
        if sum(widths) <= room:
            return widths
    return [min(width, _NARROWEST) for width in natural]


def _row_lines(row: Sequence[Cell], widths: Sequence[int], paint: Painter) -> Iterator[str]:
    columns = [folded(cell.text, max(width, 1)) for cell, width in zip(row, widths, strict=True)]
    for texts in itertools.zip_longest(*columns, fillvalue=""):
        line, pending = "", ""  # what pads a column is written only when something follows it
        for text, cell, width in zip(map(str.rstrip, texts), row, widths, strict=True):
            if text:
                line += pending + paint(text, cell.style)
                pending = ""
            pending += " " * (width - display_width(text)) + _GAP
        yield line
