"""A drill's timeline: what was deployed, when it was seen to fail, when it was brought back.

It is written by whoever passes answers and releases along (``lab``), so that a test need not keep it, and holds what
happened in order; what it comes to is worked out in ``row``. Nothing is deployed, called or printed here.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pytest_rollbacklab.drill.event import Event, EventKind
from pytest_rollbacklab.drill.row import row_of
from pytest_rollbacklab.model import Answer, DrillRow, Release

__all__ = ["Timeline"]

_BROKEN = 500


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Timeline:
    """What happened on the stages of one drill, in order.

    Args:
        drill: Its name.
        clock: Monotonic seconds.
        now: The wall clock, UTC.
    """

    def __init__(
        self, drill: str, *, clock: Callable[[], float] = time.monotonic, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._drill, self._clock, self._now = drill, clock, now
        self._events: list[Event] = []
        self._live: dict[str, Release] = {}
        self._was_good: dict[str, bool] = {}

    @property
    def events(self) -> tuple[Event, ...]:
        """All that happened; of answers, those that differ from the one before, and the first after each release."""
        return tuple(self._events)

    def released(self, release: Release) -> None:
        """Note a release that has become live; a rollback began as long ago as it took."""
        if release.kind == "rollback":
            self._add("rollback started", release.stage, ago_s=release.duration_s)
        self._live[release.stage] = release
        self._was_good.pop(release.stage, None)
        self._add("rolled back" if release.kind == "rollback" else "deployed", release.stage)

    def answered(self, stage: str, answer: Answer) -> None:
        """Note an answer of a stage's API; bad is a status of 500 or above."""
        good = answer.status < _BROKEN
        if self._was_good.get(stage) is not good:
            self._was_good[stage] = good
            self._add("good answer" if good else "bad answer", stage, status=answer.status)

    def detected(self, stage: str) -> None:
        """Note that something other than an answer has told of a failure: an alarm, a log, a person."""
        self._add("detected", stage)

    def row(self) -> DrillRow | None:
        """Return the drill's line, or None when nothing was broken and nothing rolled back: it was no drill."""
        return row_of(self._drill, self._events)

    def _add(self, kind: EventKind, stage: str, *, status: int | None = None, ago_s: float = 0.0) -> None:
        self._events.append(
            Event(
                kind=kind,
                stage=stage,
                at=self._now() - timedelta(seconds=ago_s),
                clock_s=self._clock() - ago_s,
                release=self._live.get(stage),
                status=status,
            )
        )
