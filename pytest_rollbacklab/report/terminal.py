"""The drills' table at the end of a run: plain text, a row for each drill, as wide as the terminal.

``#2`` is build 2; ``reused`` says how many of the rolled-back build's packages were the very ones of before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_rollbacklab.model import DrillRow

__all__ = ["table_lines"]

_HEADINGS = ("drill", "broken", "seen", "detected in", "recovered in", "back to", "reused")
_GAP = "  "
_NARROWEST_NAME = 12


def table_lines(rows: Iterable[Mapping[str, Any]], *, width: int) -> list[str]:
    """Return the table's lines.

    Args:
        rows: Each as ``DrillRow.to_dict`` gives it.
        width: Columns to fit into; names are cut in front, where they differ least.
    """
    cells = [_HEADINGS, *(_cells(DrillRow.from_dict(dict(row))) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    others = sum(widths[1:]) + len(_GAP) * (len(widths) - 1)
    widths[0] = max(_NARROWEST_NAME, min(widths[0], width - others))
    return [_line(line, widths) for line in cells]


def _cells(row: DrillRow) -> tuple[str, ...]:
    made = None if row.packages_reused is None else row.packages_reused + (row.packages_rebuilt or 0)
    return (
        row.drill,
        "-" if row.build_broken is None else f"#{row.build_broken} on {row.stage}",
        _shown(row.status_seen),
        _seconds(row.time_to_detect_s),
        _seconds(row.time_to_recover_s),
        "-" if row.rolled_back_to is None else f"#{row.rolled_back_to}",
        "-" if made is None else f"{row.packages_reused} of {made}",
    )


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    name = cells[0] if len(cells[0]) <= widths[0] else "..." + cells[0][-(widths[0] - 3) :]
    rest = (cell.ljust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return _GAP.join((name.ljust(widths[0]), *rest)).rstrip()


def _shown(value: object) -> str:
    return "-" if value is None else str(value)


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} s"
