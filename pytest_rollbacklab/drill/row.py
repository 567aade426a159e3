"""A drill in one line: what broke, how long it took to see it and to mend it, and how it ended.

Worked out from the timeline's events, by pure functions. Two times to recover are told, as incident reviews do: from
the broken deployment, and from its detection.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_rollbacklab.drill.event import RELEASES, Event
from pytest_rollbacklab.model import DrillOutcome, DrillRow, Release

__all__ = ["row_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Course:
    """The events that a row is made of; None for those that did not come."""

    broken: Event | None = None
    """The release that broke the stage."""
    bad: Event | None = None
    detected: Event | None = None
    mend: Event | None = None
    """The release that was to bring it back: the one that did, else the last one tried."""
    good: Event | None = None
    bad_again: bool = False
    """Whether bad answers came after the last release that was tried."""

    @property
    def rollback(self) -> Release | None:
        return self.mend.release if self.mend is not None and self.mend.kind == "rolled back" else None

    @property
    def outcome(self) -> DrillOutcome:
        if self.bad is None:
            return "rolled back"
        if self.mend is None:
            return "not rolled back"
        if self.good is None:
            return "still broken" if self.bad_again else "unproven"
        return "recovered" if self.rollback else "rolled forward"


def row_of(drill: str, events: Sequence[Event]) -> DrillRow | None:
    """Return a drill's row, or None when nothing was broken and nothing rolled back: it was no drill."""
    course = _course(events)
    if course.bad is None and course.mend is None:
        return None
    bad, back = course.bad, course.rollback
    return DrillRow(
        drill=drill,
        stage=bad.stage if bad else None,
        build_broken=bad.release.build.number if bad and bad.release else None,
        status_seen=bad.status if bad else None,
        time_to_detect_s=_between(course.broken, course.detected),
        time_to_recover_s=_between(course.broken, course.good),
        time_to_recover_from_detection_s=_between(course.detected, course.good),
        rolled_back_to=back.build.number if back else None,
        packages_reused=len(back.build.packages) - back.packages_rebuilt if back else None,
        packages_rebuilt=back.packages_rebuilt if back else None,
        outcome=course.outcome,
    )


def _course(events: Sequence[Event]) -> _Course:
    bad = next((event for event in events if event.kind == "bad answer"), None)
    if bad is None:
        return _Course(mend=next((event for event in reversed(events) if event.kind == "rolled back"), None))
    here = [event for event in events if event.stage == bad.stage]
    before, after = here[: here.index(bad)], here[here.index(bad) + 1 :]
    broken = next((event for event in reversed(before) if event.kind in RELEASES), None)
    told = here[here.index(broken) :] if broken else here
    mend, good = _mended(after)
    tried = after[after.index(mend) :] if mend else []
    return _Course(
        broken=broken,
        bad=bad,
        detected=next((event for event in told if event.kind == "detected"), bad),
        mend=mend,
        good=good,
        bad_again=any(event.kind == "bad answer" for event in tried),
    )


def _mended(after: Sequence[Event]) -> tuple[Event | None, Event | None]:
    """Return the release that was to bring a stage back, and the good answer that proves it.

    A good answer proves nothing when a bad one of the same release comes after it.
    """
    mend: Event | None = None
    good: Event | None = None
    for event in after:
        if event.kind in RELEASES:
            if good is not None:
                break
            mend = event
        elif event.kind == "good answer" and mend is not None:
            good = event
        elif event.kind == "bad answer":
            good = None
    return mend, good


def _between(start: Event | None, end: Event | None) -> float | None:
    return None if start is None or end is None else end.clock_s - start.clock_s
