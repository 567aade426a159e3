"""FilterLogEvents: across streams, by time and pattern."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry.logs.filter_events import filter_log_events
from pytest_rollbacklab.localaws.telemetry.logs.store import LogStore


@pytest.fixture
def world(world):
    world.now_ms = int(world.clock.now * 1000)
    for number in range(12):
        stream = ("api/a", "api/b", "worker")[number % 3]
        level = "ERROR" if number % 4 == 0 else "INFO"
        world.telemetry.logs.append(world.scope, "g", stream, [f"{level} m{number}"], at_ms=world.now_ms + number)
    return world


def search(world, **more):
    return world.logs("FilterLogEvents", **{"logGroupName": "g", **more})


def numbers(answer):
    return [int(event["message"].rpartition("m")[2]) for event in answer["events"]]


def paged(world, **more):
    """Return the pages of a search."""
    pages, token = [], {}
    while True:
        answer = search(world, **more, **token)
        pages.append(numbers(answer))
        if "nextToken" not in answer:
            return pages
        token = {"nextToken": answer["nextToken"]}


def test_an_event(world):
    answer = search(world, limit=1)
    (event,) = answer["events"]

    assert len(event.pop("eventId")) == 56
    assert event == {
        "logStreamName": "api/a",
        "timestamp": world.now_ms,
        "message": "ERROR m0",
        "ingestionTime": world.now_ms,
    }
    assert answer["searchedLogStreams"] == []


def test_streams_are_interleaved_by_time(world):
    assert numbers(search(world)) == list(range(12))


def test_streams_by_name_and_by_prefix(world):
    assert numbers(search(world, logStreamNames=["worker", "api/a", "worker"])) == [0, 2, 3, 5, 6, 8, 9, 11]
    assert numbers(search(world, logStreamNamePrefix="api/")) == [0, 1, 3, 4, 6, 7, 9, 10]
    assert numbers(search(world, logStreamNamePrefix="nothing")) == []


def test_a_window_includes_both_of_its_ends(world):
    assert numbers(search(world, startTime=world.now_ms + 3, endTime=world.now_ms + 5)) == [3, 4, 5]
    window = {"startTime": world.now_ms + 3, "endTime": world.now_ms + 7}
    assert numbers(search(world, logStreamNames=["api/a"], **window)) == [3, 6]


def test_a_pattern(world):
    assert numbers(search(world, filterPattern="ERROR")) == [0, 4, 8]
    assert numbers(search(world, filterPattern="?m1 ?m2")) == [1, 2, 10, 11]
    error = world.refused("logs", "FilterLogEvents", logGroupName="g", filterPattern="{ $.x }")
    assert (error.code, error.message) == ("InvalidParameterException", "Invalid filter pattern")


def test_pages(world):
    assert paged(world, limit=5) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11]]
    assert paged(world, limit=6) == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert paged(world, limit=2, filterPattern="ERROR") == [[0, 4], [8]]
    assert paged(world, limit=3, logStreamNamePrefix="api/", endTime=world.now_ms + 6) == [[0, 1, 3], [4, 6]]


def test_newest_first(world):
    backwards = {"startFromHead": False, "startTime": world.now_ms}

    assert paged(world, limit=7, **backwards) == [[11, 10, 9, 8, 7, 6, 5], [4, 3, 2, 1, 0]]
    assert paged(world, limit=3, logStreamNames=["api/a", "worker"], **backwards) == [[11, 9, 8], [6, 5, 3], [2, 0]]


def test_a_call_looks_at_so_many_events_and_no_more():
    store = LogStore(Scope(account_id="111111111111", region="eu-west-1"))
    group = store.add_group("g", now_ms=0)
    group.add_stream("s", 0)
    group.add_events("s", 0, store.numbered([(at_ms, f"m{at_ms}") for at_ms in range(12)]))

    first = filter_log_events(group, {"filterPattern": "m7"}, max_examined=5)
    second = filter_log_events(group, {"filterPattern": "m7", "nextToken": first["nextToken"]}, max_examined=5)
    third = filter_log_events(group, {"filterPattern": "m7", "nextToken": second["nextToken"]}, max_examined=5)

    assert [numbers(first), numbers(second), numbers(third)] == [[], [7], []]
    assert "nextToken" not in third


def test_a_page_ends_at_a_mebibyte(world):
    for _ in range(3):
        world.telemetry.logs.append(world.scope, "large", "s", ["x" * 400_000 + " m1"])

    answer = search(world, logGroupName="large")
    assert len(answer["events"]) == 2
    answer = search(world, logGroupName="large", nextToken=answer["nextToken"])
    assert len(answer["events"]) == 1


def test_events_of_one_moment_are_neither_lost_nor_told_twice(world):
    for number in range(7):
        world.telemetry.logs.append(world.scope, "same", f"s{number % 2}", [f"m{number}"], at_ms=world.now_ms)

    assert paged(world, logGroupName="same", limit=3) == [[0, 1, 2], [3, 4, 5], [6]]
    assert paged(world, logGroupName="same", limit=3, logStreamNamePrefix="s") == [[0, 1, 2], [3, 4, 5], [6]]


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (
            {"limit": 10001},
            "InvalidParameterException",
            (
                "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have "
                "value less than or equal to 10000"
            ),
        ),
        ({"nextToken": "invalid-token"}, "InvalidParameterException", "The specified nextToken is invalid."),
        ({"logGroupName": "never"}, "ResourceNotFoundException", "The specified log group does not exist."),
        ({"logStreamNames": ["never"]}, "ResourceNotFoundException", "The specified log stream does not exist."),
        (
            {"logStreamNames": ["worker"], "logStreamNamePrefix": "w"},
            "InvalidParameterException",
            "logStreamNames and logStreamNamePrefix are mutually exclusive: specify one of them.",
        ),
        (
            {"logStreamNames": ["worker"] * 101},
            "InvalidParameterException",
            (
                "1 validation error detected: Value '[101 names]' at 'logStreamNames' failed to satisfy constraint: "
                "Member must have length less than or equal to 100"
            ),
        ),
        (
            {"startFromHead": False},
            "InvalidParameterException",
            "startFromHead can be false only with a startTime on or after Jan 1, 2024 00:00:00 UTC.",
        ),
    ],
)
def test_bad_parameters_are_refused(world, more, code, message):
    error = world.refused("logs", "FilterLogEvents", **{"logGroupName": "g", **more})

    assert (error.code, error.message) == (code, message)
