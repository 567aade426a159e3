from __future__ import annotations

import pytest

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.observe.resources import StageResources

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
