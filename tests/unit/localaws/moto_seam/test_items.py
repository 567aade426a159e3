"""DynamoDB's items are kept one by one, whatever call it was that changed them."""

from __future__ import annotations

from typing import Any

import pytest
from moto.backends import get_backend

from pytest_rollbacklab.localaws.api import Scope, ServiceError

STRANGER = Scope(account_id="600000000002", region="eu-west-1")
ANYTHING = {
    "s": {"S": "text"},
    "n": {"N": "1.5E+10"},
    "b": {"B": b"\x00\xff"},
    "bool": {"BOOL": False},
    "null": {"NULL": True},
    "ss": {"SS": ["b", "a"]},
    "ns": {"NS": ["2", "1"]},
    "bs": {"BS": [b"\x01", b"\x02"]},
    "l": {"L": [{"S": "x"}, {"L": [{"N": "1"}]}, {"M": {"k": {"BOOL": True}}}]},
    "m": {"M": {"deep": {"M": {"er": {"L": [{"NULL": True}, {"B": b"z"}]}}}, "e": {"L": []}}},
}


@pytest.fixture(params=["hash", "hash and range"])
def table(world: Any, request: pytest.FixtureRequest) -> str:
    keys = [{"AttributeName": "id", "KeyType": "HASH"}]
    if request.param == "hash and range":
        keys.append({"AttributeName": "at", "KeyType": "RANGE"})
    world.call("dynamodb", "CreateTable", **definition("notes", keys))
    return "notes"


def definition(name: str, keys: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    kinds = {"id": "S", "at": "N"}
    attributes = [{"AttributeName": key["AttributeName"], "AttributeType": kinds[key["AttributeName"]]} for key in keys]
    return {
        "TableName": name,
        "KeySchema": keys,
        "AttributeDefinitions": attributes,
        "BillingMode": "PAY_PER_REQUEST",
        **more,
    }


def item(number: int, **attributes: Any) -> dict[str, Any]:
    return {"id": {"S": f"u{number}"}, "at": {"N": str(number)}, **attributes}


def key(world: Any, number: int) -> dict[str, Any]:
    described = world.call("dynamodb", "DescribeTable", TableName="notes")["Table"]
    return {part["AttributeName"]: item(number)[part["AttributeName"]] for part in described["KeySchema"]}


def everything(world: Any, table: str = "notes") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = world.call("dynamodb", "Scan", TableName=table)["Items"]
    return items


def same_after_restart(world: Any, table: str = "notes") -> list[dict[str, Any]]:
    before = everything(world, table)
    world.restart()
    assert everything(world, table) == before
    world.restart()  # what was put back is written anew
    assert everything(world, table) == before
    return before


def test_every_kind_of_value(world: Any, table: str) -> None:
    world.call("dynamodb", "PutItem", TableName=table, Item=item(1, **ANYTHING))
    (kept,) = same_after_restart(world)
    assert kept["l"] == ANYTHING["l"]
    assert kept["b"] == {"B": b"\x00\xff"}


def test_put_update_and_delete(world: Any, table: str) -> None:
    for number in range(5):
        world.call("dynamodb", "PutItem", TableName=table, Item=item(number, text={"S": "old"}))
    world.call(
        "dynamodb",
        "UpdateItem",
        TableName=table,
        Key=key(world, 1),
        UpdateExpression="SET #t = :t ADD hits :one",
        ExpressionAttributeNames={"#t": "text"},
        ExpressionAttributeValues={":t": {"S": "new"}, ":one": {"N": "1"}},
    )
    world.call(
        "dynamodb",
        "UpdateItem",
        TableName=table,
        Key=key(world, 7),  # there is none yet
        UpdateExpression="SET made = :yes",
        ExpressionAttributeValues={":yes": {"BOOL": True}},
    )
    world.call("dynamodb", "DeleteItem", TableName=table, Key=key(world, 2))
    world.call("dynamodb", "DeleteItem", TableName=table, Key=key(world, 99))  # there is none
    kept = same_after_restart(world)
    assert {"S": "new"} in [one.get("text") for one in kept]


def test_items_that_share_a_hash_key(world: Any) -> None:
    keys = [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}]
    world.call("dynamodb", "CreateTable", **definition("notes", keys))
    for number in (3, 1, 2):
        world.call("dynamodb", "PutItem", TableName="notes", Item={"id": {"S": "u"}, "at": {"N": str(number)}})
    world.call("dynamodb", "DeleteItem", TableName="notes", Key={"id": {"S": "u"}, "at": {"N": "1"}})
    assert len(same_after_restart(world)) == 2


def test_many_at_once(world: Any, table: str) -> None:
    for number in range(3):
        world.call("dynamodb", "PutItem", TableName=table, Item=item(number))
    puts = [{"PutRequest": {"Item": item(number)}} for number in (10, 11)]
    deletes = [{"DeleteRequest": {"Key": key(world, 0)}}]
    world.call("dynamodb", "BatchWriteItem", RequestItems={table: [*puts, *deletes]})
    world.call(
        "dynamodb",
        "TransactWriteItems",
        TransactItems=[
            {"Put": {"TableName": table, "Item": item(20, by={"S": "transaction"})}},
            {"Delete": {"TableName": table, "Key": key(world, 1)}},
            {
                "Update": {
                    "TableName": table,
                    "Key": key(world, 11),
                    "UpdateExpression": "SET a = :a",
                    "ExpressionAttributeValues": {":a": {"S": "b"}},
                }
            },
        ],
    )
    assert {"S": "transaction"} in [one.get("by") for one in same_after_restart(world)]


def test_a_transaction_that_failed_leaves_everything_as_it_was(world: Any, table: str) -> None:
    world.call("dynamodb", "PutItem", TableName=table, Item=item(1))
    with pytest.raises(ServiceError, match="TransactionCanceled"):
        world.call(
            "dynamodb",
            "TransactWriteItems",
            TransactItems=[
                {"Put": {"TableName": table, "Item": item(2)}},
                {"Put": {"TableName": table, "Item": item(1), "ConditionExpression": "attribute_not_exists(id)"}},
            ],
        )
    world.call("dynamodb", "PutItem", TableName=table, Item=item(4))  # into the table that moto has put back
    assert len(same_after_restart(world)) == 2


def test_statements(world: Any, table: str) -> None:
    pytest.importorskip("py_partiql_parser")
    world.call("dynamodb", "PutItem", TableName=table, Item=item(1))
    world.call(
        "dynamodb", "ExecuteStatement", Statement="INSERT INTO notes VALUE {'id': 'x', 'at': 1, 'by': 'statement'}"
    )
    assert {"S": "statement"} in [one.get("by") for one in same_after_restart(world)]


def test_an_item_costs_what_it_weighs(world: Any, table: str) -> None:
    for number in range(100):
        world.call("dynamodb", "PutItem", TableName=table, Item=item(number, text={"S": "x" * 500}))
    path = world.path / "journal"
    size = path.stat().st_size
    world.call("dynamodb", "PutItem", TableName=table, Item=item(200, text={"S": "x" * 500}))
    assert path.stat().st_size - size < 1000


def test_a_table_that_is_made_again_is_empty(world: Any, table: str) -> None:
    world.call("dynamodb", "PutItem", TableName=table, Item=item(1))
    keys = world.call("dynamodb", "DescribeTable", TableName=table)["Table"]["KeySchema"]
    world.call("dynamodb", "DeleteTable", TableName=table)
    world.restart()
    assert world.call("dynamodb", "ListTables")["TableNames"] == []
    world.call("dynamodb", "CreateTable", **definition(table, keys))
    world.call("dynamodb", "PutItem", TableName=table, Item=item(2))
    assert len(same_after_restart(world)) == 1
    world.call("dynamodb", "DeleteTable", TableName=table)
    world.restart()
    assert not [key for key in world.written() if key.startswith("dynamodb-items")]


def test_what_comes_out_of_a_backup(world: Any, table: str) -> None:
    world.call("dynamodb", "PutItem", TableName=table, Item=item(1))
    arn = world.call("dynamodb", "CreateBackup", TableName=table, BackupName="b")["BackupDetails"]["BackupArn"]
    world.call("dynamodb", "DeleteItem", TableName=table, Key=key(world, 1))
    world.restart()
    assert everything(world) == []
    world.call("dynamodb", "RestoreTableFromBackup", TargetTableName="again", BackupArn=arn)
    assert len(same_after_restart(world, "again")) == 1
    world.call("dynamodb", "PutItem", TableName="again", Item=item(2))
    assert len(same_after_restart(world, "again")) == 2


def test_a_table_called_by_its_arn(world: Any, table: str) -> None:
    arn = world.call("dynamodb", "DescribeTable", TableName=table)["Table"]["TableArn"]
    world.call("dynamodb", "PutItem", TableName=arn, Item=item(1))
    assert len(same_after_restart(world)) == 1


def test_streams(world: Any) -> None:
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    made = definition("notes", [{"AttributeName": "id", "KeyType": "HASH"}], StreamSpecification=stream)
    world.call("dynamodb", "CreateTable", **made)
    world.call("dynamodb", "PutItem", TableName="notes", Item=item(1))
    world.call(
        "dynamodb", "BatchWriteItem", RequestItems={"notes": [{"PutRequest": {"Item": item(n)}} for n in (2, 1)]}
    )
    world.restart()
    world.call("dynamodb", "DeleteItem", TableName="notes", Key=key(world, 1))

    def records() -> list[Any]:
        (table,) = get_backend("dynamodb")["600000000001"]["eu-west-1"].tables.values()
        return [record.to_json() for record in table.stream_shard.items]

    before = records()
    assert [record["eventName"] for record in before] == ["INSERT", "INSERT", "MODIFY", "REMOVE"]
    world.restart()
    assert records() == before


def test_what_moto_refuses_breaks_nothing(world: Any, table: str) -> None:
    with pytest.raises(ServiceError):
        world.call("dynamodb", "PutItem", TableName=table, Item={"wrong": {"S": "x"}})
    with pytest.raises(ServiceError):
        world.call("dynamodb", "PutItem", TableName="none", Item=item(1))
    with pytest.raises(ServiceError):
        world.call(
            "dynamodb", "DeleteItem", Scope(account_id="600000000002", region="eu-west-1"), TableName="none", Key={}
        )
    world.call("dynamodb", "PutItem", TableName=table, Item=item(1))
    assert len(same_after_restart(world)) == 1
