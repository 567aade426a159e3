"""The drills' table at the end of a run: plain text, a row for each drill, as wide as the terminal.

``#2`` is build 2; ``reused`` says how many of the rolled-back build's packages were the very ones of before. How a
drill ended has a column when one ended otherwise than recovered. Where the terminal is too narrow, what can be seen
from the rest is left out first, and then names are cut in front, where they differ least.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pytest_rollbacklab.model import DrillRow

__all__ = ["table_lines"]

_HEADINGS = ("drill", "broken", "seen", "detected in", "recovered in", "back to", "reused", "outcome")
_LEFT_OUT_FIRST = ("back to", "reused")
_USUAL_OUTCOME = "recovered"
_GAP = "  "
_NARROWEST_NAME = 12
_ELLIPSIS = "..."


def table_lines(rows: Iterable[Mapping[str, Any]], *, width: int) -> list[str]:
    """Return the table's lines, the headings first.

    Args:
        rows: Each as ``DrillRow.to_dict`` gives it.
        width: Columns of text to fit into; below what the narrowest table needs, lines are longer.
    """
    table = [_HEADINGS, *(_cells(DrillRow.from_dict(dict(row))) for row in rows)]
    columns = [column for column in zip(*table, strict=True) if not _tells_nothing(column)]
    for heading in _LEFT_OUT_FIRST:
        if _NARROWEST_NAME + _width(columns[1:]) > width:
            columns = [column for column in columns if column[0] != heading]
    room = max(_NARROWEST_NAME, width - _width(columns[1:]))
    columns[0] = tuple(_cut(name, room) for name in columns[0])
    widths = [max(map(len, column)) for column in columns]
    lines = (zip(line, widths, strict=True) for line in zip(*columns, strict=True))
    return [_GAP.join(cell.ljust(wide) for cell, wide in line).rstrip() for line in lines]


def _cells(row: DrillRow) -> tuple[str, ...]:
    made = None if row.packages_reused is None else row.packages_reused + (row.packages_rebuilt or 0)
    return (
        row.drill,
        "-" if row.build_broken is None else f"#{row.build_broken} on {row.stage}",
        "-" if row.status_seen is None else str(row.status_seen),
        _seconds(row.time_to_detect_s),
        _seconds(row.time_to_recover_s),
        "-" if row.rolled_back_to is None else f"#{row.rolled_back_to}",
        "-" if made is None else f"{row.packages_reused} of {made}",
        row.outcome,
    )


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"


def _tells_nothing(column: Sequence[str]) -> bool:
    return column[0] == "outcome" and set(column[1:]) <= {_USUAL_OUTCOME}


def _width(columns: Sequence[Sequence[str]]) -> int:
    """Return how wide columns are with the gaps before them."""
    return sum(len(_GAP) + max(map(len, column)) for column in columns)


def _cut(name: str, room: int) -> str:
    return name if len(name) <= room else _ELLIPSIS + name[len(_ELLIPSIS) - room :]
