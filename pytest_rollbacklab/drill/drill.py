"""A drill's timeline: what was deployed, when it was seen to fail, when it was brought back.

It is written by whoever passes answers and releases along (``lab``), so that a test need not keep it. Two clocks are
reported, as incident reviews do: the time to recover counts from the broken deployment, the time to detect from the same
moment to the first look that could tell (the first bad answer).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_rollbacklab.model import Answer, DrillRow, Release

__all__ = ["Timeline"]

_BROKEN = 500


class Timeline:
    """What happened on the stages of one drill, in order.

    Args:
        drill: Its name.
        clock: Monotonic seconds.
    """

    def __init__(self, drill: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._drill, self._clock = drill, clock
        self._released: dict[str, tuple[Release, float]] = {}
        self._bad: tuple[str, Answer, Release | None, float, float] | None = None
        self._rollback: Release | None = None
        self._recovered_at: float | None = None

    def released(self, release: Release) -> None:
        """Note a release that has become live."""
        self._released[release.stage] = (release, self._clock())
        if release.kind == "rollback" and (self._bad is None or self._bad[0] == release.stage):
            self._rollback = release

    def answered(self, stage: str, answer: Answer) -> None:
        """Note an answer of a stage's API."""
        now = self._clock()
        live, since = self._released.get(stage, (None, now))
        if answer.status >= _BROKEN:
            if self._bad is None:
                self._bad = (stage, answer, live, since, now)
        elif self._rollback is not None and self._recovered_at is None and self._rollback.stage == stage:
            self._recovered_at = now

    def row(self) -> DrillRow | None:
        """Return the drill's line, or None when nothing was broken and nothing rolled back: it was no drill."""
        if self._bad is None and self._rollback is None:
            return None
        stage, answer, live, since, seen_at = self._bad or (None, None, None, 0.0, 0.0)
        back = self._rollback
        return DrillRow(
            drill=self._drill,
            stage=stage,
            build_broken=live.build.number if live else None,
            status_seen=answer.status if answer else None,
            time_to_detect_s=seen_at - since if answer else None,
            time_to_recover_s=self._recovered_at - since if self._recovered_at is not None else None,
            rolled_back_to=back.build.number if back else None,
            packages_reused=len(back.build.packages) - back.packages_rebuilt if back else None,
            packages_rebuilt=back.packages_rebuilt if back else None,
        )
