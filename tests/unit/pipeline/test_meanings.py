from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.model import Change
from pytest_rollbacklab.pipeline.meanings import STORES, change_line


def change(resource_type: str, action: str = "Modify", *properties: str, replacement: str | None = None) -> Change:
    return Change(
        action=action,
        logical_id="It",
        resource_type=resource_type,
        replacement=replacement,
        properties=properties,
    )


@pytest.mark.parametrize(
    ("resource_type", "properties", "meaning"),
    [
        ("AWS::Lambda::Function", ("Code",), "replaced code, no downtime; the next calls start cold"),
        ("AWS::Lambda::Function", ("Environment",), "other variables, no downtime; the next calls start cold"),
        ("AWS::Lambda::Function", ("Handler",), "another entry point; the next calls start cold"),
        ("AWS::Lambda::Function", ("MemorySize",), "another memory size; the next calls start cold"),
        ("AWS::Lambda::Function", ("ReservedConcurrentExecutions",), "another limit of concurrent calls"),
        ("AWS::Lambda::Function", ("Role",), "other permissions of the function"),
        ("AWS::Lambda::Function", ("Runtime",), "another runtime; the next calls start cold"),
        ("AWS::Lambda::Function", ("Timeout",), "calls may take another time"),
        ("AWS::Lambda::Function", ("Tags",), "configuration of the function, no downtime"),
        (
            "AWS::Lambda::Function",
            ("Role", "Tags", "Timeout", "Role"),
            "other permissions of the function; calls may take another time",
        ),
        ("AWS::Lambda::Alias", ("FunctionVersion",), "traffic moves at once"),
        ("AWS::Lambda::Alias", ("RoutingConfig",), "traffic is divided anew"),
        ("AWS::Lambda::Permission", (), "who may call the function"),
        ("AWS::ApiGateway::RestApi", ("Body",), "the API's definition; it is live with the next deployment of the API"),
        ("AWS::ApiGateway::Stage", ("DeploymentId",), "the API's new routes go live at once"),
        ("AWS::ApiGateway::Stage", ("Variables",), "settings of the API's stage"),
        ("AWS::DynamoDB::Table", ("BillingMode",), "settings of the table; its items stay"),
        ("AWS::IAM::Role", ("Policies",), "permissions change at once"),
        ("AWS::IAM::Policy", (), "permissions change at once"),
        ("AWS::IAM::ManagedPolicy", (), "permissions change at once"),
        ("AWS::Cognito::UserPool", ("Policies",), "settings of the user pool; its users stay"),
        ("AWS::CloudWatch::Alarm", (), "the alarm watches something else"),
        ("AWS::SNS::Topic", ("DisplayName",), "changed in place"),
    ],
)
def test_a_change_in_place_is_told_by_what_users_notice(
    resource_type: str, properties: tuple[str, ...], meaning: str
) -> None:
    line = change_line(change(resource_type, "Modify", *properties, replacement="False"), {})
    assert (line.meaning, line.loses_data) == (meaning, False)


@pytest.mark.parametrize(
    ("resource_type", "action", "meaning"),
    [
        ("AWS::Lambda::Function", "Add", "new"),
        ("AWS::Lambda::Version", "Add", "new version"),
        ("AWS::ApiGateway::Deployment", "Add", "a snapshot of the API's routes"),
        ("AWS::ApiGateway::Deployment", "Remove", "an old snapshot of the API's routes goes"),
        ("AWS::Lambda::Function", "Remove", "the function is gone; whoever still calls it fails"),
        ("AWS::Lambda::Permission", "Remove", "who was allowed by it can no longer call the function"),
        ("AWS::Lambda::Version", "Remove", "the version can no longer be called"),
        ("AWS::SNS::Topic", "Remove", "removed"),
    ],
)
def test_what_comes_and_goes_is_told(resource_type: str, action: str, meaning: str) -> None:
    line = change_line(change(resource_type, action), {})
    assert (line.meaning, line.loses_data) == (meaning, False)


@pytest.mark.parametrize(
    ("replacement", "meaning"), [("True", "replaced by a new one"), ("Conditional", "may be replaced by a new one")]
)
def test_what_holds_nothing_is_replaced_without_a_loss(replacement: str, meaning: str) -> None:
    line = change_line(change("AWS::Lambda::Function", replacement=replacement), {})
    assert (line.meaning, line.loses_data) == (meaning, False)


@pytest.mark.parametrize(("resource_type", "held"), sorted(STORES.items()))
def test_stores_lose_what_is_in_them(resource_type: str, held: str) -> None:
    meanings = [
        change_line(change(resource_type, "Remove"), {}),
        change_line(change(resource_type, replacement="True"), {}),
        change_line(change(resource_type, replacement="Conditional"), {}),
    ]
    assert [line.meaning for line in meanings] == [
        f"removed, with all its {held}",
        f"replaced by an empty one: its {held} are lost",
        f"may be replaced by an empty one, and its {held} lost",
    ]
    assert all(line.loses_data for line in meanings)


@pytest.mark.parametrize("policy", ["Retain", "RetainExceptOnCreate", "Snapshot"])
def test_a_store_that_the_template_retains_loses_nothing(policy: str) -> None:
    template: dict[str, Any] = {"Resources": {"It": {"DeletionPolicy": policy}}}
    assert not change_line(change("AWS::DynamoDB::Table", "Remove"), template).loses_data
    assert change_line(change("AWS::DynamoDB::Table", replacement="True"), template).loses_data
    template = {"Resources": {"It": {"UpdateReplacePolicy": policy}}}
    assert not change_line(change("AWS::DynamoDB::Table", replacement="True"), template).loses_data
    assert change_line(change("AWS::DynamoDB::Table", "Remove"), template).loses_data
