from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.errors import BuildError


def test_a_push_is_built_and_deployed_to_the_stages_that_follow_its_branch(lab: Any) -> None:
    build = lab.push("one")
    assert (build.number, lab.live("dev"), lab.live("prod")) == (1, 1, None)
    deploy, push = lab.pipeline.activities().items
    assert (push.kind, push.state, push.build, push.stage) == ("push", "done", 1, None)
    assert push.summary == f"push {build.commit.short_sha} one to main"
    assert push.outcome == f"build 1 of {build.commit.short_sha} one"
    assert (deploy.kind, deploy.summary, deploy.by, deploy.via) == (
        "deploy",
        "deploy build 1 to dev",
        "bob",
        "git push",
    )
    assert lab.said[0].startswith(f"Building {build.commit.short_sha} 'one'")
    assert lab.said[-1] == f"dev: {deploy.outcome}"


def test_the_pusher_hears_what_is_in_the_log(lab: Any) -> None:
    build = lab.build("one")
    assert lab.ground.journal.log(1) == tuple(lab.said)
    assert lab.pipeline.build_log(build.number) == tuple(lab.said)
    with pytest.raises(BuildError, match="there is no build 9"):
        lab.pipeline.build_log(9)


def test_a_commit_is_built_once(lab: Any) -> None:
    build = lab.push("one")
    lab.said.clear()
    again = lab.build_commit(build.commit.sha, "other")
    assert again == build
    assert lab.said == [f"Commit {build.commit.short_sha} was built before, as build 1; nothing is rebuilt"]
    lab.move(again, "other")
    assert lab.said[-1] == "no stage follows other: build 1 waits on the shelf"


def test_a_commit_that_does_not_build_is_refused_with_its_reason(lab: Any) -> None:
    lab.repository.write("template.yaml", "Resources: [")
    sha = lab.commit("broken")
    with pytest.raises(BuildError, match=rf"build 1 of {sha[:7]} 'broken' failed: "):
        lab.build_commit(sha)
    failed = lab.pipeline.activity(1)
    assert (failed.state, failed.build) == ("failed", 1)


def test_what_was_not_built_before_is_built_when_its_branch_moves(lab: Any) -> None:
    sha = lab.commit("one")
    lab.pipeline.moved("main", sha, who=lab.pusher, say=lab.said.append)
    assert lab.live("dev") == 1


def test_what_goes_wrong_after_git_has_taken_it_is_said_and_not_raised(lab: Any) -> None:
    lab.repository.write("template.yaml", "Resources: [")
    sha = lab.commit("broken")
    lab.pipeline.moved("main", sha, who=lab.pusher, say=lab.said.append)
    assert any(line.startswith(f"build 1 of {sha[:7]} 'broken' failed: ") for line in lab.said)


def test_a_pinned_stage_is_left_alone_and_the_pusher_is_told(lab: Any) -> None:
    lab.push("one")
    lab.pipeline.pin("dev", who=lab.ann, reason="exam")
    lab.push("two")
    assert lab.said[-2:] == [
        "dev is pinned to build 1 by ann (exam):",
        "  build 2 was built but is not deployed there until the pin is released",
    ]
    assert lab.live("dev") == 1


def test_a_build_waits_for_the_one_before_and_says_so(lab: Any) -> None:
    lab.push("one")
    sha = lab.commit("two")
    begun = lab.ground.journal.begin("push", lab.ann, "push of somebody else")
    with lab.ground.turn("(build)", begun, pytest.fail):
        push = lab.in_background(lambda: lab.build_commit(sha))
        lab.wait_until_in_line("(build)")
        waits = lab.pipeline.activities(limit=1).items[0]
        assert waits.state == "waiting"
    push.join()
    assert f"waiting in line: activity {begun.number} is at work (push of somebody else, by ann)" in lab.said
    assert lab.pipeline.activity(waits.number).state == "done"


def test_a_push_waits_in_line_for_its_stage_and_says_so(lab: Any) -> None:
    first = lab.build("one")
    lab.hold_up()
    one = lab.in_background(lambda: lab.move(first))
    lab.wait_until_executing()
    second = lab.build("two")
    two = lab.in_background(lambda: lab.move(second))
    lab.wait_until_in_line("dev")
    lab.go_on()
    one.join()
    two.join()
    assert any(
        line.endswith("is at work (deploy build 1 to dev, by bob)") and line.startswith("waiting in line on dev:")
        for line in lab.said
    )
    assert [release.build.number for release in lab.ground.releases.ledger("dev").releases()] == [1, 2]


def test_a_push_that_comes_late_does_not_go_over_a_later_one(lab: Any) -> None:
    first, second = lab.build("one"), lab.build("two")
    lab.move(second)
    lab.move(first)
    assert lab.live("dev") == 2
    (refused,) = [line for line in lab.said if "has moved on" in line]
    assert refused == f"main has moved on to {second.commit.sha[:7]} since {first.commit.sha[:7]} was pushed"
    failed = lab.pipeline.activities(limit=1).items[0]
    assert failed.outcome == (
        f"{refused}\n"
        "  looked at: the repository's branches\n"
        "  what to do: nothing has to be done: the later push is deployed by itself"
    )


def test_a_branch_that_goes_back_is_deployed(lab: Any) -> None:
    first = lab.push("one")
    lab.push("two")
    lab.build_commit(first.commit.sha)
    lab.git("reset", "--hard", first.commit.sha)
    lab.move(first)
    assert lab.live("dev") == 1


def make_branch(lab: Any) -> str:
    """Push a branch that has a stage of its own; returns the stage's name."""
    build = lab.push("one")
    lab.git("branch", "feature/x")
    lab.build_commit(build.commit.sha, "feature/x")
    lab.move(build, "feature/x")
    name: str = lab.pipeline.app.stages[-1].name
    assert lab.live(name) == 1
    return name


def test_the_stage_of_a_branch_goes_with_it(lab: Any) -> None:
    name = make_branch(lab)
    lab.git("branch", "-D", "feature/x")
    lab.said.clear()
    lab.pipeline.removed("feature/x", who=lab.pusher, say=lab.said.append)
    assert lab.said == [f"{name}: deleting its stack", f"{name} is gone, with all that was in it"]
    assert [stage.name for stage in lab.pipeline.app.stages] == ["dev", "prod"]
    gone = lab.pipeline.activities(limit=1).items[0]
    assert (gone.kind, gone.stage, gone.summary, gone.outcome) == (
        "remove stage",
        name,
        f"remove {name}, its branch is gone",
        f"{name} is gone, with all that was in it",
    )
    assert lab.cloudformation.stacks[f"notes-{name}"]["deleted"]


def test_a_stage_of_the_file_stays_when_its_branch_goes(lab: Any) -> None:
    lab.push("one")
    lab.said.clear()
    lab.pipeline.removed("main", who=lab.pusher, say=lab.said.append)
    assert lab.said == ["dev followed main: what is live there stays"]


def test_a_stack_that_is_not_deleted_is_said(lab: Any) -> None:
    name = make_branch(lab)
    lab.git("branch", "-D", "feature/x")
    lab.cloudformation.delete_leaves = "DELETE_FAILED"
    lab.pipeline.removed("feature/x", who=lab.pusher, say=lab.said.append)
    assert any(line.startswith(f"notes-{name} was not deleted: DELETE_FAILED") for line in lab.said)
    assert lab.pipeline.activities(limit=1).items[0].state == "failed"


def test_a_push_in_line_behind_the_removal_of_its_stage_does_not_make_it_again(lab: Any) -> None:
    name = make_branch(lab)
    build = lab.build("two", "feature/x")
    begun = lab.ground.journal.begin("config", lab.ann, "change something", stage=name)
    with lab.ground.turn(name, begun, pytest.fail):
        push = lab.in_background(lambda: lab.move(build, "feature/x"))
        lab.wait_until_in_line(name)
        lab.git("switch", "--detach")
        lab.git("branch", "-D", "feature/x")
        lab.ground.reread_branches()
    push.join()
    assert any(f"has no stage '{name}'" in line for line in lab.said)
    assert len(lab.cloudformation.called("ExecuteChangeSet")) == 2


def test_a_stage_is_no_longer_there_for_others_before_it_is_taken_down(lab: Any) -> None:
    name = make_branch(lab)
    lab.git("branch", "-D", "feature/x")
    seen: list[bool] = []
    lab.pipeline.removed(
        "feature/x",
        who=lab.pusher,
        say=lambda _: seen.append(name in [stage.name for stage in lab.pipeline.app.stages]),
    )
    assert seen == [False, False]


def test_retention_is_said_and_the_builds_that_are_needed_are_kept(lab: Any) -> None:
    lab.configure('app = "notes"\n[stages.dev]\nbranch = "main"\n[retention]\nbuilds = 1\n')
    for text in ("one", "two", "three"):
        lab.push(text)
    assert "Retention: the packages of build 1 were removed" not in lab.said
    lab.push("four")
    assert "Retention: the packages of build 1 were removed" in lab.said
    lab.ground.shelf.verify(lab.ground.shelf.build(4))


def test_several_that_are_removed_at_once_are_told_together(lab: Any) -> None:
    for text in ("one", "two", "three", "four"):
        lab.build(text, "other")
        lab.move(lab.ground.shelf.latest(), "other")
    lab.configure('app = "notes"\n[stages.dev]\nbranch = "main"\n[retention]\nbuilds = 1\n')
    lab.build("five", "other")
    assert "Retention: the packages of builds 1, 2, 3, 4 were removed" in lab.said


def test_what_git_is_taking_and_what_is_planned_is_kept(lab: Any) -> None:
    lab.configure(
        'app = "notes"\n[stages.dev]\nbranch = "main"\n[stages.prod]\npromote_only = true\n[retention]\nbuilds = 1\n'
    )
    planned = lab.build("one", "other")
    lab.move(planned, "other")
    lab.plan("prod", "deploy", build=1)
    on_the_way = lab.build("two", "third")
    lab.build("three", "other")
    assert lab.ground.shelf.pruned() == frozenset()
    lab.move(on_the_way, "third")
    lab.build("four", "fourth")
    assert lab.ground.shelf.pruned() == {2}


def test_a_build_that_is_being_deployed_is_kept(lab: Any) -> None:
    lab.configure('app = "notes"\n[stages.dev]\nbranch = "main"\n[retention]\nbuilds = 1\n')
    first = lab.build("one")
    lab.hold_up()
    push = lab.in_background(lambda: lab.move(first))
    lab.wait_until_executing()
    lab.build("two", "other")
    lab.build("three", "other")
    assert 1 not in lab.ground.shelf.pruned()
    lab.go_on()
    push.join()
    assert lab.live("dev") == 1


def test_a_removed_build_is_built_again_when_its_commit_is_pushed_again(lab: Any) -> None:
    build = lab.build("one", "other")
    lab.ground.shelf.prune([build], [])
    assert lab.build_commit(build.commit.sha, "again").number == 2


def test_objects_that_git_has_not_taken_are_read_from_its_quarantine(lab: Any, tmp_path: Any) -> None:
    sha = lab.commit("one")
    away = tmp_path / "quarantine"
    (lab.directory / ".git" / "objects").rename(away)
    (lab.directory / ".git" / "objects").mkdir()
    with pytest.raises(Exception, match="names no commit"):
        lab.build_commit(sha)
    quarantine = {"GIT_OBJECT_DIRECTORY": str(away), "GIT_QUARANTINE_PATH": str(away)}
    built = lab.pipeline.pushed_commit("main", sha, who=lab.pusher, say=lab.said.append, quarantine=quarantine)
    assert built.commit.sha == sha
