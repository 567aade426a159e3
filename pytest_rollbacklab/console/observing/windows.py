"""How far back a page looks: the same four windows for logs and for metrics, named in the address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pytest_rollbacklab.console.visit import Visit
from pytest_rollbacklab.errors import UsageError

__all__ = ["DEFAULT_RANGE", "PERIODS", "WINDOWS", "begin", "chosen"]

WINDOWS: Mapping[str, timedelta] = {
    "15m": timedelta(minutes=15),
    "1h": timedelta(hours=1),
    "3h": timedelta(hours=3),
    "1d": timedelta(days=1),
}

PERIODS: Mapping[str, int] = {"15m": 16, "1h": 61, "3h": 91, "1d": 97}
"""How many periods a chart has at the most: of one, one, two and fifteen minutes, the one under way among them."""

DEFAULT_RANGE = "1h"


def chosen(visit: Visit, name: str) -> str | None:
    """Return the window that ``?since=`` or ``?range=`` asks for, or None when it asks for none.

    Raises:
        UsageError: there is no such window.
    """
    asked = visit.query.get(name) or None
    if asked is None or asked in WINDOWS:
        return asked
    raise UsageError(f"{name} cannot be {asked[:20]!r}", mend="choose one of 15m, 1h, 3h, 1d")


def begin(window: str | None) -> datetime | None:
    """Return when a window begins; None for no window."""
    return datetime.now(UTC) - WINDOWS[window] if window else None
