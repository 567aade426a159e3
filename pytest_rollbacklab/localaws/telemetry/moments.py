"""Points in time at AWS's edge: epoch seconds inside, aware datetimes and AWS's two text forms outside."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["from_epoch", "iso_milliseconds", "reason_date", "to_epoch"]


def to_epoch(moment: datetime | float) -> float:
    """Return epoch seconds; a datetime without a zone is UTC, as boto3 takes it."""
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
    return float(moment)


def from_epoch(at: float) -> datetime:
    """Return an aware UTC datetime."""
    return datetime.fromtimestamp(at, tz=UTC)


def iso_milliseconds(at: float) -> str:
    """Write a time as alarm history and state reason data do: ``2018-09-16T00:22:56.053+0000``."""
    moment = from_epoch(at)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def reason_date(at: float) -> str:
    """Write a time as an alarm's reason does, day first: ``16/03/24 12:15:00``."""
    return f"{from_epoch(at):%d/%m/%y %H:%M:%S}"
