"""StartLiveTail: told of what comes by AWS's own client, over AWS's own encoding."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EventStreamError

from pytest_rollbacklab.localaws.api import Call, ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.live_tail import LiveTail, Pace
from pytest_rollbacklab.target import Target

GROUP = "/aws/lambda/create"
FAST = Pace(quiet_s=0.01, shortest_s=0.0, session_s=0.05)


def arn_of(name: str, region: str = "us-east-1") -> str:
    return f"arn:aws:logs:{region}:123456789012:log-group:{name}"


def results(events: Iterator[Any], wanted: int) -> list[dict[str, Any]]:
    """Read a stream until it has told of so many events."""
    found: list[dict[str, Any]] = []
    while len(found) < wanted:
        found += next(events)["sessionUpdate"]["sessionResults"]
    return found


class TestOverTheWire:
    @pytest.fixture
    def target(self, served: Any) -> Iterator[Target]:
        target = Target(endpoint_url=served.endpoint_url)
        yield target
        target.close()

    @pytest.fixture
    def tail(self, target: Target) -> Iterator[Callable[..., Any]]:
        """Start sessions, and end them."""
        open_streams = []

        def start(*groups: str, **more: Any) -> Any:
            arns = [arn_of(group) for group in groups]
            stream = target.client("logs").start_live_tail(logGroupIdentifiers=arns, **more)["responseStream"]
            open_streams.append(stream)
            return iter(stream)

        yield start
        for stream in open_streams:
            stream.close()

    def test_a_session_begins_by_saying_what_it_follows(self, served: Any, tail: Callable[..., Any]) -> None:
        served.write(GROUP, "before")
        started = next(tail(GROUP, logStreamNamePrefixes=["a"], logEventFilterPattern="ERROR"))["sessionStart"]
        assert len(started.pop("sessionId")) == 36
        assert started == {
            "requestId": "r-1",
            "logGroupIdentifiers": [arn_of(GROUP)],
            "logStreamNamePrefixes": ["a"],
            "logEventFilterPattern": "ERROR",
        }

    def test_events_are_told_as_they_come_and_quiet_seconds_too(self, served: Any, tail: Callable[..., Any]) -> None:
        served.write(GROUP, "before")
        events = tail(GROUP)
        next(events)
        update = next(events)["sessionUpdate"]
        assert update == {"sessionMetadata": {"sampled": False}, "sessionResults": []}
        served.write(GROUP, "eins\n", "zwölf ☃\n", stream="a", at_ms=1_800_000_000_123)
        told = results(events, 2)
        assert [(one["message"], one["logStreamName"], one["timestamp"]) for one in told] == [
            ("eins\n", "a", 1_800_000_000_123),
            ("zwölf ☃\n", "a", 1_800_000_000_123),
        ]
        assert {one["logGroupIdentifier"] for one in told} == {arn_of(GROUP)}
        assert abs(told[0]["ingestionTime"] / 1000 - time.time()) < 60

    def test_several_groups_are_followed_at_once(self, served: Any, tail: Callable[..., Any]) -> None:
        for group in ("g", "h", "other"):
            served.write(group, "before")
        events = tail("g", "h")
        next(events)
        for group in ("g", "other", "h"):
            served.write(group, f"in {group}")
        told = results(events, 2)
        assert [(one["logGroupIdentifier"], one["message"]) for one in told] == [
            (arn_of("g"), "in g"),
            (arn_of("h"), "in h"),
        ]

    @pytest.mark.parametrize(
        "chosen",
        [
            {"logStreamNames": ["a", "never"]},
            {"logStreamNamePrefixes": ["x", "a"]},
            {"logEventFilterPattern": '"in a"'},
            {"logEventFilterPattern": "%in [a]%"},
        ],
    )
    def test_streams_and_patterns_choose(self, served: Any, tail: Callable[..., Any], chosen: dict[str, Any]) -> None:
        served.write(GROUP, "before")
        events = tail(GROUP, **chosen)
        next(events)
        served.write(GROUP, "in b", stream="b")
        served.write(GROUP, "in a", stream="a")
        assert [one["message"] for one in results(events, 1)] == ["in a"]

    def test_beyond_five_hundred_events_there_is_a_sample(self, served: Any, tail: Callable[..., Any]) -> None:
        served.write(GROUP, "before")
        events = tail(GROUP)
        next(events)
        served.write(GROUP, *(f"{number}" for number in range(2000)))
        update = next(events)["sessionUpdate"]
        while not update["sessionResults"]:
            update = next(events)["sessionUpdate"]
        numbers = [int(one["message"]) for one in update["sessionResults"]]
        assert (update["sessionMetadata"]["sampled"], numbers) == (True, list(range(0, 2000, 4)))

    def test_a_client_that_goes_is_forgotten(self, served: Any, target: Target) -> None:
        served.write(GROUP, "before")
        stream = target.client("logs").start_live_tail(logGroupIdentifiers=[arn_of(GROUP)])["responseStream"]
        next(iter(stream))
        assert served.run(lambda: served.telemetry.logs.followed) == {(served.scope, GROUP): 1}
        stream.close()
        deadline = time.monotonic() + 20
        while served.run(lambda: served.telemetry.logs.followed):
            assert time.monotonic() < deadline, "it is still followed"
            served.write(GROUP, "a line that nobody reads")

    @pytest.mark.parametrize(
        ("params", "code", "message"),
        [
            (
                {"logGroupIdentifiers": [arn_of("never")]},
                "ResourceNotFoundException",
                "The specified log group does not exist.",
            ),
            (
                {"logGroupIdentifiers": [arn_of(GROUP, region="eu-west-1")]},
                "ResourceNotFoundException",
                "The specified log group does not exist.",
            ),
            (
                {"logGroupIdentifiers": [GROUP]},
                "InvalidParameterException",
                f"The log group identifier '{GROUP}' is not an ARN.",
            ),
            (
                {"logGroupIdentifiers": [f"{arn_of(GROUP)}:*"]},
                "InvalidParameterException",
                f"The log group ARN '{arn_of(GROUP)}:*' must not end with an asterisk.",
            ),
            (
                {"logGroupIdentifiers": [arn_of(GROUP)] * 11},
                "InvalidParameterException",
                (
                    "1 validation error detected: Value '[11 members]' at 'logGroupIdentifiers' failed to satisfy "
                    "constraint: Member must have length less than or equal to 10"
                ),
            ),
            (
                {"logGroupIdentifiers": [arn_of(GROUP)], "logStreamNames": ["s"], "logStreamNamePrefixes": ["s"]},
                "InvalidParameterException",
                "logStreamNames and logStreamNamePrefixes are mutually exclusive: specify one of them.",
            ),
            (
                {"logGroupIdentifiers": [arn_of(GROUP), arn_of("rare")], "logStreamNames": ["s"]},
                "InvalidOperationException",
                "Log class INFREQUENT_ACCESS has no Live Tail.",
            ),
            (
                {"logGroupIdentifiers": [arn_of(GROUP), arn_of("second")], "logStreamNames": ["s"]},
                "InvalidParameterException",
                "logStreamNames can be specified only with one log group.",
            ),
            (
                {"logGroupIdentifiers": [arn_of(GROUP)], "logStreamNamePrefixes": ["s"] * 101},
                "InvalidParameterException",
                (
                    "1 validation error detected: Value '[101 members]' at 'logStreamNamePrefixes' failed to satisfy "
                    "constraint: Member must have length less than or equal to 100"
                ),
            ),
            (
                {"logGroupIdentifiers": [arn_of(GROUP)], "logEventFilterPattern": "{ $.x }"},
                "InvalidParameterException",
                "Invalid filter pattern",
            ),
        ],
    )
    def test_bad_parameters_are_refused_before_anything_is_streamed(
        self, served: Any, target: Target, params: dict[str, Any], code: str, message: str
    ) -> None:
        served.write(GROUP, "before")
        served.write("second", "before")
        target.client("logs").create_log_group(logGroupName="rare", logGroupClass="INFREQUENT_ACCESS")
        with pytest.raises(ClientError) as caught:
            target.client("logs").start_live_tail(**params)
        error = caught.value.response["Error"]
        assert (error["Code"], error["Message"]) == (code, message)
        assert served.run(lambda: served.telemetry.logs.followed) == {}

    def test_a_session_that_has_lasted_too_long_ends_with_an_exception(
        self, served: Any, tail: Callable[..., Any]
    ) -> None:
        served.write(GROUP, "before")
        logs = served.telemetry.logs
        served.operations["logs"]["StartLiveTail"] = LiveTail(logs.kept.stores, logs.subscribe, FAST).start
        with pytest.raises(EventStreamError, match="has been open for three hours") as caught:
            list(tail(GROUP))
        assert caught.value.response["Error"]["Code"] == "SessionTimeoutException"
        assert served.run(lambda: served.telemetry.logs.followed) == {}


def session(world: Any, **params: Any) -> Any:
    """Return one session's events, not over the wire."""
    tail = LiveTail(world.telemetry.logs.kept.stores, world.telemetry.logs.subscribe, FAST)
    call = Call(scope=world.scope, service="logs", operation="StartLiveTail", access_key="AKIA", request_id="r-1")
    arn = f"arn:aws:logs:eu-west-1:111111111111:log-group:{GROUP}"
    return tail.start(call, {"logGroupIdentifiers": [arn], **params})["responseStream"]


def test_it_listens_once_it_is_read_and_not_before(world: Any) -> None:
    world.telemetry.logs.append(world.scope, GROUP, "s", ["before"])
    events = session(world)
    assert world.telemetry.logs.followed == {}

    async def read() -> None:
        await anext(events)
        assert world.telemetry.logs.followed == {(world.scope, GROUP): 1}
        await events.aclose()

    asyncio.run(read())
    assert world.telemetry.logs.followed == {}


def test_a_slow_reader_loses_the_oldest_of_more_than_five_thousand(world: Any) -> None:
    world.telemetry.logs.append(world.scope, GROUP, "s", ["before"])

    async def read() -> list[str]:
        events = session(world)
        await anext(events)
        world.telemetry.logs.append(world.scope, GROUP, "s", [f"{number}" for number in range(6000)])
        update = (await anext(events))["sessionUpdate"]
        await events.aclose()
        return [one["message"] for one in update["sessionResults"]]

    told = asyncio.run(read())
    assert (len(told), told[0], told[-1]) == (500, "1000", "5990")


def test_an_update_stays_within_what_a_client_can_read(world: Any) -> None:
    world.telemetry.logs.append(world.scope, GROUP, "s", ["before"])

    async def read() -> dict[str, Any]:
        events = session(world)
        await anext(events)
        world.telemetry.logs.append(world.scope, GROUP, "s", ["x" * 1_000_000 for _ in range(20)])
        update = await anext(events)
        await events.aclose()
        return dict(update["sessionUpdate"])

    update = asyncio.run(read())
    assert (update["sessionMetadata"], len(update["sessionResults"])) == ({"sampled": True}, 3)


def test_a_session_ends_after_its_time(world: Any) -> None:
    world.telemetry.logs.append(world.scope, GROUP, "s", ["before"])

    async def read() -> None:
        async for _ in session(world):
            pass

    with pytest.raises(ServiceError, match="SessionTimeoutException"):
        asyncio.run(read())
