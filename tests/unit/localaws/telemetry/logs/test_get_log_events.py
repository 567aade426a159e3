"""GetLogEvents: pages in both directions, and tokens that behave."""

from __future__ import annotations

import pytest


@pytest.fixture
def world(world):
    world.now_ms = int(world.clock.now * 1000)
    for number in range(10):
        world.telemetry.logs.append(world.scope, "g", "s", [f"m{number}"], at_ms=world.now_ms + number)
    return world


def get(world, **more):
    return world.logs("GetLogEvents", **{"logGroupName": "g", "logStreamName": "s", **more})


def messages(answer):
    return [event["message"] for event in answer["events"]]


def named(*numbers):
    return [f"m{number}" for number in numbers]


def test_an_event(world):
    assert get(world, limit=1, startFromHead=True)["events"] == [
        {"timestamp": world.now_ms, "message": "m0", "ingestionTime": world.now_ms}
    ]


def test_the_latest_events_come_unless_the_head_is_asked_for(world):
    assert messages(get(world, limit=3)) == named(7, 8, 9)
    assert messages(get(world, limit=3, startFromHead=True)) == named(0, 1, 2)
    assert messages(get(world)) == named(*range(10))


def test_a_window_ends_before_its_end(world):
    assert messages(get(world, startTime=world.now_ms + 2, endTime=world.now_ms + 5)) == named(2, 3, 4)
    assert messages(get(world, startTime=world.now_ms + 9)) == named(9)


def test_forward_to_the_end_where_the_token_comes_back(world):
    page = get(world, limit=6, startFromHead=True)
    assert messages(page) == named(*range(6))

    page = get(world, limit=6, nextToken=page["nextForwardToken"])
    assert messages(page) == named(6, 7, 8, 9)
    end = page["nextForwardToken"]

    page = get(world, limit=6, nextToken=end)
    assert (messages(page), page["nextForwardToken"]) == ([], end)


def test_backward_to_the_beginning_where_the_token_comes_back(world):
    page = get(world, limit=6)
    page = get(world, limit=6, nextToken=page["nextBackwardToken"])
    assert messages(page) == named(0, 1, 2, 3)
    beginning = page["nextBackwardToken"]

    page = get(world, limit=6, nextToken=beginning)
    assert (messages(page), page["nextBackwardToken"]) == ([], beginning)
    assert messages(get(world, limit=3, nextToken=page["nextForwardToken"])) == named(0, 1, 2)


def test_back_from_behind_the_end(world):
    behind = get(world, nextToken=get(world)["nextForwardToken"])

    assert messages(get(world, limit=2, nextToken=behind["nextBackwardToken"])) == named(8, 9)


def test_what_is_written_meanwhile_is_found_from_the_end(world):
    end = get(world)["nextForwardToken"]
    world.telemetry.logs.append(world.scope, "g", "s", ["m10"], at_ms=world.now_ms + 10)

    assert messages(get(world, nextToken=end)) == named(10)


def test_an_empty_stream_can_be_waited_on(world):
    world.logs("CreateLogStream", logGroupName="g", logStreamName="empty")
    page = get(world, logStreamName="empty", startFromHead=True)
    assert messages(page) == []

    world.telemetry.logs.append(world.scope, "g", "empty", ["first"])
    assert messages(get(world, logStreamName="empty", nextToken=page["nextForwardToken"])) == ["first"]


def test_a_token_keeps_to_the_window(world):
    page = get(world, limit=2, startFromHead=True)

    assert messages(get(world, nextToken=page["nextForwardToken"], endTime=world.now_ms + 4)) == named(2, 3)


def test_a_page_ends_at_a_mebibyte(world):
    for number in range(3):
        world.telemetry.logs.append(world.scope, "g", "large", [str(number) * 400_000])

    page = get(world, logStreamName="large", startFromHead=True)
    assert [message[0] for message in messages(page)] == ["0", "1"]
    page = get(world, logStreamName="large", nextToken=page["nextForwardToken"])
    assert [message[0] for message in messages(page)] == ["2"]
    assert [message[0] for message in messages(get(world, logStreamName="large"))] == ["1", "2"]


def test_an_event_larger_than_a_page_is_a_page(world):
    world.telemetry.logs.append(world.scope, "g", "huge", ["x" * 2_000_000, "after"])

    page = get(world, logStreamName="huge", startFromHead=True)
    assert [len(message) for message in messages(page)] == [2_000_000]
    assert messages(get(world, logStreamName="huge", nextToken=page["nextForwardToken"])) == ["after"]


@pytest.mark.parametrize(
    "identifier",
    ["g", "arn:aws:logs:eu-west-1:111111111111:log-group:g", "arn:aws:logs:eu-west-1:111111111111:log-group:g:*"],
)
def test_a_group_by_identifier(world, identifier):
    answer = world.logs("GetLogEvents", logGroupIdentifier=identifier, logStreamName="s", limit=1)

    assert messages(answer) == named(9)


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        ({"nextToken": "invalid-token"}, "InvalidParameterException", "The specified nextToken is invalid."),
        ({"nextToken": "f/12/s"}, "InvalidParameterException", "The specified nextToken is invalid."),
        (
            {"limit": 10001},
            "InvalidParameterException",
            (
                "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have "
                "value less than or equal to 10000"
            ),
        ),
        (
            {"limit": 0},
            "InvalidParameterException",
            (
                "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have "
                "value greater than or equal to 1"
            ),
        ),
        ({"logGroupName": "never"}, "ResourceNotFoundException", "The specified log group does not exist."),
        ({"logStreamName": "never"}, "ResourceNotFoundException", "The specified log stream does not exist."),
        (
            {"logGroupIdentifier": "g"},
            "ValidationException",
            "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        ),
        (
            {"logGroupName": None},
            "InvalidParameterException",
            (
                "1 validation error detected: Value null at 'logGroupName' failed to satisfy constraint: "
                "Member must not be null"
            ),
        ),
        (
            {"logGroupName": None, "logGroupIdentifier": ""},
            "InvalidParameterException",
            (
                "1 validation error detected: Value null at 'logGroupIdentifier' failed to satisfy constraint: "
                "Member must not be null"
            ),
        ),
        (
            {"logGroupName": None, "logGroupIdentifier": "arn:aws:logs:us-east-1:111111111111:log-group:g"},
            "ResourceNotFoundException",
            "The specified log group does not exist.",
        ),
    ],
)
def test_bad_parameters_are_refused(world, more, code, message):
    params = {"logGroupName": "g", "logStreamName": "s", **more}
    error = world.refused(
        "logs", "GetLogEvents", **{name: value for name, value in params.items() if value is not None}
    )

    assert (error.code, error.message) == (code, message)
