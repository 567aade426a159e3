from __future__ import annotations

from datetime import UTC, datetime

from pytest_rollbacklab.drill.drill import Timeline
from pytest_rollbacklab.model import Answer, Build, Commit, DrillRow, Package, Release, ReleaseKind

NOW = datetime(2026, 11, 23, tzinfo=UTC)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def release(build: int, kind: ReleaseKind = "promote", stage: str = "prod") -> Release:
    commit = Commit(sha="a" * 40, author="Ann <ann@example.com>", message="m", committed_at=NOW)
    packages = tuple(Package(function=f"F{n}", sha256="0" * 64, size_bytes=1, reused=n > 0) for n in range(5))
    made = Build(
        number=build,
        app="notes",
        commit=commit,
        packages=packages,
        template_key="t",
        template_sha256="0",
        built_at=NOW,
        duration_s=1.0,
    )
    return Release(
        number=1,
        stage=stage,
        kind=kind,
        build=made,
        parameters={},
        released_at=NOW,
        duration_s=1.0,
        packages_rebuilt=0,
        changes=(),
    )


def answer(status: int) -> Answer:
    return Answer(method="POST", url="u", status=status, reason="", headers={}, body=b"", latency_ms=1.0, sent_at=NOW)


def test_what_breaks_nothing_is_no_drill() -> None:
    timeline = Timeline("d")
    assert timeline.row() is None
    timeline.released(release(1))
    timeline.answered("prod", answer(200))
    timeline.answered("prod", answer(404))  # the user's own mistake
    assert timeline.row() is None


def test_a_rollback_alone_is_a_drill_too() -> None:
    timeline = Timeline("d")
    timeline.released(release(2))
    timeline.released(release(1, "rollback"))
    row = timeline.row()
    assert row is not None
    assert (row.build_broken, row.rolled_back_to, row.packages_reused) == (None, 1, 5)


def test_a_whole_drill_is_told_in_one_row() -> None:
    clock = Clock()
    timeline = Timeline("lab", clock=clock)
    timeline.released(release(1))
    timeline.answered("prod", answer(200))
    clock.now = 10
    timeline.released(release(2))
    clock.now = 13
    timeline.answered("prod", answer(502))
    timeline.answered("prod", answer(502))
    clock.now = 20
    timeline.released(release(1, "rollback"))
    clock.now = 22
    timeline.answered("prod", answer(200))
    clock.now = 99
    timeline.answered("prod", answer(200))
    assert timeline.row() == DrillRow(
        drill="lab",
        stage="prod",
        build_broken=2,
        status_seen=502,
        time_to_detect_s=3,
        time_to_recover_s=12,
        rolled_back_to=1,
        packages_reused=5,
        packages_rebuilt=0,
    )


def test_a_drill_that_was_not_rolled_back_has_no_recovery() -> None:
    timeline = Timeline("lab", clock=Clock())
    timeline.released(release(2))
    timeline.answered("prod", answer(504))
    timeline.answered("prod", answer(200))
    row = timeline.row()
    assert row is not None
    assert (row.status_seen, row.time_to_recover_s, row.rolled_back_to) == (504, None, None)


def test_a_rollback_of_another_stage_recovers_nothing() -> None:
    timeline = Timeline("lab", clock=Clock())
    timeline.released(release(2))
    timeline.answered("prod", answer(502))
    timeline.released(release(1, "rollback", stage="dev"))
    timeline.answered("prod", answer(200))
    row = timeline.row()
    assert row is not None
    assert row.time_to_recover_s is None


def test_a_row_survives_the_way_from_a_worker() -> None:
    row = DrillRow(
        drill="d",
        stage="prod",
        build_broken=2,
        status_seen=502,
        time_to_detect_s=0.1,
        time_to_recover_s=None,
        rolled_back_to=None,
        packages_reused=None,
        packages_rebuilt=None,
    )
    assert DrillRow.from_dict(row.to_dict()) == row
