"""What a timeline keeps of what happens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_rollbacklab.drill.drill import Timeline
from pytest_rollbacklab.model import Answer, Release

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)


def test_events_have_the_times_of_both_clocks(
    timeline: Timeline, clocks: Any, release: Callable[..., Release], answer: Callable[[int], Answer]
) -> None:
    timeline.released(release(1))
    clocks.seconds = 10
    timeline.answered("prod", answer(502))
    first, second = timeline.events
    assert (first.kind, first.stage, first.clock_s, first.at, first.release) == (
        "deployed",
        "prod",
        1000.0,
        NOW,
        release(1),
    )
    assert (second.kind, second.status, second.clock_s, second.at) == (
        "bad answer",
        502,
        1010.0,
        NOW + timedelta(seconds=10),
    )
    assert second.release is first.release


def test_a_rollback_began_as_long_ago_as_it_took(
    timeline: Timeline, clocks: Any, release: Callable[..., Release]
) -> None:
    timeline.released(release(2))
    clocks.seconds = 10
    timeline.released(release(1, "rollback"))
    _, started, finished = timeline.events
    assert (started.kind, started.clock_s) == ("rollback started", 1008.0)
    assert started.release == release(2)
    assert (finished.kind, finished.clock_s, finished.release) == ("rolled back", 1010.0, release(1, "rollback"))


def test_of_answers_the_first_and_those_that_differ_are_kept(
    timeline: Timeline, release: Callable[..., Release], answer: Callable[[int], Answer]
) -> None:
    timeline.released(release(1))
    for status in (200, 201, 404, 502, 500, 504, 200, 200):
        timeline.answered("prod", answer(status))
    timeline.answered("dev", answer(200))
    timeline.released(release(2))
    timeline.answered("prod", answer(200))
    told = [(event.kind, event.stage, event.status) for event in timeline.events if event.status]
    assert told == [
        ("good answer", "prod", 200),
        ("bad answer", "prod", 502),
        ("good answer", "prod", 200),
        ("good answer", "dev", 200),
        ("good answer", "prod", 200),
    ]


def test_by_default_the_clocks_are_the_machines_own(release: Callable[..., Release]) -> None:
    timeline = Timeline("lab")
    before = datetime.now(UTC)
    timeline.released(release(1))
    assert before <= timeline.events[0].at <= datetime.now(UTC)
