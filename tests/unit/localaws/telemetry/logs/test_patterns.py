"""Filter patterns in their three kinds, by the examples of the user guide's "Filter pattern syntax"."""

from __future__ import annotations

import json

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.patterns import compile_pattern

REQUESTS = ["[ERROR 400] BAD REQUEST", "[ERROR 419] MISSING ARGUMENTS", "[INFO 401] UNAUTHORIZED REQUEST"]
TRAIL = {
    "eventType": "UpdateTrail",
    "sourceIPAddress": "111.111.111.111",
    "arrayKey": ["value", "another value"],
    "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
    "SomeObject": None,
    "ThisFlag": True,
    "latency": 612.5,
    "error-code": 400,
    "status": "404",
    "users": [1, 2, 3],
}
PEOPLE = {
    "user": {"id": 1, "email": "John.Stiles@example.com"},
    "users": [{"id": 2, "email": "John.Doe@example.com"}, {"id": 3, "email": "Jane.Doe@example.com"}],
    "actions": ["GET", "PUT", "DELETE"],
    "coordinates": [[0, 1, 2], [4, 5, 6], [7, 8, 9]],
}
ACCESS = [
    '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534',
    '127.0.0.1 - frank [10/Oct/2000:13:35:22 -0700] "GET /index.html HTTP/1.0" 404 5324',
    '10.0.0.7 - anna [10/Oct/2000:13:50:35 -0700] "GET /apache_pb.gif HTTP/1.0" 403 4355',
]


def found(pattern, messages):
    """Return the indexes of the messages that match."""
    matches = compile_pattern(pattern)
    assert matches is not None
    return [index for index, message in enumerate(messages) if matches(message)]


def fault(pattern):
    with pytest.raises(ServiceError) as caught:
        compile_pattern(pattern)
    assert caught.value.code == "InvalidParameterException"
    return caught.value.message


@pytest.mark.parametrize("pattern", ["", " ", '""', '" "'])
def test_an_empty_pattern_is_every_event(pattern):
    assert compile_pattern(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "indexes"),
    [
        ("ERROR", [0, 1]),
        ("error", []),
        ("ERROR ARGUMENTS", [1]),
        ("REQUEST BAD", [0]),
        ("?ARGUMENTS ?UNAUTHORIZED", [1, 2]),
        ("ERROR -ARGUMENTS", [0]),
        ('"ERROR" - "ARGUMENTS"', [0]),
        ("-ERROR", [2]),
        ('"BAD REQUEST"', [0]),
        ('"[ERROR 4"', [0, 1]),
        ('?"BAD REQUEST" ?INFO', [0, 2]),
        ("?INFO ERROR", [0, 1]),
        ("AUTHORIZED", [2]),
        ("%4\\d9%", [1]),
        ("%BAD|MISSING%", [0, 1]),
        ("%^.ERROR%", [0, 1]),
        ("%QUEST$%", [0, 2]),
        ("%[a-z]{2}%", []),
    ],
)
def test_terms(pattern, indexes):
    assert found(pattern, REQUESTS) == indexes


def test_a_quoted_term_may_hold_quotes_and_backslashes():
    assert found(r'"\"level\":\"error\""', ['{"level":"error"}', '{"level":"info"}']) == [0]
    assert found(r'"C:\\app"', [r"C:\app\log", "C:/app"]) == [0]


@pytest.mark.parametrize(
    "pattern",
    [
        '$.eventType = "UpdateTrail"',
        "$.eventType = UpdateTrail",
        "$.eventType=Update*",
        '$.eventType = "*Trail"',
        "$.eventType = *date*",
        '$.eventType = "*"',
        "$.eventType = %Up.*l%",
        "$.sourceIPAddress != 123.123.*",
        '$.arrayKey[0] = "value"',
        "$.objectList[1].id = 2",
        "$.objectList[*].id = 2",
        "$.*.name NOT EXISTS",
        "$.objectList[*].name != a",
        "$.SomeObject IS NULL",
        "$.SomeOtherObject NOT EXISTS",
        "$.ThisFlag IS TRUE",
        "$.latency >= 612.5",
        "$.latency < 10e3",
        "$.latency > +6.1e2",
        "$.latency = 612.5",
        "$.latency = *",
        "$.error-code = 400",
        "$.error-code = 4*",
        '$.error-code = "400"',
        "$.error-code != 500",
        "$.status = 404",
    ],
)
def test_json_conditions_that_hold(pattern):
    assert found(f"{{ {pattern} }}", [json.dumps(TRAIL), f"  {json.dumps(TRAIL)}\n"]) == [0, 1]


@pytest.mark.parametrize(
    "pattern",
    [
        '$.eventType = "updatetrail"',
        "$.eventType != Update*",
        "$.eventType = Up*Trail",
        "$.arrayKey[2] = value",
        "$.eventType[0] = U",
        "$.eventType.length = 11",
        "$.users = 1",
        "$.users != 1",
        "$.objectList = *",
        "$.SomeObject = *",
        "$.SomeOtherObject != x",
        "$.SomeOtherObject IS NULL",
        "$.eventType NOT EXISTS",
        "$.ThisFlag IS FALSE",
        "$.ThisFlag = 1",
        "$.eventType > 5",
        "$.latency < 612.5",
    ],
)
def test_json_conditions_that_do_not_hold(pattern):
    assert found(f"{{{pattern}}}", [json.dumps(TRAIL)]) == []


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ('{ ($.user.id = 1) && ($.users[0].email = "John.Doe@example.com") }', True),
        ('{ ($.user.id = 2 && $.users[0].email = "nonmatch") || $.actions[2] = "GET" }', False),
        (
            '{ $.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }',
            True,
        ),
        (
            '{ ($.user.email = "John.Stiles@example.com" || $.coordinates[0][1] = non) && $.actions[2] = nomatch }',
            False,
        ),
        ("{ $.user.id >= 1 && $.user.id <= 1 && $.users[1].id = 3 }", True),
        ("{ $.coordinates[*][2] = 9 }", True),
    ],
)
def test_json_compounds(pattern, holds):
    assert found(pattern, [json.dumps(PEOPLE)]) == ([0] if holds else [])


@pytest.mark.parametrize("message", ["no json", "{broken", '"text"', "7", "", "[" * 100_000])
def test_what_is_no_json_does_not_match(message):
    assert found("{ $.a NOT EXISTS }", [message]) == []


def test_a_list_can_be_the_root():
    assert found("{ $[0].id = 1 }", ['[{"id": 1}]', '{"id": 1}']) == [0]


@pytest.mark.parametrize(
    ("pattern", "indexes"),
    [
        ("[ip, user, username, timestamp, request, status_code, bytes]", [0, 1, 2]),
        ("[ip, user, username, timestamp, request, status_code]", []),
        ("[ip, user, username, timestamp, request, status_code, bytes > 4355]", [1]),
        ("[ip, user, username, timestamp, request, status_code = 200, bytes]", [0]),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes]", [1, 2]),
        ("[ip, user, username, timestamp, request = *html*, status_code = 4*, bytes]", [1]),
        ("[ip, user, username, timestamp, request, status_code = 4* && status_code != 403, bytes]", [1]),
        ("[ip, user, username, timestamp, request, status_code = 404 || status_code = 403, bytes]", [1, 2]),
        ("[ip, user, id, ts, request, (status = 200 || status = 404) && status > 300, bytes]", [1]),
        ("[..., status_code=4*, bytes]", [1, 2]),
        ("[..., request=*.html*, status_code=4*,]", [1]),
        ("[ip != 127*, ...]", [2]),
        ("[ip, user, ..., status_code >= 403, bytes]", [1, 2]),
        ("[ip=%127.0.0.[1-9]%, ..., bytes]", [0, 1]),
        ('[..., request = "GET /index.html HTTP/1.0", status, bytes]', [1]),
        ("[..., timestamp = 10/Oct/2000:13:50*, request, status, bytes]", [2]),
        ("[a, b, c, d, e, f, g, ..., h]", []),
        ("[ip > 5, ...]", []),
    ],
)
def test_space_delimited(pattern, indexes):
    assert found(pattern, ACCESS) == indexes


def test_the_number_of_fields_has_to_fit():
    messages = ["ERROR WARN message", "ERROR message", "WARN message"]

    assert found("[w1=ERROR, w2]", messages) == [1]
    assert found("[w1=ERROR || w1=WARN, w2]", messages) == [1, 2]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'"),
        ("[a, b", "If a filter pattern starts with '[' it must end with ']'"),
        ("?Status: timeout", "Invalid character(s) in term ':'"),
        ("someone@example.com", "Invalid character(s) in term '@'"),
        ("my-app", "Invalid character(s) in term '-'"),
        ("a (b)", "Invalid character(s) in term '('"),
        ("-", "Invalid filter pattern"),
        ('"open', "Invalid filter pattern"),
        ("%open", "Invalid filter pattern"),
        ("%%", "Invalid filter pattern"),
        ("%", "Invalid filter pattern"),
        ("%some(thing)%", "Invalid character(s) in term '('"),
        ("%something!%", "Invalid character(s) in term '!'"),
        ("%größe%", "Invalid character(s) in term 'ö'"),
        ("%[a%", "Invalid filter pattern"),
        ("{ }", "Invalid filter pattern"),
        ("{ $.a }", "Invalid filter pattern"),
        ("{ a = 1 }", "Invalid filter pattern"),
        ("{ $.a = }", "Invalid filter pattern"),
        ("{ $.a == 1 }", "Invalid filter pattern"),
        ("{ $.a > text }", "Invalid filter pattern"),
        ('{ $.a > "5" }', "Invalid filter pattern"),
        ("{ $.a IS MISSING }", "Invalid filter pattern"),
        ("{ $.a IS NULL NULL }", "Invalid filter pattern"),
        ("{ ($.a = 1 }", "Invalid filter pattern"),
        ("{ $.a = 1 && }", "Invalid filter pattern"),
        ("{ $.a = 1 & $.b = 2 }", "Invalid character(s) in term '&'"),
        ('{ $."sc-status" = 5* }', "Invalid character(s) in term '$.'"),
        ("{ $.a[x] = 1 }", "Invalid character(s) in term '$.a[x]'"),
        ("[a, ..., b, ..., c]", "Invalid filter pattern"),
        ("[a b]", "Invalid filter pattern"),
        ("[status = 4* && bytes > 1000]", "Invalid filter pattern"),
        ("[$.a = 1]", "Invalid character(s) in term '$.a'"),
        (
            "{ $.a = %1% && $.b = %2% && $.c = %3% }",
            "A filter pattern can have at most 2 regular expressions",
        ),
    ],
)
def test_a_bad_pattern_is_refused(pattern, message):
    assert fault(pattern) == message


def test_a_pattern_of_more_than_1024_characters_is_refused():
    assert fault("a" * 1025).endswith("Member must have length less than or equal to 1024")
