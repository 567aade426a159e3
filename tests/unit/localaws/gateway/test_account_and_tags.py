"""The account's settings, and tags."""

from __future__ import annotations

import pytest


def update(world, op, path, value=None):
    return world.call("UpdateAccount", patchOperations=[{"op": op, "path": path, "value": value}])


def test_an_account_has_no_role_until_it_is_given_one(world):
    assert world.call("GetAccount") == {
        "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0},
        "features": ["UsagePlans"],
        "apiKeyVersion": "4",
    }
    role = "arn:aws:iam::123456789012:role/logs"
    assert update(world, "replace", "/cloudwatchRoleArn", role)["cloudwatchRoleArn"] == role
    assert world.call("GetAccount")["cloudwatchRoleArn"] == role
    assert "cloudwatchRoleArn" not in update(world, "replace", "/cloudwatchRoleArn", "")
    update(world, "add", "/features", "UsagePlans")


@pytest.mark.parametrize(
    ("role", "part"),
    [
        ("arn:aws:iam::123456789012:role/nope", "The role with name nope cannot be found."),
        ("arn:aws:iam::999999999999:role/logs", "is no role of this account"),
        ("logs", "Invalid ARN specified in the request: logs is no role of this account"),
    ],
)
def test_a_role_that_there_is_not_is_refused(world, role, part):
    code, message = world.refused(
        "UpdateAccount", patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}]
    )
    assert (code, part in message) == ("BadRequestException", True)


def test_a_role_that_does_not_trust_the_gateway_is_refused(world):
    world.aws.trusted = "lambda.amazonaws.com"
    code, message = world.refused(
        "UpdateAccount",
        patchOperations=[
            {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}
        ],
    )
    assert code == "BadRequestException"
    assert message.startswith("The role ARN does not have required permissions configured.")
    assert message.endswith("(logs's trust policy does not name apigateway.amazonaws.com)")


def test_another_setting_is_refused(world):
    patch = {"op": "replace", "path": "/throttleSettings", "value": "x"}
    assert world.refused("UpdateAccount", patchOperations=[patch]) == (
        "BadRequestException",
        "Invalid patch path /throttleSettings",
    )


def test_apis_and_stages_are_tagged(world):
    api = world.deployed()
    for arn in (
        f"arn:aws:apigateway:us-east-1::/restapis/{api}",
        f"arn:aws:apigateway:us-east-1::/restapis/{api}/stages/prod",
    ):
        world.call("TagResource", resourceArn=arn, tags={"a": "1", "b": "2"})
        assert world.call("GetTags", resourceArn=arn) == {"tags": {"a": "1", "b": "2"}}
        world.call("UntagResource", resourceArn=arn, tagKeys=["a"])
        assert world.call("GetTags", resourceArn=arn) == {"tags": {"b": "2"}}
    assert world.call("GetRestApi", restApiId=api)["tags"] == {"b": "2"}
    assert world.call("GetStage", restApiId=api, stageName="prod")["tags"] == {"b": "2"}


def test_tags_of_other_things_are_refused(world):
    assert world.refused("GetTags", resourceArn="arn:aws:apigateway:us-east-1::/domainnames/x") == (
        "BadRequestException",
        (
            "Invalid ARN specified in the request: arn:aws:apigateway:us-east-1::/domainnames/x is no REST API, stage, "
            "API key or usage plan"
        ),
    )


def test_api_keys_and_usage_plans_have_tags(world):
    key = world.call("CreateApiKey", name="a", tags={"team": "a"})["id"]
    plan = world.call("CreateUsagePlan", name="p")["id"]
    for kind, id_ in (("apikeys", key), ("usageplans", plan)):
        arn = f"arn:aws:apigateway:us-east-1::/{kind}/{id_}"
        world.call("TagResource", resourceArn=arn, tags={"stage": "x", "team": "b"})
        world.call("UntagResource", resourceArn=arn, tagKeys=["stage"])
        assert world.call("GetTags", resourceArn=arn) == {"tags": {"team": "b"}}
    assert world.call("GetApiKey", apiKey=key)["tags"] == {"team": "b"}
