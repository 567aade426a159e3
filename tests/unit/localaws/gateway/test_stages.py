"""Stages, as recorded by LocalStack's AWS-validated tests (``test_stage_access_log_settings`` and others)."""

from __future__ import annotations

import pytest

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:access"
ROLE = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}


@pytest.fixture
def api(world):
    world.call("UpdateAccount", patchOperations=[ROLE])
    return world.deployed()


def refused(world, api, op, path, value=None):
    operation = {"op": op, "path": path} | ({} if value is None else {"value": value})
    return world.refused("UpdateStage", restApiId=api, stageName="prod", patchOperations=[operation])


def test_a_stage_is_created_and_read(world, api):
    deployment = world.deploy(api)
    made = world.call(
        "CreateStage",
        restApiId=api,
        stageName="dev",
        deploymentId=deployment,
        description="dev stage",
        documentationVersion="v123",
        variables={"fn": "create"},
        tags={"team": "a"},
    )
    assert {key: made[key] for key in made if not key.endswith("Date")} == {
        "stageName": "dev",
        "deploymentId": deployment,
        "description": "dev stage",
        "documentationVersion": "v123",
        "variables": {"fn": "create"},
        "tags": {"team": "a"},
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "tracingEnabled": False,
    }
    assert world.call("GetStage", restApiId=api, stageName="dev") == made
    stages = world.call("GetStages", restApiId=api)["item"]
    assert [stage["stageName"] for stage in stages] == ["prod", "dev"]
    assert world.call("GetStages", restApiId=api, deploymentId="other")["item"] == []


def test_a_stage_cannot_point_at_a_deployment_that_there_is_not(world, api):
    missing = ("BadRequestException", "Deployment id does not exist")
    assert world.refused("CreateStage", restApiId=api, stageName="x", deploymentId="nope") == missing
    assert refused(world, api, "replace", "/deploymentId", "nope") == missing
    assert world.send(api).status == 200


def test_a_stage_that_is_there_or_is_not_is_told(world, api):
    deployment = world.deploy(api)
    assert world.refused("CreateStage", restApiId=api, stageName="prod", deploymentId=deployment) == (
        "ConflictException",
        "Stage already exists",
    )
    for operation in ("GetStage", "UpdateStage", "DeleteStage"):
        assert world.refused(operation, restApiId=api, stageName="nope") == (
            "NotFoundException",
            "Invalid stage identifier specified",
        )
    assert world.refused("CreateStage", restApiId=api, stageName="x") == (
        "BadRequestException",
        "Invalid request input: deploymentId must be given",
    )


@pytest.mark.parametrize("name", ["cacheClusterEnabled", "tracingEnabled"])
def test_what_is_not_emulated_of_a_new_stage_is_refused_by_name(world, api, name):
    params = {"stageName": "x", "deploymentId": world.deploy(api), name: True}
    code, message = world.refused("CreateStage", restApiId=api, **params)
    assert (code, f"{name}=True of CreateStage" in message) == ("NotImplemented", True)


def test_a_deleted_stage_answers_no_more(world, api):
    world.call("DeleteStage", restApiId=api, stageName="prod")
    assert world.send(api).status == 403


def test_settings_of_methods_are_kept_under_awss_keys(world, api):
    changed = world.patch_stage(
        api,
        **{
            "/*/*/logging/loglevel": "INFO",
            "/*/*/logging/dataTrace": "true",
            "/~1notes/GET/metrics/enabled": "true",
            "/~1notes/GET/throttling/burstLimit": "5000",
            "/variables/a": "1",
            "/description": "new",
            "/tracingEnabled": "false",
            "/documentationVersion": "v2",
        },
    )
    settings = changed["methodSettings"]
    assert settings["*/*"]["loggingLevel"] == "INFO"
    assert settings["*/*"]["dataTraceEnabled"] is True
    assert settings["~1notes/GET"] == {
        "metricsEnabled": True,
        "dataTraceEnabled": False,
        "throttlingBurstLimit": 5000,
        "throttlingRateLimit": 10000.0,
        "cachingEnabled": False,
        "cacheTtlInSeconds": 300,
        "cacheDataEncrypted": False,
        "requireAuthorizationForCacheControl": True,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    }
    assert (changed["variables"], changed["description"]) == ({"a": "1"}, "new")
    cleared = world.patch_stage(api, **{"/*/*": None, "/variables/a": None, "/~1notes/GET/metrics/enabled": None})
    assert list(cleared["methodSettings"]) == ["~1notes/GET"]
    assert cleared["methodSettings"]["~1notes/GET"]["metricsEnabled"] is False
    assert "variables" not in cleared


def test_access_logs_are_set_piece_by_piece_and_removed_as_a_whole(world, api):
    first = world.patch_stage(api, **{"/accessLogSettings/destinationArn": GROUP})
    assert first["accessLogSettings"] == {"destinationArn": GROUP}
    second = world.patch_stage(api, **{"/accessLogSettings/format": "$context.requestId $context.identity.sourceIp"})
    assert second["accessLogSettings"]["format"] == "$context.requestId $context.identity.sourceIp"
    assert "accessLogSettings" not in world.patch_stage(api, **{"/accessLogSettings": None})


@pytest.mark.parametrize("path", ["/accessLogSettings/randomValue", "/accessLogSettings/*", "/accessLogSettings"])
@pytest.mark.parametrize("op", ["add", "replace"])
def test_other_access_log_settings_are_refused_as_recorded(world, api, op, path):
    assert refused(world, api, op, path, "x") == (
        "BadRequestException",
        (
            "Invalid accessLogSettings path. Must be one of : "
            "[/accessLogSettings/destinationArn, /accessLogSettings/format]"
        ),
    )


@pytest.mark.parametrize(
    ("op", "path", "value", "message"),
    [
        ("replace", "/accessLogSettings/format", "", "Access Log value must not be empty"),
        ("replace", "/accessLogSettings/destinationArn", "", "Access Log value must not be empty"),
        (
            "remove",
            "/accessLogSettings/destinationArn",
            None,
            (
                "Cannot remove method setting accessLogSettings/destinationArn because there is no method setting for "
                "this method "
            ),
        ),
        (
            "remove",
            "/*/*",
            None,
            "Cannot remove method setting */* because there is no method setting for this method ",
        ),
        (
            "remove",
            "/~1set/GET/metrics/wrong",
            None,
            "Cannot remove method setting ~1set/GET/metrics/wrong because there is no method setting for this method ",
        ),
        (
            "replace",
            "/accessLogSettings/format",
            "$context.status",
            "Access Log format must include either $context.requestId or $context.extendedRequestId : '$context.st",
        ),
        (
            "replace",
            "/accessLogSettings/format",
            "$context.requestId\n$context.status",
            (
                "Access Log format must be single line, new line character is allowed only at end of the format: "
                "'$context.requestId\n$context.status'"
            ),
        ),
        (
            "replace",
            "/accessLogSettings/destinationArn",
            "access",
            "Invalid ARN specified in the request. It is not the ARN of a log group: access",
        ),
        (
            "replace",
            "/*/*/logging/loglevel",
            "LOUD",
            "Invalid value 'LOUD' for /*/*/logging/loglevel: it must be one of OFF, ERROR, INFO",
        ),
        ("replace", "/variables/a", "b c", "Invalid stage variable a=b c: names are of a-zA-Z0-9_, values of"),
    ],
)
def test_settings_that_make_no_sense_are_refused(world, api, op, path, value, message):
    world.patch_stage(api, **{"/~1set/GET/metrics/enabled": "true"})
    code, told = refused(world, api, op, path, value)
    assert (code, told.startswith(message)) == ("BadRequestException", True)


@pytest.mark.parametrize("path", ["/documentation_version", "/tags/tag1", "/wrong", "/a/b/c/d", "/a/b"])
def test_an_unknown_path_is_named_with_all_that_there_are(world, api, path):
    code, message = refused(world, api, "replace", path, "x")
    assert code == "BadRequestException"
    assert message.startswith(f"Invalid method setting path: {path}. Must be one of: [/deploymentId, /description, ")
    assert message.endswith("/variables/{variable_name}, /tracingEnabled]")


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("/tracingEnabled", "true", "/tracingEnabled=true of stages"),
        ("/*/*/caching/enabled", "true", "/*/*/caching/enabled=true of stages"),
        ("/cacheClusterEnabled", "true", "/cacheClusterEnabled=true of stages"),
        ("/canarySettings/useStageCache", "true", "useStageCache=true of canary releases"),
        (
            "/accessLogSettings/destinationArn",
            "arn:aws:firehose:us-east-1:123456789012:deliverystream/amazon-apigateway-x",
            "access logs to the delivery stream arn:aws:firehose",
        ),
    ],
)
def test_what_is_not_emulated_of_a_stage_is_refused_by_name(world, api, path, value, named):
    code, message = refused(world, api, "replace", path, value)
    assert (code, f"the local AWS does not emulate {named}" in message) == ("NotImplemented", True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/accessLogSettings/destinationArn", GROUP),
        ("/*/*/logging/loglevel", "ERROR"),
        ("/*/*/logging/dataTrace", "true"),
    ],
)
def test_logs_need_the_accounts_role(world, path, value):
    api = world.deployed()
    assert refused(world, api, "replace", path, value) == (
        "BadRequestException",
        "CloudWatch Logs role ARN must be set in account settings to enable logging",
    )
    world.patch_stage(api, **{"/*/*/logging/loglevel": "OFF", "/*/*/metrics/enabled": "true"})
    world.call("UpdateAccount", patchOperations=[ROLE])
    world.patch_stage(api, **{path: value})


def test_a_failing_patch_leaves_the_stage_as_it_was(world, api):
    before = world.call("GetStage", restApiId=api, stageName="prod")
    operations = [{"op": "replace", "path": "/description", "value": "x"}, {"op": "replace", "path": "/wrong"}]
    world.refused("UpdateStage", restApiId=api, stageName="prod", patchOperations=operations)
    assert world.call("GetStage", restApiId=api, stageName="prod") == before
