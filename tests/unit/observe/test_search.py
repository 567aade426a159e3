"""What is typed to find lines: the pattern that goes to Logs, and what decides in the end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import AccessLogLine
from pytest_rollbacklab.observe.access_log_format import line_format
from pytest_rollbacklab.observe.search import read_search

JSON = line_format('{"requestId": "$context.requestId", "at": {"status": "$context.status"}, "call": "$context.path!"}')
TEXT = line_format("$context.requestId $context.status")


def line(raw: str = "", **fields: str) -> AccessLogLine:
    return AccessLogLine(at=datetime(2026, 11, 23, tzinfo=UTC), fields=fields, raw=raw)


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (None, None),
        ("  ", None),
        ("ERROR", '"ERROR"'),
        ('ERROR "is not defined"', '"ERROR" "is not defined"'),
        ("status=502", '"status=502"'),
        ('say="hello you"', '"say=hello you"'),
        ("a\\b", '"a\\\\b"'),
        ('"', '"\\""'),
    ],
)
def test_in_a_log_without_fields_everything_is_words(text: str | None, pattern: str | None) -> None:
    assert read_search(text).pattern == pattern


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("status=502", '{ ($.at.status = "502") }'),
        ("status=5* requestId=a", '{ ($.at.status = "5*") && ($.requestId = "a") }'),
        ('status=502 "two words"', '{ ($.at.status = "502") }'),
        ("path=/notes", '"/notes"'),
        ("path=/no*", '"/no"'),
        ("path=*", None),
        ("words", '"words"'),
    ],
)
def test_fields_of_json_are_compared_by_logs_itself(text: str, pattern: str | None) -> None:
    assert read_search(text, JSON).pattern == pattern


def test_fields_of_text_are_narrowed_down_by_their_values() -> None:
    assert read_search("status=5* requestId=abc", TEXT).pattern == '"5" "abc"'


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("status=502", True),
        ("status=5*", True),
        ("status=*2", True),
        ("status=*0*", True),
        ("status=50", False),
        ("status=4*", False),
        ("status=502 gone", False),
        ('status=502 "two words"', True),
        ("requestId=-", True),  # what is not in the line
        ("", True),
    ],
)
def test_a_line_is_taken_if_all_holds(text: str, taken: bool) -> None:
    assert read_search(text, TEXT).takes(line("x two words y", status="502")) is taken


def test_a_field_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError) as caught:
        read_search("stats=502", TEXT)
    assert str(caught.value).splitlines() == [
        "access-log lines cannot be chosen by stats: the stage's format does not hold it",
        "  looked at: its variables: requestId, status",
        '  what to do: name one of these, or look for it as text: "stats=..."',
    ]
