from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.errors import (
    BuildError,
    ConflictError,
    DeployError,
    NothingToRollBackError,
    PromoteError,
    UnknownStageError,
    UsageError,
)
from pytest_rollbacklab.pipeline.values import Configured


def test_a_plan_says_what_it_would_change_and_changes_nothing(lab: Any) -> None:
    lab.push("one")
    plan = lab.plan("prod", "promote", from_stage="dev", reason="asked for")
    assert (plan.title, plan.kind, plan.build.number, plan.by) == ("Promote build 1 to prod", "promote", 1, "ann")
    (line,) = plan.changes
    assert (line.change.logical_id, line.meaning) == (
        "CreateFunction",
        "replaced code, no downtime; the next calls start cold",
    )
    assert (plan.executable, plan.asks_reason, plan.reason) == (True, False, "asked for")
    assert lab.pipeline.planned("prod", plan.id) == plan
    assert lab.live("prod") is None


def test_what_was_planned_is_done_once(lab: Any) -> None:
    lab.push("one")
    plan = lab.plan("prod", "promote", from_stage="dev")
    begun = lab.pipeline.confirm("prod", plan.id, who=lab.pusher, reason="go")
    with pytest.raises(UsageError, match=f"there is no plan {plan.id} of prod"):
        lab.pipeline.confirm("prod", plan.id, who=lab.ann)
    ended = lab.ended(begun)
    assert (ended.state, ended.by, ended.summary, ended.reason, ended.build, ended.releases) == (
        "done",
        "bob",
        "promote build 1 to prod",
        "go",
        1,
        ("prod/1",),
    )
    assert ended.outcome.startswith("build 1 is live on prod as release 1, in ")
    log = lab.ground.journal.log(ended.number)
    assert log[:2] == (
        "prod: putting build 1 there, 1 change",
        "  Modify CreateFunction (AWS::Lambda::Function): replaced code, no downtime; the next calls start cold",
    )
    assert log[2] == f"prod: {ended.outcome}"


def test_a_plan_can_be_dropped_and_leaves_no_change_set(lab: Any) -> None:
    lab.push("one")
    plan = lab.plan("prod", "promote", from_stage="dev")
    lab.pipeline.cancel("prod", plan.id)
    lab.pipeline.cancel("prod", plan.id)
    assert lab.cloudformation.change_sets == {}


def test_a_rollback_pins_its_stage_and_a_pinned_stage_says_so(lab: Any) -> None:
    lab.push("one")
    lab.push("two")
    plan = lab.plan("dev", "rollback", reason="users get 502")
    assert (plan.title, plan.asks_reason) == ("Roll back dev to build 1", True)
    assert any("items in NotesTable" in remark.text for remark in plan.remarks)
    ended = lab.ended(lab.pipeline.confirm("dev", plan.id, who=lab.ann))
    assert lab.ground.journal.log(ended.number)[-1] == (
        "dev is pinned: pushes build but do not deploy here until the pin is released"
    )
    with pytest.raises(ConflictError) as caught:
        lab.plan("dev", "deploy")
    told = str(caught.value).splitlines()
    assert told[0] == "dev is pinned to build 1 by ann"
    assert told[1].startswith("  looked at: rolled back from build 2: users get 502, 20")
    assert told[2] == "  what to do: release the pin of dev first, when what it saved you from is mended"


def test_a_stage_that_was_pinned_empty_says_so(lab: Any) -> None:
    lab.pipeline.pin("prod", who=lab.ann)
    lab.push("one")
    with pytest.raises(ConflictError, match=r"prod is pinned to nothing by ann\n  looked at: no reason was given, 20"):
        lab.plan("prod", "promote", from_stage="dev")


def test_a_plan_is_refused_when_the_stage_was_pinned_since(lab: Any) -> None:
    lab.push("one")
    plan = lab.plan("prod", "promote", from_stage="dev")
    lab.pipeline.pin("prod", who=lab.ann)
    with pytest.raises(ConflictError, match="prod is pinned to nothing by ann"):
        lab.pipeline.confirm("prod", plan.id, who=lab.ann)
    assert lab.cloudformation.change_sets == {}


def test_a_plan_is_refused_when_the_stage_has_moved_on(lab: Any) -> None:
    lab.push("one")
    first, second = (lab.plan("prod", "promote", from_stage="dev") for _ in range(2))
    lab.ended(lab.pipeline.confirm("prod", first.id, who=lab.ann))
    with pytest.raises(ConflictError) as caught:
        lab.pipeline.confirm("prod", second.id, who=lab.ann)
    assert str(caught.value) == (
        "prod has moved on since this was planned: release 1 is live, build 1\n"
        "  looked at: it was planned when release 0 was live\n"
        "  what to do: look at how it stands, and plan again"
    )
    assert lab.cloudformation.change_sets == {}


def test_two_promotions_confirmed_at_once_do_not_interleave(lab: Any) -> None:
    lab.push("one")
    plans = [lab.plan("prod", "promote", from_stage="dev") for _ in range(2)]
    lab.hold_up()
    first = lab.pipeline.confirm("prod", plans[0].id, who=lab.ann)
    lab.wait_until_executing()
    second = lab.pipeline.confirm("prod", plans[1].id, who=lab.pusher)
    lab.wait_until_in_line("prod")
    assert lab.pipeline.activity(second.number).state == "waiting"
    assert lab.pipeline.stage("prod").waiting == 1
    lab.go_on()
    assert lab.ended(first).state == "done"
    ended = lab.ended(second)
    assert ended.state == "failed"
    assert ended.outcome.startswith("prod has moved on since this was planned: release 1 is live, build 1")
    assert lab.ground.journal.log(second.number)[0] == (
        f"waiting in line on prod: activity {first.number} is at work (promote build 1 to prod, by ann)"
    )
    assert len(lab.cloudformation.called("ExecuteChangeSet")) == 2  # dev's and the first
    assert lab.cloudformation.change_sets == {}


def test_nothing_is_planned_on_a_stage_that_somebody_works_on(lab: Any) -> None:
    lab.push("one")
    plan = lab.plan("prod", "promote", from_stage="dev")
    lab.hold_up()
    begun = lab.pipeline.confirm("prod", plan.id, who=lab.ann)
    lab.wait_until_executing()
    with pytest.raises(ConflictError) as caught:
        lab.plan("prod", "promote", from_stage="dev")
    assert str(caught.value) == (
        "prod is being worked on: promote build 1 to prod, by ann\n"
        f"  looked at: activity {begun.number}\n"
        "  what to do: wait until it has ended, and look again"
    )
    lab.go_on()
    lab.ended(begun)


def test_a_push_in_line_behind_a_rollback_finds_the_pin_and_breaks_nothing_again(lab: Any) -> None:
    lab.push("one")
    lab.push("two")
    third = lab.build("three")
    plan = lab.plan("dev", "rollback")
    lab.hold_up()
    rollback = lab.pipeline.confirm("dev", plan.id, who=lab.ann)
    lab.wait_until_executing()
    push = lab.in_background(lambda: lab.move(third))
    lab.wait_until_in_line("dev")
    lab.go_on()
    assert lab.ended(rollback).state == "done"
    push.join()
    assert lab.live("dev") == 1
    assert "dev is pinned to build 1 by ann" in lab.said
    failed = lab.pipeline.activities(limit=1).items[0]
    assert (failed.kind, failed.state, failed.build) == ("deploy", "failed", 3)


def test_a_pin_that_is_set_during_a_deployment_holds_what_comes_of_it(lab: Any) -> None:
    lab.push("one")
    second = lab.build("two")
    lab.hold_up()
    push = lab.in_background(lambda: lab.move(second))
    lab.wait_until_executing()
    assert lab.pipeline.pin("dev", who=lab.ann, reason="exam").build == 1
    lab.go_on()
    push.join()
    pin = lab.pipeline.stage("dev").pin
    assert (pin.build, pin.by, pin.reason) == (2, "ann", "exam")


def test_a_deployment_that_fails_is_written_down_with_cloudformations_words(lab: Any) -> None:
    lab.push("one")
    lab.cloudformation.next_statuses = ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
    lab.push("two")
    failed = lab.pipeline.activities(limit=1).items[0]
    assert failed.state == "failed"
    assert failed.outcome.startswith("build 2 was not deployed to notes-dev: UPDATE_ROLLBACK_COMPLETE")
    assert "the stack went back to build 1" in failed.outcome
    assert lab.said[-3:] == failed.outcome.splitlines()
    assert lab.live("dev") == 1
    status = lab.pipeline.stage("dev")
    assert (status.state, status.last_failure) == ("went back", failed.outcome)


def test_a_fault_of_the_labs_own_is_said_and_keeps_no_other_stage_from_being_reached(
    lab: Any, caplog: pytest.LogCaptureFixture
) -> None:
    lab.configure('app = "notes"\n[stages.dev]\nbranch = "main"\n[stages.test]\nbranch = "main"\n')
    lab.cloudformation.breaks = ZeroDivisionError("by zero")
    lab.push("one")
    assert "the lab failed at dev: ZeroDivisionError: by zero" in lab.said
    assert lab.live("test") == 1
    assert "ZeroDivisionError" in caplog.text


def test_a_configuration_is_set_by_hand_over_the_files(lab: Any) -> None:
    lab.push("one")
    ended = lab.confirm("dev", "config", configure=Configured(environment={"LEVEL": "debug"}))
    assert (ended.summary, ended.state) == ("change the configuration of dev", "done")
    live = lab.ground.releases.ledger("dev").live()
    assert (live.environment, live.set_by_hand) == ({"LEVEL": "debug"}, {"environment": {"LEVEL": "debug"}})


def test_an_empty_stage_has_nothing_to_configure(lab: Any) -> None:
    with pytest.raises(UsageError) as caught:
        lab.plan("dev", "config", configure=Configured())
    assert str(caught.value) == (
        "there is nothing on dev to configure\n  what to do: push, or promote to this stage, first"
    )


def test_what_cannot_be_planned_says_why(lab: Any) -> None:
    with pytest.raises(UsageError) as caught:
        lab.plan("dev", "deploy")
    assert str(caught.value) == (
        "there is no build to deploy\n  looked at: the newest 50 builds\n  what to do: push a commit that builds"
    )
    with pytest.raises(UsageError, match=r"a promotion needs the stage that it is from\n  what to do: name it"):
        lab.plan("prod", "promote")
    with pytest.raises(PromoteError, match="there is nothing on dev to promote"):
        lab.plan("prod", "promote", from_stage="dev")
    with pytest.raises(NothingToRollBackError, match="nothing was ever released there"):
        lab.plan("dev", "rollback")
    with pytest.raises(BuildError, match="there is no build 9"):
        lab.plan("dev", "deploy", build=9)
    with pytest.raises(UnknownStageError, match="has no stage 'nowhere'"):
        lab.plan("nowhere", "deploy")


def test_a_build_that_failed_is_not_deployed(lab: Any) -> None:
    lab.repository.write("template.yaml", "Resources: [")
    with pytest.raises(BuildError):
        lab.build("one")
    with pytest.raises(DeployError, match="build 1 failed and cannot be deployed to dev"):
        lab.plan("dev", "deploy", build=1)
    with pytest.raises(UsageError, match="there is no build to deploy"):
        lab.plan("dev", "deploy")


def test_the_newest_build_that_is_there_is_deployed(lab: Any) -> None:
    lab.push("one")
    lab.build("two")
    assert lab.plan("dev", "deploy").build.number == 2
    lab.ground.shelf.prune([lab.ground.shelf.build(2)], [])
    assert lab.plan("dev", "deploy").build.number == 1


@pytest.mark.parametrize("kind", ["deploy", "rollback", "promote"])
def test_a_build_that_retention_has_removed_is_refused_when_it_is_planned(lab: Any, kind: str) -> None:
    removed = lab.push("one")
    lab.push("two")
    lab.ground.shelf.prune([removed], [lab.ground.shelf.build(2)])
    calls = len(lab.cloudformation.called("CreateChangeSet"))
    with pytest.raises(UsageError) as caught:
        lab.plan("prod" if kind == "promote" else "dev", kind, build=1, from_stage="dev")
    assert str(caught.value) == (
        "build 1 cannot be deployed: it was removed by retention\n"
        f"  looked at: s3://{lab.ground.shelf.bucket.name}/pruned/000001: its record is kept, its parts are not\n"
        f"  what to do: choose a build that is kept, or push commit {removed.commit.short_sha} as a new branch: "
        "it is then built again, under a new number"
    )
    assert len(lab.cloudformation.called("CreateChangeSet")) == calls


def test_a_rollback_to_what_was_before_is_refused_alike(lab: Any) -> None:
    removed = lab.push("one")
    lab.push("two")
    lab.ground.shelf.prune([removed], [lab.ground.shelf.build(2)])
    with pytest.raises(UsageError, match="build 1 cannot be deployed: it was removed by retention"):
        lab.plan("dev", "rollback")


def test_a_stage_whose_stack_was_deleted_beside_the_lab_can_be_planned_on(lab: Any) -> None:
    lab.push("one")
    assert lab.ground.stage("dev").resources
    del lab.cloudformation.stacks["notes-dev"]
    plan = lab.plan("dev", "deploy")
    assert lab.ended(lab.pipeline.confirm("dev", plan.id, who=lab.ann)).state == "done"


def test_a_plan_that_cannot_be_shown_leaves_no_change_set(lab: Any) -> None:
    build = lab.push("one")
    lab.build("two")
    del lab.objects[build.template_key]
    lab.open()
    with pytest.raises(DeployError, match="its template is gone from the shelf"):
        lab.plan("dev", "deploy", build=2)
    assert lab.cloudformation.change_sets == {}


def test_a_change_set_that_is_gone_already_is_no_matter(lab: Any) -> None:
    lab.push("one")
    plan = lab.plan("prod", "promote", from_stage="dev")
    lab.cloudformation.refuses["DeleteChangeSet"] = "ChangeSet does not exist"
    lab.pipeline.cancel("prod", plan.id)


def test_a_file_that_is_broken_during_a_deployment_does_not_make_a_release_a_failure(lab: Any) -> None:
    lab.push("one")
    lab.push("two")
    plan = lab.plan("dev", "rollback")
    lab.hold_up()
    begun = lab.pipeline.confirm("dev", plan.id, who=lab.ann)
    lab.wait_until_executing()
    text = (lab.directory / "rollbacklab.toml").read_text()
    lab.configure("app = ")
    lab.go_on()
    assert lab.ended(begun).state == "done"
    lab.configure(text)
    assert lab.pipeline.stage("dev").pin is not None
