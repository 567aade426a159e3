from __future__ import annotations

import os
from typing import Any

import pytest

from pytest_rollbacklab.errors import ConfigError, UnknownStageError, UsageError

TOML = 'app = "notes"\n[stages.dev]\nbranch = "main"\n'


def test_the_file_is_read_again_when_it_has_changed(lab: Any) -> None:
    file = lab.directory / "rollbacklab.toml"
    assert [stage.name for stage in lab.ground.app.stages] == ["dev", "prod"]
    lab.configure(TOML)
    os.utime(file, ns=(1, 1))
    assert [stage.name for stage in lab.ground.app.stages] == ["dev"]
    with pytest.raises(UnknownStageError, match="has no stage 'prod'"):
        lab.ground.releases.ledger("prod")


def test_a_file_that_is_wrong_or_gone_is_said_until_it_is_mended(lab: Any) -> None:
    lab.configure("app = ")
    for _ in range(2):
        with pytest.raises(ConfigError, match="does not parse"):
            _ = lab.ground.app
    (lab.directory / "rollbacklab.toml").unlink()
    with pytest.raises(ConfigError, match=r"there is no rollbacklab\.toml"):
        _ = lab.ground.app
    lab.configure(TOML)
    assert lab.ground.app.name == "notes"


def test_a_branch_has_a_stage_as_long_as_it_is_there(lab: Any) -> None:
    lab.commit("one")
    lab.git("branch", "feature/x")
    lab.ground.reread_branches()
    name = lab.ground.app.stages[-1].name
    assert name.startswith("pr-feature-x")
    lab.ground.add_branch("feature/y")
    lab.ground.add_branch("feature/y")
    assert len(lab.ground.app.stages) == 4
    lab.git("branch", "-D", "feature/x")
    lab.ground.reread_branches()
    assert [stage.name for stage in lab.ground.app.stages] == ["dev", "prod"]


def test_an_unknown_stage_is_named(lab: Any) -> None:
    for look in (lab.ground.pins, lab.ground.stage):
        with pytest.raises(UnknownStageError, match="the app 'notes' has no stage 'nowhere'"):
            look("nowhere")


def test_a_listener_that_fails_keeps_no_other_from_hearing(lab: Any, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[tuple[str, str]] = []

    def broken(what: str, name: str) -> None:
        raise ZeroDivisionError

    lab.ground.subscribe(broken)
    stop = lab.ground.subscribe(lambda what, name: heard.append((what, name)))
    lab.ground.changed("stage", "dev")
    stop()
    lab.ground.changed("stage", "prod")
    assert heard == [("stage", "dev")]
    assert "a listener failed at stage dev" in caplog.text


def test_what_is_done_ends_with_what_came_of_it(lab: Any) -> None:
    heard: list[tuple[str, str]] = []
    lab.ground.subscribe(lambda what, name: heard.append((what, name)))
    with lab.ground.doing("pin", lab.ann, "pin dev", stage="dev", reason="exam") as running:
        running.outcome = "dev is pinned"
    activity = lab.ground.journal.activity(running.number)
    assert (activity.state, activity.outcome, activity.reason) == ("done", "dev is pinned", "exam")
    assert heard == [("activity", "1"), ("activity", "1"), ("stage", "dev")]


def test_what_fails_ends_as_failed_with_the_whole_error_in_its_log(lab: Any) -> None:
    with pytest.raises(UsageError), lab.ground.doing("pin", lab.ann, "pin dev", stage="dev"):
        raise UsageError("it cannot be", looked_at="here", mend="mend it")
    activity = lab.ground.journal.activity(1)
    assert (activity.state, activity.outcome) == (
        "failed",
        "it cannot be\n  looked at: here\n  what to do: mend it",
    )
    assert lab.ground.journal.log(1) == ("it cannot be", "  looked at: here", "  what to do: mend it")


def test_a_fault_of_the_labs_own_is_told_as_one(lab: Any) -> None:
    with pytest.raises(ZeroDivisionError), lab.ground.doing("pin", lab.ann, "pin dev", stage="dev"):
        raise ZeroDivisionError("by zero")
    assert lab.ground.journal.activity(1).outcome == "the lab failed: ZeroDivisionError: by zero"


def test_who_waits_for_a_turn_is_told_for_whom(lab: Any) -> None:
    ground = lab.ground
    first = ground.journal.begin("promote", lab.ann, "promote build 7 to prod", stage="prod")
    second = ground.journal.begin("rollback", lab.pusher, "roll back prod", stage="prod")
    said: list[str] = []
    states: list[str] = []
    ground.subscribe(lambda *told: states.append(second.activity.state) if told == ("activity", "2") else None)

    def work() -> None:
        with ground.turn("prod", second, said.append):
            said.append("its turn")

    with ground.turn("prod", first, pytest.fail):
        thread = lab.in_background(work)
        lab.wait_until_in_line("prod")
    thread.join()
    assert said == [
        "waiting in line on prod: activity 1 is at work (promote build 7 to prod, by ann)",
        "its turn",
    ]
    assert states == ["waiting", "running"]


def test_a_release_is_noted_even_when_the_file_was_broken_meanwhile(lab: Any) -> None:
    lab.push("one")
    live = lab.ground.releases.ledger("dev").live()
    lab.configure("app = ")
    lab.ground.released(live)
