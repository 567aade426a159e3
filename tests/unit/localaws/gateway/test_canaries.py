"""Canary releases: begun with a stage, with a deployment or by patches; shared out, promoted, and taken away.

Words and defaults are those that LocalStack's AWS-validated canary tests recorded.
"""

from __future__ import annotations

import pytest


@pytest.fixture
def staged(world):
    """An API with two deployments, the first on prod, and what changes the stage."""

    class Staged:
        def __init__(self):
            self.api = world.deployed()
            self.first = world.call("GetStage", restApiId=self.api, stageName="prod")["deploymentId"]
            self.second = world.call("CreateDeployment", restApiId=self.api)["id"]

        def patch(self, *patches):
            names = ("op", "path", "value", "from")
            operations = [{k: v for k, v in zip(names, patch, strict=False) if v is not None} for patch in patches]
            return world.call("UpdateStage", restApiId=self.api, stageName="prod", patchOperations=operations)

        def refused(self, *patch):
            operation = dict(zip(("op", "path", "value", "from"), patch, strict=False))
            return world.refused("UpdateStage", restApiId=self.api, stageName="prod", patchOperations=[operation])

        def deployment_of_answer(self):
            world.lambdas.invoked.clear()
            assert world.send(self.api).status == 200
            return world.lambdas.event["requestContext"]["deploymentId"]

    return Staged()


def test_a_stage_can_be_made_with_a_canary(world, staged):
    settings = {
        "deploymentId": staged.second,
        "percentTraffic": 50.0,
        "stageVariableOverrides": {"a": "canary"},
        "useStageCache": False,
    }
    made = world.call(
        "CreateStage",
        restApiId=staged.api,
        stageName="dev",
        deploymentId=staged.first,
        variables={"a": "stage"},
        canarySettings=settings,
    )
    assert made["canarySettings"] == settings
    assert made["variables"] == {"a": "stage"}


def test_a_deployment_can_be_put_on_a_stage_as_its_canary(world, staged):
    third = world.deploy(staged.api, canarySettings={"percentTraffic": 50.0})
    stage = world.call("GetStage", restApiId=staged.api, stageName="prod")
    assert stage["deploymentId"] == staged.first
    assert stage["canarySettings"] == {"deploymentId": third, "percentTraffic": 50.0, "useStageCache": False}


def test_a_canary_that_is_begun_gets_nothing_and_points_where_the_stage_does(staged):
    begun = staged.patch(("replace", "/canarySettings/deploymentId", staged.second))
    assert begun["canarySettings"] == {
        "deploymentId": staged.second,
        "percentTraffic": 0.0,
        "useStageCache": False,
    }
    assert staged.deployment_of_answer() == staged.first
    staged.patch(("remove", "/canarySettings"))
    begun = staged.patch(("replace", "/canarySettings/percentTraffic", "50"))
    assert begun["canarySettings"]["deploymentId"] == staged.first


def test_requests_are_shared_out_by_chance(world, staged):
    staged.patch(
        ("replace", "/canarySettings/deploymentId", staged.second),
        ("replace", "/canarySettings/percentTraffic", "10.5"),
    )
    for chance, deployment in ((0.0, staged.second), (0.1049, staged.second), (0.105, staged.first)):
        world.chance = chance
        assert staged.deployment_of_answer() == deployment


def test_the_canarys_variables_are_its_own(world, staged):
    staged.patch(
        ("replace", "/variables/a", "stage"),
        ("replace", "/variables/b", "stage"),
        ("replace", "/canarySettings/percentTraffic", "50"),
        ("replace", "/canarySettings/stageVariableOverrides/b", "canary"),
        ("replace", "/canarySettings/stageVariableOverrides/c", "canary"),
    )
    for chance, variables in (
        (0.0, {"a": "stage", "b": "canary", "c": "canary"}),
        (0.9, {"a": "stage", "b": "stage"}),
    ):
        world.chance = chance
        staged.deployment_of_answer()
        assert world.lambdas.event["stageVariables"] == variables


def test_a_canary_is_logged_and_measured_by_itself(world, staged):
    world.log_to(staged.api, "$context.isCanaryRequest $context.requestId", level="INFO")
    staged.patch(("replace", "/canarySettings/percentTraffic", "50"))
    staged.deployment_of_answer()
    world.chance = 0.9
    staged.deployment_of_answer()
    groups = world.telemetry.logs.groups
    assert [line.split()[0] for line in groups["access/Canary"]] == ["true"]
    assert [line.split()[0] for line in groups["access"]] == ["true", "false"]
    assert {f"API-Gateway-Execution-Logs_{staged.api}/prod{end}" for end in ("", "/Canary")} <= groups.keys()
    metrics = world.telemetry.metrics
    assert metrics.values("Count", ApiName="notes", Stage="prod/Canary") == [1]
    assert metrics.values("Count", ApiName="notes", Stage="prod") == [1, 1]


def test_a_canary_is_promoted_by_copying_it(world, staged):
    staged.patch(
        ("replace", "/variables/a", "stage"),
        ("replace", "/canarySettings/deploymentId", staged.second),
        ("replace", "/canarySettings/stageVariableOverrides/a", "canary"),
    )
    promoted = staged.patch(
        ("copy", "/deploymentId", None, "/canarySettings/deploymentId"),
        ("copy", "/variables", None, "/canarySettings/stageVariableOverrides"),
        ("remove", "/canarySettings"),
    )
    assert (promoted["deploymentId"], promoted["variables"]) == (staged.second, {"a": "canary"})
    assert "canarySettings" not in promoted
    assert staged.deployment_of_answer() == staged.second


def test_a_deployment_that_a_canary_points_at_stays(world, staged):
    staged.patch(("replace", "/canarySettings/deploymentId", staged.second))
    where = {"restApiId": staged.api, "deploymentId": staged.second}
    assert world.refused("DeleteDeployment", **where) == (
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
    )
    assert world.call("GetStages", **where)["item"][0]["stageName"] == "prod"
    staged.patch(("remove", "/canarySettings"))
    world.call("DeleteDeployment", **where)


def test_a_stage_with_a_canary_is_not_moved_by_a_deployment(world, staged):
    staged.patch(("replace", "/canarySettings/percentTraffic", "50"))
    code, message = world.refused("CreateDeployment", restApiId=staged.api, stageName="prod")
    assert code == "BadRequestException"
    assert message.startswith("Stage prod has a canary release, and cannot be given another deployment before")
    staged.patch(("remove", "/canarySettings"))
    world.deploy(staged.api)


def test_overrides_are_taken_away_one_by_one(staged):
    staged.patch(
        ("replace", "/canarySettings/stageVariableOverrides/a", "1"),
        ("replace", "/canarySettings/stageVariableOverrides/b", "2"),
    )
    left = staged.patch(("remove", "/canarySettings/stageVariableOverrides/a"))
    assert left["canarySettings"]["stageVariableOverrides"] == {"b": "2"}


@pytest.mark.parametrize(
    ("patch", "code", "part"),
    [
        (
            ("remove", "/canarySettings"),
            "BadRequestException",
            "Cannot remove method setting canarySettings because there is no method setting for this method ",
        ),
        (
            ("remove", "/canarySettings/badPath"),
            "BadRequestException",
            "Cannot remove method setting canarySettings/badPath because there is no method setting for this method ",
        ),
        (
            ("replace", "/canarySettings/badPath", "x"),
            "BadRequestException",
            "Invalid method setting path: /canarySettings/badPath. Must be one of: [/deploymentId",
        ),
        (
            ("add", "/canarySettings/deploymentId", "x"),
            "BadRequestException",
            "Invalid add operation with path: /canarySettings/deploymentId",
        ),
        (("replace", "/canarySettings/deploymentId", "none"), "BadRequestException", "Deployment id does not exist"),
        (
            ("replace", "/canarySettings/percentTraffic", "101"),
            "BadRequestException",
            "Percent traffic should be between 0.0 and 100.0, inclusive, and not 101.0",
        ),
        (
            ("replace", "/canarySettings/percentTraffic", "some"),
            "BadRequestException",
            "Invalid value 'some' for /canarySettings/percentTraffic: it must be a number",
        ),
        (
            ("replace", "/canarySettings/useStageCache", "true"),
            "NotImplemented",
            "useStageCache=true of canary releases",
        ),
        (
            ("copy", "/deploymentId", "", "/canarySettings/deploymentId"),
            "BadRequestException",
            "Promotion not available. Canary does not exist.",
        ),
        (("copy", "/description", "", "/variables"), "BadRequestException", "Invalid copy from /variables to /desc"),
    ],
)
def test_what_is_refused_of_a_canary(staged, patch, code, part):
    refused, message = staged.refused(*patch)
    assert refused == code
    assert part in message


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {},
            "Non null and non empty stageName must be provided for canary deployment. Provided value is null",
        ),
        (
            {"stageName": "non-existing"},
            "Stage non-existing must already be created before making a canary release deployment",
        ),
    ],
)
def test_a_canary_needs_a_stage(world, staged, params, message):
    settings = {"percentTraffic": 50.0}
    before = len(world.call("GetDeployments", restApiId=staged.api)["items"])
    assert world.refused("CreateDeployment", restApiId=staged.api, canarySettings=settings, **params) == (
        "BadRequestException",
        f"Invalid deployment content specified.{message}",
    )
    assert len(world.call("GetDeployments", restApiId=staged.api)["items"]) == before
