from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pytest_rollbacklab.deploy.configuration import Configuration
from pytest_rollbacklab.deploy.release import Releases
from pytest_rollbacklab.errors import (
    BuildError,
    DeployError,
    NothingToRollBackError,
    PromoteError,
    UnknownStageError,
)
from pytest_rollbacklab.model import Build

MakeBuild = Callable[..., Build]


def with_memory(megabytes: str) -> Configuration:
    return Configuration(parameters={"Stage": "prod", "Memory": megabytes})


@pytest.fixture
def good(make_build: MakeBuild) -> Build:
    return make_build("good")


@pytest.fixture
def bad(good: Build, make_build: MakeBuild) -> Build:
    return make_build("bad")


def test_a_deployment_is_a_release_with_the_stages_parameters(
    releases: Releases, good: Build, cloudformation: Any
) -> None:
    release = releases.deploy(good, "dev", reason="pushed")
    assert (release.number, release.stage, release.kind, release.build) == (1, "dev", "deploy", good)
    assert (release.parameters, release.reason, release.rolled_back_from) == ({"Stage": "dev"}, "pushed", None)
    assert [change.logical_id for change in release.changes] == ["CreateFunction"]
    assert release.packages_rebuilt == 1
    assert releases.ledger("dev").live() == release
    assert cloudformation.stacks["notes-dev"]["statuses"] == ["CREATE_COMPLETE"]


def test_a_release_carries_the_stacks_outputs(releases: Releases, good: Build, cloudformation: Any) -> None:
    cloudformation.add_stack("notes-dev", "UPDATE_COMPLETE", Url="https://dev")
    assert releases.deploy(good, "dev").outputs == {"Url": "https://dev"}


def test_a_promotion_puts_what_is_live_on_another_stage_with_its_parameters(
    releases: Releases, good: Build, bad: Build
) -> None:
    releases.deploy(good, "dev")
    releases.deploy(bad, "dev")
    release = releases.promote("dev", "prod")
    assert (release.stage, release.kind, release.build, release.parameters) == (
        "prod",
        "promote",
        bad,
        {"Stage": "prod"},
    )
    assert release.packages_rebuilt == 0


def test_a_plan_changes_nothing_until_it_is_executed(releases: Releases, good: Build, cloudformation: Any) -> None:
    releases.deploy(good, "dev")
    plan = releases.plan_promote("dev", "prod", reason="looked at it")
    assert [change.logical_id for change in plan.change_set.changes] == ["CreateFunction"]
    assert len(cloudformation.called("ExecuteChangeSet")) == 1
    assert releases.ledger("prod").live() is None
    assert releases.execute(plan).reason == "looked at it"
    assert cloudformation.called("ExecuteChangeSet")[1]["ChangeSetName"] == plan.change_set.name


def test_a_plan_can_be_dropped(releases: Releases, good: Build, cloudformation: Any) -> None:
    releases.deploy(good, "dev")
    releases.discard(releases.plan_promote("dev", "prod"))
    assert cloudformation.change_sets == {}


def test_a_plan_without_changes_is_released_without_an_execution(
    releases: Releases, good: Build, cloudformation: Any
) -> None:
    cloudformation.add_stack("notes-dev", "UPDATE_COMPLETE", Url="https://dev")
    cloudformation.next_change_set = {
        "Status": "FAILED",
        "StatusReason": "The submitted information didn't contain changes.",
    }
    plan = releases.plan(good, "dev", kind="deploy")
    release = releases.execute(plan)
    releases.discard(plan)
    assert (release.changes, release.outputs) == ((), {"Url": "https://dev"})
    assert cloudformation.called("ExecuteChangeSet") == []


def test_a_rollback_brings_package_template_and_parameters_of_then(
    releases: Releases, good: Build, bad: Build, cloudformation: Any, bucket: Any
) -> None:
    releases.execute(releases.plan(good, "prod", kind="deploy", configuration=with_memory("128")))
    releases.execute(releases.plan(bad, "prod", kind="deploy", configuration=with_memory("64")))
    before = dict(bucket.objects)
    release = releases.roll_back("prod", reason="502")
    first, _, third = cloudformation.called("CreateChangeSet")
    assert third["TemplateBody"] == first["TemplateBody"] == '{"Resources": {"Create": "good"}}'
    assert third["Parameters"] == first["Parameters"]
    assert (release.kind, release.build, release.packages_rebuilt) == ("rollback", good, 0)
    assert (release.rolled_back_from, release.reason) == (bad.number, "502")
    assert release.parameters == {"Stage": "prod", "Memory": "128"}
    assert bucket.objects.keys() - before.keys() == {"stages/prod/releases/000003.json"}


def test_a_rollback_can_name_its_build(releases: Releases, make_build: MakeBuild) -> None:
    for content in ("one", "two", "three"):
        releases.deploy(make_build(content), "dev")
    assert releases.roll_back("dev", to=1).build.number == 1


def test_a_rollback_whose_package_is_gone_leaves_the_stage_untouched(
    releases: Releases, good: Build, bad: Build, cloudformation: Any, bucket: Any
) -> None:
    releases.deploy(good, "dev")
    releases.deploy(bad, "dev")
    del bucket.objects[f"packages/{good.packages[0].sha256}.zip"]
    calls = len(cloudformation.calls)
    with pytest.raises(DeployError, match="build 1 cannot be deployed: its package of Create is gone from the shelf"):
        releases.roll_back("dev")
    assert len(cloudformation.calls) == calls
    live = releases.ledger("dev").live()
    assert live is not None
    assert live.build == bad


def test_a_rollback_with_nothing_to_go_back_to_says_so(releases: Releases, good: Build, cloudformation: Any) -> None:
    with pytest.raises(NothingToRollBackError, match="dev cannot be rolled back: nothing was ever released there"):
        releases.roll_back("dev")
    releases.deploy(good, "dev")
    with pytest.raises(NothingToRollBackError, match="build 1 is live already"):
        releases.roll_back("dev", to=1)
    assert len(cloudformation.called("CreateChangeSet")) == 1


def test_a_deployment_that_fails_is_no_release_and_says_what_is_live(
    releases: Releases, good: Build, bad: Build, cloudformation: Any
) -> None:
    first = releases.deploy(good, "dev")
    cloudformation.next_statuses = ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
    with pytest.raises(DeployError, match=r"build 2 was not deployed to notes-dev: .*; the stack went back to build 1"):
        releases.deploy(bad, "dev")
    assert releases.ledger("dev").releases() == (first,)


def test_a_failed_build_is_neither_deployed_nor_promoted(
    releases: Releases, good: Build, make_build: MakeBuild, cloudformation: Any
) -> None:
    releases.deploy(good, "dev")
    failed = make_build("bad", failure="the package of Create lacks its handler")
    with pytest.raises(DeployError, match=r"build 2 failed and cannot be deployed to dev: the package of Create lacks"):
        releases.deploy(failed, "dev")
    with pytest.raises(PromoteError, match=r"build 2 failed and cannot be promoted to prod: the package of .*\n.*mend"):
        releases.promote("dev", "prod", build=2)
    assert len(cloudformation.called("CreateChangeSet")) == 1


def test_a_promotion_from_a_stage_with_nothing_says_so(releases: Releases) -> None:
    with pytest.raises(PromoteError, match=r"there is nothing on dev to promote\n.*no release\n.*deploy to dev first"):
        releases.promote("dev", "prod")


def test_a_promotion_can_name_a_build_that_was_live_on_its_stage(
    releases: Releases, good: Build, bad: Build, make_build: MakeBuild
) -> None:
    releases.deploy(good, "dev")
    releases.deploy(bad, "dev")
    assert releases.promote("dev", "prod", build=1).build == good
    never = make_build("never")
    with pytest.raises(PromoteError, match=r"build 3 was never live on dev\n.*deploy it there first"):
        releases.promote("dev", "prod", build=never.number)
    with pytest.raises(BuildError, match="there is no build 9"):
        releases.promote("dev", "prod", build=9)


def test_a_stage_is_not_promoted_to_itself(releases: Releases) -> None:
    with pytest.raises(PromoteError, match="dev cannot be promoted to itself"):
        releases.promote("dev", "dev")


def test_an_unknown_stage_lists_those_there_are(releases: Releases, good: Build, cloudformation: Any) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: releases.deploy(good, "produ"),
        lambda: releases.promote("produ", "dev"),
        lambda: releases.promote("dev", "produ"),
        lambda: releases.roll_back("produ"),
        lambda: releases.ledger("produ"),
    ]
    for attempt in attempts:
        with pytest.raises(UnknownStageError, match=r"has no stage 'produ'\n.*stages dev, prod"):
            attempt()
    assert cloudformation.calls == []
