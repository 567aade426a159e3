"""The notes API's functions, called as Lambda calls them, with a table that lives in a dict."""

import importlib
import json
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

FUNCTIONS = Path(__file__).parent.parent / "functions"
ANN, BOB = "us-east-1:ann", "us-east-1:bob"


class Table:
    """As much of a DynamoDB table as the functions use. Numbers come back as Decimal, and pages hold one item."""

    def __init__(self):
        self.items = {}
        self.failure = None

    def put_item(self, Item):
        self._fail()
        self.items[self._id(Item)] = {
            name: Decimal(value) if isinstance(value, int) else value for name, value in Item.items()
        }

    def get_item(self, Key):
        self._fail()
        found = self.items.get(self._id(Key))
        return {"Item": found} if found else {}

    def query(self, KeyConditionExpression, ExclusiveStartKey=None):
        self._fail()
        user = KeyConditionExpression.get_expression()["values"][1]
        mine = sorted(key for key in self.items if key[0] == user)
        rest = [key for key in mine if ExclusiveStartKey is None or key > self._id(ExclusiveStartKey)]
        page = {"Items": [self.items[key] for key in rest[:1]]}
        if len(rest) > 1:
            page["LastEvaluatedKey"] = {"userId": rest[0][0], "noteId": rest[0][1]}
        return page

    def update_item(self, Key, UpdateExpression, ConditionExpression, ExpressionAttributeValues, ReturnValues):
        self._fail()
        if self._id(Key) not in self.items:
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem")
        values = {name.lstrip(":"): value for name, value in ExpressionAttributeValues.items()}
        self.items[self._id(Key)] |= values
        return {"Attributes": self.items[self._id(Key)]}

    def delete_item(self, Key, ReturnValues):
        self._fail()
        found = self.items.pop(self._id(Key), None)
        return {"Attributes": found} if found else {}

    @staticmethod
    def _id(key):
        return key["userId"], key["noteId"]

    def _fail(self):
        if self.failure:
            raise self.failure


@pytest.fixture
def functions(monkeypatch):
    """Import a function's module as Lambda does: by its name, from the directory of its package."""
    monkeypatch.syspath_prepend(str(FUNCTIONS))
    yield importlib.import_module
    for path in FUNCTIONS.glob("*.py"):
        sys.modules.pop(path.stem, None)


@pytest.fixture
def table(functions, monkeypatch):
    """The table that the functions use."""
    table = Table()
    monkeypatch.setattr(functions("notes"), "table", lambda: table)
    return table


@pytest.fixture
def call(functions, table):
    """Call a function as a user: call("create", ANN, body=...) -> (status, decoded body)."""

    def call(function, user, *, body=None, note_id=None):
        event = {
            "body": json.dumps(body) if isinstance(body, dict) else body,
            "pathParameters": {"id": note_id},
            "requestContext": {"identity": {"cognitoIdentityId": user}},
        }
        answer = functions(function).main(event, None)
        assert answer["headers"]["Access-Control-Allow-Origin"] == "*"
        return answer["statusCode"], json.loads(answer["body"])

    return call


@pytest.fixture
def note(call):
    status, note = call("create", ANN, body={"content": "hello world", "attachment": "hello.jpg"})
    assert status == 200
    return note


def test_a_created_note_is_answered_whole(note):
    assert set(note) == {"userId", "noteId", "content", "attachment", "createdAt"}
    assert (note["userId"], note["content"], note["attachment"]) == (ANN, "hello world", "hello.jpg")
    assert note["createdAt"] > 1_700_000_000_000  # milliseconds


def test_a_note_needs_no_attachment(call):
    status, note = call("create", ANN, body={"content": "hello world"})
    assert (status, note["attachment"]) == (200, None)


def test_a_note_is_read_updated_and_deleted(call, note):
    assert call("get", ANN, note_id=note["noteId"]) == (200, note)
    status, updated = call("update", ANN, note_id=note["noteId"], body={"content": "changed"})
    assert (status, updated) == (200, {**note, "content": "changed", "attachment": None})
    assert call("delete", ANN, note_id=note["noteId"]) == (200, {"deleted": True})
    assert call("get", ANN, note_id=note["noteId"])[0] == 404


def test_lists_all_pages_of_the_callers_notes_alone(call, note):
    second = call("create", ANN, body={"content": "second"})[1]
    call("create", BOB, body={"content": "not ann's"})
    status, found = call("list", ANN)
    assert status == 200
    assert sorted(found, key=str) == sorted([note, second], key=str)


@pytest.mark.parametrize(("function", "body"), [("get", None), ("update", {"content": "x"}), ("delete", None)])
def test_another_users_note_is_not_there(call, note, function, body):
    expected = (404, {"error": "there is no such note"})
    assert call(function, BOB, note_id=note["noteId"], body=body) == expected
    assert call("get", ANN, note_id=note["noteId"]) == (200, note)


@pytest.mark.parametrize("function", ["create", "update"])
@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("{nonsense", "the body is not JSON"),
        (None, "the body is not JSON"),
        ("[]", "a note needs a text as its content"),
        ({"content": 1}, "a note needs a text as its content"),
        ({"attachment": "a.jpg"}, "a note needs a text as its content"),
        ({"content": "x", "attachment": 1}, "a note's attachment is the name of a file, or null"),
    ],
)
def test_what_is_no_note_is_refused(call, table, function, body, error):
    assert call(function, ANN, body=body, note_id="x") == (400, {"error": error})
    assert table.items == {}


@pytest.mark.parametrize("function", ["create", "list", "get", "update", "delete"])
def test_an_error_that_nobody_expects_is_not_hidden(call, table, function):
    table.failure = ClientError({"Error": {"Code": "AccessDeniedException"}}, "Whatever")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        call(function, ANN, body={"content": "x"}, note_id="x")
