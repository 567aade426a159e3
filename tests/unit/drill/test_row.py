"""What a drill comes to, in one row."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pytest_rollbacklab.drill.drill import Timeline
from pytest_rollbacklab.model import Answer, DrillRow, Release


class Story:
    """Tells a timeline what happens, a second after another."""

    def __init__(
        self, timeline: Timeline, clocks: Any, release: Callable[..., Release], answer: Callable[[int], Answer]
    ) -> None:
        self._timeline, self._clocks, self._release, self._answer = timeline, clocks, release, answer

    def promote(self, build: int, stage: str = "prod") -> None:
        self._clocks.seconds += 1
        self._timeline.released(self._release(build, stage=stage))

    def roll_back(self, build: int, stage: str = "prod", packages_rebuilt: int = 0) -> None:
        self._clocks.seconds += 1
        self._timeline.released(self._release(build, "rollback", stage, packages_rebuilt))

    def call(self, *statuses: int, stage: str = "prod") -> None:
        for status in statuses:
            self._clocks.seconds += 1
            self._timeline.answered(stage, self._answer(status))

    def alarm(self, stage: str = "prod") -> None:
        self._clocks.seconds += 1
        self._timeline.detected(stage)

    @property
    def row(self) -> DrillRow:
        row = self._timeline.row()
        assert row is not None
        return row


@pytest.fixture
def story(timeline: Timeline, clocks: Any, release: Callable[..., Release], answer: Callable[[int], Answer]) -> Story:
    return Story(timeline, clocks, release, answer)


def test_what_breaks_nothing_is_no_drill(timeline: Timeline, story: Story) -> None:
    assert timeline.row() is None
    story.promote(1)
    story.call(200, 404)  # the user's own mistake
    assert timeline.row() is None


def test_a_whole_drill(story: Story) -> None:
    story.promote(1)
    story.call(200)
    story.promote(2)  # at 3 s
    story.call(502, 502)  # at 4 s
    story.roll_back(1)
    story.call(200, 200)  # at 7 s
    assert story.row == DrillRow(
        drill="lab",
        stage="prod",
        build_broken=2,
        status_seen=502,
        time_to_detect_s=1.0,
        time_to_recover_s=4.0,
        time_to_recover_from_detection_s=3.0,
        rolled_back_to=1,
        packages_reused=5,
        packages_rebuilt=0,
        outcome="recovered",
    )


def test_what_comes_after_the_recovery_is_another_story(story: Story) -> None:
    story.promote(2)
    story.call(502)
    story.roll_back(1)
    story.call(200)
    told = story.row
    story.promote(3)
    story.call(200)
    story.promote(4)
    story.call(500)
    story.roll_back(3)
    assert story.row == told


def test_an_alarm_is_the_detection_where_there_was_one(story: Story) -> None:
    story.promote(2)  # at 1 s
    story.call(502)
    story.alarm()  # at 3 s
    story.roll_back(1)
    story.call(200)  # at 5 s
    row = story.row
    assert (row.time_to_detect_s, row.time_to_recover_from_detection_s, row.time_to_recover_s) == (2.0, 2.0, 4.0)


def test_an_alarm_may_come_before_any_bad_answer_but_not_from_an_earlier_release(story: Story) -> None:
    story.alarm()
    story.promote(2)
    story.alarm()
    story.call(504)
    assert story.row.time_to_detect_s == 1.0


def test_a_rollback_alone_is_a_drill_too(story: Story) -> None:
    story.promote(2)
    story.roll_back(1, packages_rebuilt=2)
    row = story.row
    assert (row.build_broken, row.status_seen, row.outcome) == (None, None, "rolled back")
    assert (row.rolled_back_to, row.packages_reused, row.packages_rebuilt) == (1, 3, 2)


def test_nothing_done_about_it(story: Story) -> None:
    story.promote(2)
    story.call(504, 200)
    row = story.row
    assert (row.outcome, row.status_seen, row.time_to_recover_s, row.rolled_back_to) == (
        "not rolled back",
        504,
        None,
        None,
    )


def test_a_rollback_that_nobody_has_looked_at_proves_nothing(story: Story) -> None:
    story.promote(2)
    story.call(502)
    story.roll_back(1)
    assert (story.row.outcome, story.row.rolled_back_to, story.row.time_to_recover_s) == ("unproven", 1, None)


def test_a_rollback_that_does_not_help(story: Story) -> None:
    story.promote(2)
    story.call(502)
    story.roll_back(1)
    story.call(200, 500)
    assert (story.row.outcome, story.row.time_to_recover_s) == ("still broken", None)


def test_the_rollback_that_helps_counts(story: Story) -> None:
    story.promote(3)  # at 1 s
    story.call(502)
    story.roll_back(2)
    story.call(502)
    story.roll_back(1)
    story.call(200)  # at 6 s
    row = story.row
    assert (row.outcome, row.build_broken, row.rolled_back_to, row.time_to_recover_s) == ("recovered", 3, 1, 5.0)


def test_another_deployment_is_no_rollback(story: Story) -> None:
    story.promote(2)
    story.call(502)
    story.promote(3)
    story.call(200)
    row = story.row
    assert (row.outcome, row.time_to_recover_s) == ("rolled forward", 3.0)
    assert (row.rolled_back_to, row.packages_reused) == (None, None)


def test_a_rollback_of_another_stage_recovers_nothing(story: Story) -> None:
    story.promote(2)
    story.call(502)
    story.roll_back(1, stage="dev")
    story.call(200, stage="dev")
    story.call(200)
    assert story.row.outcome == "not rolled back"


def test_a_row_survives_the_way_from_a_worker(story: Story) -> None:
    story.promote(2)
    story.call(502)
    row = story.row
    assert DrillRow.from_dict(json.loads(json.dumps(row.to_dict()))) == row
