"""The window of a read: its times rounded, and its period checked, as GetMetricStatistics' page says.

Periods are counted from the rounded start (an hour's period asked for from 23:18 gives points at :18, as in the page's
example), and not from the full hour.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PERIODS_IN_WORDS", "Window", "period_fits", "round_start"]

PERIODS_IN_WORDS = "1, 5, 10, 20, 30 or a multiple of 60"
_SHORT_PERIODS_S = (1, 5, 10, 20, 30)
_MINUTE_S = 60
_DAY_S = 24 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """The periods to be read."""

    start: int
    """Epoch seconds."""
    end: int
    """Epoch seconds; the first that no period may begin at."""
    period_s: int


def period_fits(period_s: int) -> bool:
    """Say whether CloudWatch knows this period."""
    return period_s in _SHORT_PERIODS_S or (period_s > 0 and period_s % _MINUTE_S == 0)


def round_start(start: float, period_s: int, *, now: float) -> int:
    """Round the start of a read down, the further back the coarser.

    Args:
        start: Epoch seconds.
        now: Epoch seconds.
    """
    age_s = now - start
    if period_s < _MINUTE_S:
        grain = period_s
    elif age_s < 15 * _DAY_S:
        grain = _MINUTE_S
    elif age_s < 63 * _DAY_S:
        grain = 5 * _MINUTE_S
    else:
        grain = 60 * _MINUTE_S
    return int(start // grain) * grain
