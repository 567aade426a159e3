from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_rollbacklab.errors import CloudError, UsageError
from pytest_rollbacklab.observe import access_logs
from pytest_rollbacklab.observe.resources import StageResources

GROUP = "/rollbacklab/access/abc123/prod"
ROLE = "arn:aws:iam::123456789012:role/rollbacklab-apigateway-logs"
POLICY = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"


def test_one_call_makes_all_that_aws_demands(world: Any, resources: StageResources) -> None:
    enabled = access_logs.enable(world, resources)
    assert (enabled.log_group, enabled.role_arn, enabled.format) == (GROUP, ROLE, access_logs.FORMAT)
    assert enabled.done == (
        f"log group {GROUP} made, kept for 14 days",
        "role rollbacklab-apigateway-logs made",
        "the account's settings name it as the role that API Gateway writes logs with",
        "stage prod: /accessLogSettings/destinationArn, /accessLogSettings/format, /*/*/logging/loglevel set",
    )
    assert world.logs.retention == {GROUP: 14}
    assert world.iam.attached == [("rollbacklab-apigateway-logs", POLICY)]
    trust = json.loads(world.iam.roles["rollbacklab-apigateway-logs"])
    assert trust["Statement"][0]["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert world.apigateway.account == {"cloudwatchRoleArn": ROLE}
    assert world.apigateway.stage["accessLogSettings"] == {
        "destinationArn": f"arn:aws:logs:eu-west-1:123456789012:log-group:{GROUP}",
        "format": access_logs.FORMAT,
    }
    assert world.apigateway.stage["methodSettings"]["*/*"]["loggingLevel"] == "INFO"


def test_a_second_call_changes_nothing(world: Any, resources: StageResources) -> None:
    access_logs.enable(world, resources)
    again = access_logs.enable(world, resources)
    assert (again.log_group, again.role_arn, again.done) == (GROUP, ROLE, ())
    assert len(world.apigateway.patches) == 1


def test_what_is_there_is_kept(world: Any, resources: StageResources) -> None:
    world.apigateway.account = {"cloudwatchRoleArn": "arn:aws:iam::123456789012:role/theirs"}
    world.apigateway.log_access("$context.requestId", group="theirs")
    enabled = access_logs.enable(world, resources)
    assert (enabled.log_group, enabled.format) == ("theirs", "$context.requestId")
    assert enabled.role_arn.endswith("role/theirs")
    assert enabled.done == ("stage prod: /*/*/logging/loglevel set",)
    assert world.iam.roles == {}


def test_a_format_that_is_asked_for_replaces_the_stages_own(world: Any, resources: StageResources) -> None:
    world.apigateway.log_access("$context.requestId", group="theirs")
    enabled = access_logs.enable(world, resources, log_format="$context.requestId $context.status")
    assert (enabled.log_group, enabled.format) == (GROUP, "$context.requestId $context.status")
    assert world.apigateway.stage["accessLogSettings"]["destinationArn"].endswith(GROUP)


def test_the_format_holds_what_evidence_is_joined_by() -> None:
    assert {"requestId", "status", "integration.requestId", "integrationErrorMessage", "error.message"} <= set(
        json.loads(access_logs.FORMAT)
    )


def test_a_role_that_aws_does_not_know_yet_is_waited_for(world: Any, resources: StageResources) -> None:
    world.apigateway.role_refusals = ["The role ARN does not have required permissions configured."]
    assert access_logs.enable(world, resources).role_arn == ROLE
    assert world.apigateway.account == {"cloudwatchRoleArn": ROLE}


def test_another_refusal_is_not_waited_for(world: Any, resources: StageResources) -> None:
    world.apigateway.role_refusals = ["Invalid patch path"]
    with pytest.raises(Exception, match="Invalid patch path"):
        access_logs.enable(world, resources)


def test_a_cloud_that_dies_meanwhile_is_named(world: Any, resources: StageResources) -> None:
    world.apigateway.role_refusals = ["The role ARN does not have required permissions configured."]
    world.checks = [CloudError("the local AWS is gone")]
    with pytest.raises(CloudError, match="the local AWS is gone"):
        access_logs.enable(world, resources)


def test_a_delivery_stream_is_refused(world: Any, resources: StageResources) -> None:
    arn = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/amazon-apigateway-x"
    world.apigateway.stage["accessLogSettings"] = {"destinationArn": arn, "format": "$context.requestId"}
    with pytest.raises(UsageError, match="cannot be read back"):
        access_logs.enable(world, resources)
    assert world.apigateway.patches == []


def test_disable_leaves_what_was_written(world: Any, resources: StageResources) -> None:
    access_logs.enable(world, resources)
    access_logs.disable(world, resources)
    assert "accessLogSettings" not in world.apigateway.stage
    assert GROUP in world.logs.groups
    patches = len(world.apigateway.patches)
    access_logs.disable(world, resources)
    assert len(world.apigateway.patches) == patches


def test_a_group_of_an_earlier_time_is_used_again(world: Any, resources: StageResources) -> None:
    access_logs.enable(world, resources)
    access_logs.disable(world, resources)
    enabled = access_logs.enable(world, resources)
    assert enabled.log_group == GROUP
    assert enabled.done == ("stage prod: /accessLogSettings/destinationArn, /accessLogSettings/format set",)
