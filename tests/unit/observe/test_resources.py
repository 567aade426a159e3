from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.observe.resources import StageResources, read_resources

NOTES = StageResources(
    stack_name="notes-prod",
    by_type={
        "AWS::ApiGateway::RestApi": {"NotesApi": "abc123"},
        "AWS::ApiGateway::Stage": {"NotesApiprodStage": "prod"},
        "AWS::Lambda::Function": {
            "CreateFunction": "notes-prod-CreateFunction-X",
            "GetFunction": "notes-prod-GetFunction-Y",
        },
    },
)


def test_what_there_is_one_of_is_found_by_its_type() -> None:
    assert (NOTES.rest_api_id, NOTES.api_stage) == ("abc123", "prod")


@pytest.mark.parametrize("function", ["CreateFunction", "notes-prod-CreateFunction-X"])
def test_a_function_is_known_by_its_logical_id_and_by_its_name(function: str) -> None:
    assert NOTES.function_name(function) == "notes-prod-CreateFunction-X"


def test_an_unknown_function_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match="the stack notes-prod has no function 'create'") as unknown:
        NOTES.function_name("create")
    assert "its functions: CreateFunction, GetFunction" in str(unknown.value)


def test_what_is_not_there_or_is_there_twice_is_named() -> None:
    with pytest.raises(UsageError, match="has no AWS::Cognito::UserPool, where one is needed"):
        _ = NOTES.user_pool_id
    with pytest.raises(UsageError, match="has 2 AWS::Lambda::Function, where one is needed"):
        NOTES.only("AWS::Lambda::Function")


class FakeCloudFormation:
    """ListStackResources of one stack, a page for each resource."""

    def get_paginator(self, operation: str) -> FakeCloudFormation:
        assert operation == "list_stack_resources"
        return self

    def paginate(self, *, StackName: str) -> Iterator[dict[str, Any]]:
        if StackName != "notes-prod":
            error = {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}
            raise ClientError({"Error": error}, "ListStackResources")
        for logical_id, physical_id, status in (
            ("NotesApi", "abc123", "CREATE_COMPLETE"),
            ("OldApi", "old", "DELETE_COMPLETE"),
            ("HalfMadeApi", None, "CREATE_IN_PROGRESS"),
        ):
            summary = {
                "LogicalResourceId": logical_id,
                "ResourceType": "AWS::ApiGateway::RestApi",
                "ResourceStatus": status,
            }
            yield {"StackResourceSummaries": [summary | ({"PhysicalResourceId": physical_id} if physical_id else {})]}


def test_what_a_stack_is_made_of_is_read_from_all_pages(world: Any) -> None:
    world.cloudformation = FakeCloudFormation()
    assert read_resources(world, "notes-prod") == StageResources(
        stack_name="notes-prod", by_type={"AWS::ApiGateway::RestApi": {"NotesApi": "abc123"}}
    )


def test_a_stack_that_is_not_there_is_named(world: Any) -> None:
    world.cloudformation = FakeCloudFormation()
    with pytest.raises(UsageError, match="nothing is deployed as notes-qa") as missing:
        read_resources(world, "notes-qa")
    assert "push, or promote to this stage, first" in str(missing.value)
