from __future__ import annotations

from typing import Any

import pytest


def recover(lab: Any) -> tuple[str, ...]:
    """Start the lab again, as after a kill."""
    lab.s3.writes_until_killed = None
    told: tuple[str, ...] = lab.open().recover()
    return told


def states(lab: Any) -> list[str]:
    return [activity.state for activity in lab.pipeline.activities(limit=50).items]


def test_a_lab_that_was_closed_in_order_has_nothing_to_settle(lab: Any) -> None:
    lab.push("one")
    lab.confirm("prod", "promote", from_stage="dev")
    assert recover(lab) == ()


def test_what_git_had_taken_and_no_stage_has_seen_is_deployed(lab: Any) -> None:
    lab.push("one")
    lab.build("two")
    assert recover(lab) == ("dev: build 2 is live now",)
    assert lab.live("dev") == 2
    deployed = lab.pipeline.activities(limit=1).items[0]
    assert (deployed.by, deployed.via) == ("lab", "lab")
    assert deployed.summary == "deploy build 2 to dev, which a stop had kept back"
    assert recover(lab) == ()


def test_what_went_wrong_then_is_told_by_its_first_line(lab: Any) -> None:
    lab.push("one")
    lab.build("two")
    lab.cloudformation.next_statuses = ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
    (told,) = recover(lab)
    assert told.startswith("dev: build 2 did not become live: build 2 was not deployed to notes-dev: UPDATE_ROLLBACK_")
    assert "\n" not in told
    assert recover(lab) == ()


def test_a_pinned_stage_is_left_alone(lab: Any) -> None:
    lab.push("one")
    lab.build("two")
    lab.pipeline.pin("dev", who=lab.ann)
    assert recover(lab) == ()


def test_a_branch_that_went_back_to_an_earlier_commit_is_deployed_too(lab: Any) -> None:
    first = lab.push("one")
    lab.push("two")
    lab.build_commit(first.commit.sha)
    lab.git("reset", "--hard", first.commit.sha)
    assert recover(lab) == ("dev: build 1 is live now",)


def test_what_was_rolled_back_long_ago_does_not_come_again(lab: Any) -> None:
    lab.push("one")
    lab.push("two")
    lab.confirm("dev", "rollback")
    lab.pipeline.unpin("dev", who=lab.ann)
    assert recover(lab) == ()
    for _ in range(30):
        lab.pipeline.pin("prod", who=lab.ann)
        lab.pipeline.unpin("prod", who=lab.ann)
    assert recover(lab) == ()
    assert lab.live("dev") == 1


@pytest.mark.parametrize("stage", ["dev", None])
def test_an_activity_without_an_end_is_named_with_how_things_stand(lab: Any, stage: str | None) -> None:
    lab.push("one")
    kind = "promote" if stage else "push"
    begun = lab.ground.journal.begin(kind, lab.ann, "do something", stage=stage)
    (told,) = recover(lab)
    stands = (
        "dev stands at build 1 (its stack: CREATE_COMPLETE)"
        if stage
        else "what was pushed is built when it is pushed again"
    )
    assert told == (f"activity {begun.number} (do something) was interrupted when the lab was stopped; {stands}")
    ended = lab.pipeline.activity(begun.number)
    assert (ended.state, ended.outcome) == ("interrupted", f"interrupted when the lab was stopped; {stands}")
    assert recover(lab) == ()


def test_a_stage_that_is_no_longer_one_is_named_as_that(lab: Any) -> None:
    lab.ground.journal.begin("promote", lab.ann, "promote build 1 to old", stage="old")
    assert recover(lab) == (
        (
            "activity 1 (promote build 1 to old) was interrupted when the lab was stopped; "
            "old is no longer a stage of the app"
        ),
    )


def test_a_stage_on_which_nothing_stands_is_named(lab: Any) -> None:
    lab.ground.journal.begin("promote", lab.ann, "promote build 1 to prod", stage="prod")
    (told,) = recover(lab)
    assert told.endswith("prod stands at nothing")


def test_change_sets_that_nobody_will_confirm_are_deleted(lab: Any) -> None:
    lab.push("one")
    lab.plan("dev", "deploy")
    lab.cloudformation.change_sets["of-somebody-else"] = {}
    assert recover(lab) == ()
    assert list(lab.cloudformation.change_sets) == ["of-somebody-else"]


def test_a_stage_that_cannot_be_settled_keeps_no_other_from_it(lab: Any) -> None:
    lab.push("one")
    lab.confirm("prod", "promote", from_stage="dev")
    second = lab.build("two")
    lab.s3.writes_until_killed = 2  # the activity's beginning, and what is going to be live
    with pytest.raises(lab.killed):
        lab.move(second)
    assert "stages/dev/under-way.json" in lab.objects
    del lab.objects[second.template_key]
    lab.cloudformation.stacks["notes-dev"]["statuses"] = ["UPDATE_COMPLETE"]
    told = recover(lab)
    assert told[0] == "dev could not be settled: build 2 cannot be deployed: its template is gone from the shelf"


def test_the_removal_of_a_stage_is_finished(lab: Any) -> None:
    build = lab.push("one")
    lab.git("branch", "feature/x")
    lab.build_commit(build.commit.sha, "feature/x")
    lab.move(build, "feature/x")
    name = lab.pipeline.app.stages[-1].name
    lab.git("branch", "-D", "feature/x")
    lab.ground.journal.begin("remove stage", lab.pusher, f"remove {name}, its branch is gone", stage=name)
    told = recover(lab)
    assert told[0] == f"{name} is gone, with all that was in it"
    assert told[1].endswith(f"was interrupted when the lab was stopped; {name} is no longer a stage of the app")
    assert lab.cloudformation.stacks[f"notes-{name}"]["deleted"]
    assert recover(lab) == ()


def test_a_removal_that_cannot_be_finished_is_named(lab: Any) -> None:
    lab.cloudformation.add_stack("notes-pr-x", "CREATE_COMPLETE")
    lab.cloudformation.delete_leaves = "DELETE_FAILED"
    lab.ground.journal.begin("remove stage", lab.pusher, "remove pr-x, its branch is gone", stage="pr-x")
    told = recover(lab)
    assert told[0] == "pr-x could not be removed: notes-pr-x was not deleted: DELETE_FAILED"


def test_a_first_deployment_that_was_only_planned_is_not_waited_for(lab: Any) -> None:
    build = lab.build("one")
    lab.s3.writes_until_killed = 2  # the activity's beginning, and what is going to be live
    with pytest.raises(lab.killed):
        lab.move(build)
    lab.cloudformation.stacks["notes-dev"]["statuses"] = ["REVIEW_IN_PROGRESS"]
    told = recover(lab)
    assert told[0] == "dev: build 1 did not become live; nothing (its stack: REVIEW_IN_PROGRESS)"
    assert told[-1] == "dev: build 1 is live now"


@pytest.mark.parametrize("writes", range(20))
def test_wherever_a_push_is_killed_all_is_named_and_what_git_had_taken_becomes_live(lab: Any, writes: int) -> None:
    lab.push("one")
    build = lab.build("two")
    lab.s3.writes_until_killed = writes
    try:
        lab.move(build)
    except lab.killed:
        is_killed = True
    else:
        is_killed = False
    told = recover(lab)
    assert lab.live("dev") == 2
    assert set(states(lab)) <= {"done", "interrupted"}
    assert is_killed == bool(told)
    assert recover(lab) == ()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("writes", range(20))
def test_wherever_a_rollback_is_killed_a_stage_that_went_back_is_pinned(lab: Any, writes: int) -> None:
    lab.push("one")
    lab.push("two")
    plan = lab.plan("dev", "rollback", reason="users get 502")
    lab.s3.writes_until_killed = writes
    try:
        begun = lab.pipeline.confirm("dev", plan.id, who=lab.ann)
    except lab.killed:
        pass
    else:
        lab.ended(begun)
    assert lab.ground.turns.wait_until_idle(20)
    recover(lab)
    status = lab.pipeline.stage("dev")
    assert status.live.build.number in (1, 2)
    assert (status.pin is not None) == (status.live.build.number == 1)
    if status.pin is not None:
        assert (status.pin.build, status.pin.by) == (1, "ann")
        assert status.pin.reason == "rolled back from build 2: users get 502"
    assert set(states(lab)) <= {"done", "interrupted"}
    assert recover(lab) == ()
