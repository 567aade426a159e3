"""PutLogEvents and append: what is taken, turned away or refused, as recorded where a recording is there."""

from __future__ import annotations

import pytest

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


@pytest.fixture
def world(world):
    world.logs("CreateLogGroup", logGroupName="g")
    world.logs("CreateLogStream", logGroupName="g", logStreamName="s")
    world.now_ms = int(world.clock.now * 1000)
    return world


def put(world, *events, **more):
    params = {"logGroupName": "g", "logStreamName": "s", "logEvents": [event(world, *one) for one in events], **more}
    return world.logs("PutLogEvents", **params)


def refused(world, *events, **more):
    params = {"logGroupName": "g", "logStreamName": "s", "logEvents": [event(world, *one) for one in events], **more}
    return world.refused("logs", "PutLogEvents", **params)


def event(world, offset_ms, message="m"):
    return {"timestamp": world.now_ms + offset_ms, "message": message}


def stored(world):
    return [one["message"] for one in world.logs("GetLogEvents", logGroupName="g", logStreamName="s")["events"]]


def test_events_are_kept_byte_for_byte(world):
    messages = ["🙀 - 参よ - 日本語", "two\nlines\n", "\ttab\u00a0space ", "\x1b[31mred\x1b[0m"]
    answer = put(world, *((n, message) for n, message in enumerate(messages)))

    assert stored(world) == messages
    assert len(answer["nextSequenceToken"]) == 56
    assert "rejectedLogEventsInfo" not in answer


def test_events_that_come_late_are_put_where_they_belong(world):
    put(world, (0, "now"))
    put(world, (-1000, "before"))

    assert stored(world) == ["before", "now"]


def test_a_sequence_token_is_not_looked_at(world):
    put(world, (0, "m"), sequenceToken="whatever")

    assert stored(world) == ["m"]


@pytest.mark.parametrize(
    ("events", "rejected", "kept"),
    [
        ([(-30 * DAY_MS, "old")], {"tooOldLogEventEndIndex": 1}, []),
        ([(DAY_MS, "new")], {"tooNewLogEventStartIndex": 0}, []),
        (
            [(-15 * DAY_MS, "old"), (0, "now"), (3 * HOUR_MS, "new")],
            {"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2},
            ["now"],
        ),
        ([(-14 * DAY_MS, "just"), (-13 * DAY_MS, "yes")], {}, ["just", "yes"]),
        ([(2 * HOUR_MS, "just")], {}, ["just"]),
    ],
)
def test_events_too_far_away_are_turned_away_and_counted(world, events, rejected, kept):
    answer = put(world, *events)

    assert answer.get("rejectedLogEventsInfo", {}) == rejected
    assert stored(world) == kept


def test_events_older_than_the_retention_are_turned_away(world):
    world.logs("PutRetentionPolicy", logGroupName="g", retentionInDays=3)
    answer = put(world, (-20 * DAY_MS, "a"), (-4 * DAY_MS, "b"), (-DAY_MS // 2, "c"))

    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2}
    assert stored(world) == ["c"]


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (
            [(0, "a"), (-1, "b")],
            "Log events in a single PutLogEvents request must be in chronological order.",
        ),
        (
            [(-DAY_MS - 1, "a"), (0, "b")],
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ),
        ([(0, "x" * 1_048_551)], "Log event too large: 1048577 bytes exceeds limit of 1048576"),
        ([(0, "é" * 300_000), (0, "é" * 300_000)], "Upload too large: 1200052 bytes exceeds limit of 1048576"),
        (
            [],
            (
                "1 validation error detected: Value '[]' at 'logEvents' failed to satisfy constraint: Member must have "
                "length greater than or equal to 1"
            ),
        ),
        (
            [(0, "m")] * 10_001,
            (
                "1 validation error detected: Value '[10001 events]' at 'logEvents' failed to satisfy constraint: "
                "Member must have length less than or equal to 10000"
            ),
        ),
        (
            [(0, "")],
            (
                "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            ),
        ),
        (
            [(-(10**13), "m")],
            (
                "1 validation error detected: Value '-8204587450000' at 'logEvents.1.member.timestamp' failed to "
                "satisfy constraint: Member must have value greater than or equal to 0"
            ),
        ),
    ],
)
def test_a_batch_that_breaks_a_rule_is_refused_whole(world, events, message):
    error = refused(world, *events)

    assert (error.code, error.message) == ("InvalidParameterException", message)
    assert stored(world) == []


def test_a_missing_timestamp_is_named(world):
    error = refused(world, logEvents=[{"message": "m"}])

    assert error.message == (
        "1 validation error detected: Value null at 'logEvents.1.member.timestamp' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"logGroupName": "never"}, "The specified log group does not exist."),
        ({"logStreamName": "never"}, "The specified log stream does not exist."),
    ],
)
def test_groups_and_streams_have_to_be_there(world, where, message):
    error = refused(world, (0, "m"), **where)

    assert (error.code, error.message, error.status) == ("ResourceNotFoundException", message, 400)


def test_entities_are_refused_by_name(world):
    error = refused(world, (0, "m"), entity={"keyAttributes": {}, "attributes": {"a": "b"}})

    assert error.message == "the local AWS does not emulate entity of PutLogEvents. Leave it out."


class TestAppend:
    def test_makes_the_group_and_the_stream(self, world):
        world.telemetry.logs.append(world.scope, "/aws/lambda/create", "2026/11/23/[$LATEST]ab", ["START\n", "END\n"])

        (group,) = world.logs("DescribeLogGroups", logGroupNamePrefix="/aws")["logGroups"]
        found = world.logs("FilterLogEvents", logGroupName=group["logGroupName"])["events"]
        assert [(one["logStreamName"], one["message"], one["timestamp"]) for one in found] == [
            ("2026/11/23/[$LATEST]ab", "START\n", world.now_ms),
            ("2026/11/23/[$LATEST]ab", "END\n", world.now_ms),
        ]

    def test_takes_a_time_and_drops_nothing_but_empty_messages(self, world):
        world.telemetry.logs.append(world.scope, "g", "s", ["a", "", "\n"], at_ms=world.now_ms - 5)

        events = world.logs("GetLogEvents", logGroupName="g", logStreamName="s")["events"]
        assert events == [
            {"timestamp": world.now_ms - 5, "message": message, "ingestionTime": world.now_ms}
            for message in ("a", "\n")
        ]

    def test_of_nothing_leaves_an_empty_stream(self, world):
        world.telemetry.logs.append(world.scope, "g", "other", [])

        streams = world.logs("DescribeLogStreams", logGroupName="g")["logStreams"]
        assert [stream["logStreamName"] for stream in streams] == ["other", "s"]
