"""What can happen on a stage in the course of a drill, with the times of two clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pytest_rollbacklab.model import Release

__all__ = ["RELEASES", "Event", "EventKind"]

EventKind = Literal["deployed", "bad answer", "detected", "rollback started", "rolled back", "good answer"]

RELEASES: tuple[EventKind, ...] = ("deployed", "rolled back")
"""The kinds that change what is live."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that happened on a stage."""

    kind: EventKind
    stage: str
    at: datetime
    """By the wall clock, UTC."""
    clock_s: float
    """By the monotonic clock, from which durations are taken."""
    release: Release | None
    """What was live then; of a release, what became so."""
    status: int | None = None
    """Of an answer."""
