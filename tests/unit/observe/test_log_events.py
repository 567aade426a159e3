from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_rollbacklab.observe.log_events import read_events

AT = datetime(2026, 11, 23, 7, 0, 0, 123_000, tzinfo=UTC)


def test_events_are_read_from_all_pages_with_their_place_and_time(world: Any) -> None:
    for number in range(5):
        world.logs.write("g", f"line {number}", at=AT, stream=f"s{number}")
    found = read_events(world, "g")
    assert [(line.group, line.stream, line.at, line.message) for line in found] == [
        ("g", f"s{number}", AT, f"line {number}") for number in range(5)
    ]


def test_a_group_that_is_not_there_has_none(world: Any) -> None:
    assert read_events(world, "g") == ()


def test_only_what_is_asked_for_is_asked(world: Any) -> None:
    read_events(world, "g")
    read_events(world, "g", since=AT, until=AT + timedelta(milliseconds=1), pattern='"x"', streams=("s",))
    bare, full = world.logs.queries
    start_ms = int(AT.timestamp() * 1000)
    assert bare == {"logGroupName": "g"}
    assert full == {
        "logGroupName": "g",
        "startTime": start_ms,
        "endTime": start_ms + 1,
        "filterPattern": '"x"',
        "logStreamNames": ["s"],
    }
