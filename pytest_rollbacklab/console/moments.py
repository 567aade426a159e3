"""Times, durations, sizes and shares as people say them, in the visitor's language; in the JSON they are exact."""

from __future__ import annotations

from datetime import UTC, datetime

from pytest_rollbacklab.console.words import Words

__all__ = ["AGO", "ago", "exact", "figure", "lasted", "percent", "size"]

_JUST_NOW_S = 5
_UNTIL_A_DATE_S = 14 * 86_400

AGO: tuple[tuple[int, str], ...] = (
    (86_400, "{n} d ago"),
    (3_600, "{n} h ago"),
    (60, "{n} min ago"),
    (1, "{n} s ago"),
)
"""Sizes of the steps, in seconds, and how each is said; ``console.js`` gets these words too, so that both agree."""


def ago(words: Words, moment: datetime, *, now: datetime | None = None) -> str:
    """Return how long ago a moment was: ``2 min ago``; a date beyond two weeks."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < _JUST_NOW_S:
        return words("just now")
    if seconds >= _UNTIL_A_DATE_S:
        return moment.astimezone().date().isoformat()
    step, text = next((step, text) for step, text in AGO if seconds >= step)
    return words(text, n=int(seconds // step))


def exact(moment: datetime) -> str:
    """Return a moment to the second, where the reader is: ``2025-11-02 12:05:31 +09:00``."""
    return moment.astimezone().isoformat(" ", "seconds").replace("+", " +").replace(" +00:00", " UTC")


def lasted(words: Words, seconds: float) -> str:
    """Return a duration: ``1.2 s``, ``2 min 3 s``."""
    if seconds < 59.95:
        return words("{seconds} s", seconds=f"{seconds:.1f}" if seconds >= 0.1 else "<0.1")
    whole = round(seconds)
    return words("{minutes} min {seconds} s", minutes=whole // 60, seconds=whole % 60)


def size(count: int) -> str:
    """Return a number of bytes: ``812 B``, ``14.2 kB``."""
    if count < 1000:
        return f"{count} B"
    value = count / 1000
    for unit in ("kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.1f} {unit}"


def figure(number: float) -> str:
    """Return how many: ``12,345``."""
    return f"{round(number):,}"


def percent(share: float) -> str:
    """Return a share of 0 to 1: ``31%``; what is not nothing is never ``0%``, what is not all never ``100%``."""
    if 0 < share < 0.01:
        return "<1%"
    return f"{min(round(share * 100), 99) if share < 1 else 100}%"
