"""Times and durations as people say them: how long ago, how long it took. Programs get exact ones in the JSON."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["ago", "clock", "lasted"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_JUST_NOW_S = 5
_UNTIL_A_DATE_S = 14 * _DAY


def ago(moment: datetime, *, now: datetime | None = None) -> str:
    """Return how long ago a moment was: ``2m ago``; a date beyond two weeks."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < _JUST_NOW_S:
        return "just now"
    if seconds >= _UNTIL_A_DATE_S:
        return moment.astimezone().date().isoformat()
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit} ago"
    return f"{int(seconds)}s ago"


def clock(moment: datetime) -> str:
    """Return a time of day, where the reader is: ``12:05:31``."""
    return moment.astimezone().strftime("%H:%M:%S")


def lasted(seconds: float) -> str:
    """Return a duration: ``1.2 s``, ``2 min 3 s``."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    return f"{int(seconds // _MINUTE)} min {int(seconds % _MINUTE)} s"
