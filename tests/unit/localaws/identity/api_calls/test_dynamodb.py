"""What DynamoDB's operations ask for."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.identity.api_calls.asked import ApiRequest
from pytest_rollbacklab.localaws.identity.api_calls.dynamodb import asked_of_dynamodb, items_written_or_read

TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/"


def request(operation: str, **params: Any) -> ApiRequest:
    scope = Scope(account_id="111122223333", region="eu-west-1")
    return ApiRequest(scope=scope, service="dynamodb", operation=operation, params=params)


@pytest.mark.parametrize(
    ("operation", "params", "asked"),
    [
        ("PutItem", {"TableName": "notes"}, [("PutItem", TABLE + "notes")]),
        ("Query", {"TableName": "notes", "IndexName": "by-day"}, [("Query", TABLE + "notes/index/by-day")]),
        ("GetItem", {"TableName": TABLE + "notes"}, [("GetItem", TABLE + "notes")]),
        (
            "BatchGetItem",
            {"RequestItems": {"a": {}, "b": {}}},
            [("BatchGetItem", TABLE + "a"), ("BatchGetItem", TABLE + "b")],
        ),
        (
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}]},
            [("PutItem", TABLE + "a"), ("ConditionCheckItem", TABLE + "b")],
        ),
        ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "a"}}]}, [("GetItem", TABLE + "a")]),
        (
            "ExecuteStatement",
            {"Statement": 'SELECT * FROM "notes"."by-day" WHERE x = 1'},
            [("PartiQLSelect", TABLE + "notes/index/by-day")],
        ),
        ("ExecuteStatement", {"Statement": "insert into notes value {'id': 1}"}, [("PartiQLInsert", TABLE + "notes")]),
        (
            "BatchExecuteStatement",
            {"Statements": [{"Statement": 'UPDATE "a" SET x=1'}, {"Statement": "DELETE FROM b"}]},
            [("PartiQLUpdate", TABLE + "a"), ("PartiQLDelete", TABLE + "b")],
        ),
        ("ExecuteStatement", {"Statement": "nonsense"}, [("PartiQLSelect", None)]),
        ("ListTables", {}, [("ListTables", TABLE + "*")]),
        ("DescribeStream", {"StreamArn": TABLE + "a/stream/x"}, [("DescribeStream", TABLE + "a/stream/x")]),
        ("GetRecords", {"ShardIterator": "x"}, [("GetRecords", None)]),
    ],
)
def test_an_operation_asks_for_its_tables_one_by_one(
    operation: str, params: dict[str, Any], asked: list[tuple[str, str | None]]
) -> None:
    found = [(one.action, one.resource) for one in asked_of_dynamodb(request(operation, **params))]
    assert found == [(f"dynamodb:{action}", resource) for action, resource in asked]


def test_what_is_selected_is_a_condition_key() -> None:
    [one] = asked_of_dynamodb(request("Query", TableName="a", Select="COUNT"))
    assert one.keys == {"dynamodb:Select": "COUNT"}


@pytest.mark.parametrize(
    "params",
    [
        {"TableName": "a", "Item": {"id": {"S": "1"}}},
        {"TableName": "a", "Key": {"id": {"S": "1"}}},
        {"RequestItems": {"a": {"Keys": [{"id": {"S": "1"}}]}}},
        {"RequestItems": {"a": [{"PutRequest": {"Item": {"id": {"S": "1"}}}}]}},
        {"RequestItems": {"a": [{"DeleteRequest": {"Key": {"id": {"S": "1"}}}}]}},
        {"TransactItems": [{"Put": {"TableName": "a", "Item": {"id": {"S": "1"}}}}]},
    ],
)
def test_the_items_of_a_call_are_found_wherever_it_has_them(params: dict[str, Any]) -> None:
    assert list(items_written_or_read(request("Any", **params))) == [("a", {"id": {"S": "1"}})]
