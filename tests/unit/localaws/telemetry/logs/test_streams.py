"""Log streams, as recorded from AWS where a recording is there."""

from __future__ import annotations

import pytest

ARN = "arn:aws:logs:eu-west-1:111111111111:log-group:g:log-stream:"


@pytest.fixture
def world(world):
    world.logs("CreateLogGroup", logGroupName="g")
    world.now_ms = int(world.clock.now * 1000)
    return world


def names(world, **filters):
    return [
        stream["logStreamName"]
        for stream in world.logs("DescribeLogStreams", logGroupName="g", **filters)["logStreams"]
    ]


def paged(world, **filters):
    pages, token = [], {}
    while True:
        answer = world.logs("DescribeLogStreams", logGroupName="g", **filters, **token)
        pages.append([stream["logStreamName"] for stream in answer["logStreams"]])
        if "nextToken" not in answer:
            return pages
        token = {"nextToken": answer["nextToken"]}


def test_a_new_stream(world):
    world.logs("CreateLogStream", logGroupName="g", logStreamName="2026/11/23/[$LATEST]ab")

    assert world.logs("DescribeLogStreams", logGroupName="g") == {
        "logStreams": [
            {
                "logStreamName": "2026/11/23/[$LATEST]ab",
                "creationTime": world.now_ms,
                "arn": ARN + "2026/11/23/[$LATEST]ab",
                "storedBytes": 0,
            }
        ]
    }


def test_a_stream_with_events_says_when(world):
    world.telemetry.logs.append(world.scope, "g", "s", ["late"], at_ms=world.now_ms - 5)
    world.telemetry.logs.append(world.scope, "g", "s", ["early"], at_ms=world.now_ms - 9)

    (stream,) = world.logs("DescribeLogStreams", logGroupIdentifier="g")["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (world.now_ms - 9, world.now_ms - 5)
    assert stream["lastIngestionTime"] == world.now_ms
    assert len(stream["uploadSequenceToken"]) == 56


def test_a_deleted_stream_is_gone_with_its_events(world):
    world.telemetry.logs.append(world.scope, "g", "a", ["of a"])
    world.telemetry.logs.append(world.scope, "g", "b", ["of b"])
    world.logs("DeleteLogStream", logGroupName="g", logStreamName="a")

    assert names(world) == ["b"]
    (event,) = world.logs("FilterLogEvents", logGroupName="g")["events"]
    assert event["message"] == "of b"
    assert world.logs("DescribeLogGroups")["logGroups"][0]["storedBytes"] == len("of b") + 26


class TestOrder:
    @pytest.fixture(autouse=True)
    def _streams(self, world):
        world.logs("CreateLogStream", logGroupName="g", logStreamName="x/empty")
        for age_ms, name in enumerate(("x/2", "x/1", "y/1")):
            world.telemetry.logs.append(world.scope, "g", name, ["m"], at_ms=world.now_ms - age_ms)

    def test_by_name(self, world):
        assert names(world) == ["x/1", "x/2", "x/empty", "y/1"]
        assert names(world, descending=True) == ["y/1", "x/empty", "x/2", "x/1"]
        assert names(world, logStreamNamePrefix="x/") == ["x/1", "x/2", "x/empty"]
        assert names(world, logStreamNamePrefix="x/", descending=True) == ["x/empty", "x/2", "x/1"]

    def test_by_last_event(self, world):
        assert names(world, orderBy="LastEventTime") == ["x/empty", "y/1", "x/1", "x/2"]
        assert names(world, orderBy="LastEventTime", descending=True) == ["x/2", "x/1", "y/1", "x/empty"]

    def test_pages(self, world):
        assert paged(world, limit=3) == [["x/1", "x/2", "x/empty"], ["y/1"]]
        assert paged(world, limit=2, descending=True) == [["y/1", "x/empty"], ["x/2", "x/1"]]
        assert paged(world, limit=3, orderBy="LastEventTime", descending=True) == [["x/2", "x/1", "y/1"], ["x/empty"]]

    @pytest.mark.parametrize(
        ("filters", "message"),
        [
            (
                {"orderBy": "LastEventTime", "logStreamNamePrefix": "x"},
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ),
            (
                {"orderBy": "Size"},
                (
                    "1 validation error detected: Value 'Size' at 'orderBy' failed to satisfy constraint: Member must "
                    "satisfy enum value set: [LogStreamName, LastEventTime]"
                ),
            ),
            ({"nextToken": "nonsense"}, "The specified nextToken is invalid."),
        ],
    )
    def test_bad_orders_are_refused(self, world, filters, message):
        error = world.refused("logs", "DescribeLogStreams", logGroupName="g", **filters)

        assert (error.code, error.message) == ("InvalidParameterException", message)


def test_a_stream_that_is_there_already(world):
    world.logs("CreateLogStream", logGroupName="g", logStreamName="s")
    error = world.refused("logs", "CreateLogStream", logGroupName="g", logStreamName="s")

    assert (error.code, error.message) == ("ResourceAlreadyExistsException", "The specified log stream already exists")


@pytest.mark.parametrize("name", ["a:b", "a*"])
def test_a_stream_that_cannot_be_made(world, name):
    error = world.refused("logs", "CreateLogStream", logGroupName="g", logStreamName=name)

    assert error.message == (
        f"1 validation error detected: Value '{name}' at 'logStreamName' failed to satisfy constraint: Member must "
        "satisfy regular expression pattern: [^:*]*"
    )


def test_a_stream_of_a_group_that_is_not_there(world):
    error = world.refused("logs", "CreateLogStream", logGroupName="never", logStreamName="s")

    assert error.message == "The specified log group does not exist."


def test_a_stream_that_is_not_there_cannot_be_deleted(world):
    error = world.refused("logs", "DeleteLogStream", logGroupName="g", logStreamName="never")

    assert error.message == "The specified log stream does not exist."
