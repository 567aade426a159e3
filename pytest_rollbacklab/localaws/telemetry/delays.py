"""How long it takes until what was recorded or written can be read: at once, or as on AWS, or so many seconds.

Times that are reported stay what they were: a point's, an event's, and that of its ingestion. What is delayed is only
when they are first seen: by reads, by alarms, and by those who follow a group.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AT_ONCE", "AWS", "Delays", "read_delays"]

_MINUTE_S = 60
_MAX_S = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Delays:
    """Delays in seconds."""

    metrics_s: float = 0.0
    logs_s: float = 0.0
    whole_minutes: bool = False
    """Whether a point first waits for the end of the minute in which it was recorded, as services publish them."""

    def metric_seen_at(self, now: float) -> float:
        """Return when a point that is recorded now can be read. Epoch seconds."""
        recorded = (now // _MINUTE_S + 1) * _MINUTE_S if self.whole_minutes else now
        return recorded + self.metrics_s


AT_ONCE = Delays()
AWS = Delays(metrics_s=60.0, logs_s=5.0, whole_minutes=True)
"""Metrics after 60 to 120 seconds, log events after five."""


def read_delays(text: str) -> Delays:
    """Return the delays that an option asks for: ``none``, ``aws``, or ``metrics=SECONDS,logs=SECONDS`` (one or both).

    Raises:
        ValueError: it is none of these.
    """
    if text in ("none", "aws"):
        return AWS if text == "aws" else AT_ONCE
    seconds: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = part.partition("=")
        if name not in ("metrics", "logs") or name in seconds:
            raise ValueError(f"{text!r} is no delay: say none, aws, or metrics=SECONDS,logs=SECONDS")
        seconds[name] = float(number)
        if not 0 <= seconds[name] <= _MAX_S:
            raise ValueError(f"{part!r}: a delay is from 0 to {_MAX_S:.0f} seconds")
    return Delays(metrics_s=seconds.get("metrics", 0.0), logs_s=seconds.get("logs", 0.0))
