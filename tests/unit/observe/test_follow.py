"""A log followed: every line once, in order, whatever happens to the session, and an end when it is wanted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_rollbacklab.errors import CloudError, UsageError
from pytest_rollbacklab.localaws.telemetry.logs.live_tail import LiveTail, Pace
from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe import access_logs
from pytest_rollbacklab.observe.follow import follow, follow_access_log, follow_function_log
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target

GROUP = "/aws/lambda/create"
LONG_AGO_MS = 1_700_000_000_000


@pytest.fixture
def target(served: Any) -> Iterator[Target]:
    target = Target(endpoint_url=served.endpoint_url)
    yield target
    target.close()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


def take(lines: Iterator[Any], wanted: int) -> list[str]:
    """Return the texts of the next lines, without the quiet moments."""
    found: list[str] = []
    while len(found) < wanted:
        line = next(lines)
        if line is not None:
            found.append(line.message if isinstance(line, LogLine) else line.raw)
    return found


def begun(lines: Iterator[Any]) -> Iterator[Any]:
    """Follow until the first quiet moment: from then on nothing is missed."""
    assert next(lines) is None
    return lines


def paced(served: Any, **pace: float) -> None:
    """Have sessions last shorter or tell faster."""
    logs = served.telemetry.logs
    served.operations["logs"]["StartLiveTail"] = LiveTail(logs.kept.stores, logs.subscribe, Pace(**pace)).start


class TestLines:
    def test_come_as_they_are_written_and_none_from_before(
        self, served: Any, target: Target, stop: threading.Event
    ) -> None:
        served.write(GROUP, "before", at_ms=LONG_AGO_MS)
        lines = begun(follow(target, GROUP, stop=stop))
        served.write(GROUP, "a\n", stream="one")
        assert take(lines, 1) == ["a\n"]
        served.write(GROUP, "b\n", "c\n", stream="two")
        assert take(lines, 2) == ["b\n", "c\n"]
        lines.close()
        assert served.calls["StartLiveTail"] == 1
        assert served.calls["FilterLogEvents"] == 1  # once, for what came while the session began

    def test_say_where_they_stand(self, served: Any, target: Target, stop: threading.Event) -> None:
        served.write(GROUP, "before", at_ms=LONG_AGO_MS)
        lines = begun(follow(target, GROUP, stop=stop))
        served.write(GROUP, "x", stream="one")
        line = next(line for line in lines if line is not None)
        assert (line.group, line.stream, line.message) == (GROUP, "one", "x")
        lines.close()

    def test_are_chosen_by_a_pattern(self, served: Any, target: Target, stop: threading.Event) -> None:
        served.write(GROUP, "before", at_ms=LONG_AGO_MS)
        lines = begun(follow_function_log(target, "create", search='"is not defined"', stop=stop))
        served.write(GROUP, "START", "[ERROR] gibberish is not defined", "END")
        assert take(lines, 1) == ["[ERROR] gibberish is not defined"]
        stop.set()
        assert [line for line in lines if line is not None] == []


class TestTheEnd:
    def test_comes_when_the_event_is_set(self, served: Any, target: Target, stop: threading.Event) -> None:
        served.write(GROUP, "before", at_ms=LONG_AGO_MS)
        lines = begun(follow(target, GROUP, stop=stop))
        stop.set()
        assert list(lines) in ([], [None])
        self.wait_until_unfollowed(served)

    def test_comes_when_a_function_says_so(self, served: Any, target: Target) -> None:
        served.write(GROUP, "before", at_ms=LONG_AGO_MS)
        seen: list[LogLine | None] = []
        seen.extend(follow(target, GROUP, stop=lambda: len(seen) >= 2))
        assert len(seen) == 2

    def test_comes_when_nobody_reads_any_more(self, served: Any, target: Target, stop: threading.Event) -> None:
        served.write(GROUP, "before", at_ms=LONG_AGO_MS)
        lines = begun(follow(target, GROUP, stop=stop))
        lines.close()
        self.wait_until_unfollowed(served)

    def test_comes_while_the_group_is_waited_for(self, target: Target, stop: threading.Event) -> None:
        lines = follow(target, "never", stop=stop)
        assert [next(lines), next(lines)] == [None, None]
        stop.set()
        assert list(lines) == []

    def wait_until_unfollowed(self, served: Any) -> None:
        for _ in range(2000):
            if not served.run(lambda: served.telemetry.logs.followed):
                return
            served.write(GROUP, "a line that nobody reads")
        raise AssertionError("it is still followed")


class TestTheSession:
    def test_a_group_that_is_not_there_yet_is_waited_for_and_its_first_lines_are_new(
        self, served: Any, target: Target, stop: threading.Event
    ) -> None:
        lines = begun(follow(target, GROUP, stop=stop))
        assert next(lines) is None
        served.write(GROUP, "first", "second")
        assert take(lines, 2) == ["first", "second"]
        served.write(GROUP, "third")
        assert take(lines, 1) == ["third"]
        lines.close()

    def test_one_that_ends_is_followed_by_another_and_every_line_comes_once(
        self, served: Any, target: Target, stop: threading.Event
    ) -> None:
        paced(served, quiet_s=0.005, shortest_s=0.0, session_s=0.01)
        served.write(GROUP, "before", at_ms=LONG_AGO_MS)
        lines = begun(follow(target, GROUP, stop=stop))
        expected: list[str] = []
        found: list[str] = []
        while served.calls["StartLiveTail"] < 4 and len(expected) < 100_000:
            lines_now = [f"line {len(expected) + number}" for number in range(3)]
            served.write(GROUP, *lines_now)
            expected += lines_now
            found += take(lines, 3)
        lines.close()
        assert found == expected
        assert served.calls["StartLiveTail"] == 4

    def test_lines_that_are_alike_are_told_as_often_as_they_came(
        self, served: Any, target: Target, stop: threading.Event
    ) -> None:
        paced(served, quiet_s=0.01, shortest_s=0.0, session_s=0.02)
        served.write(GROUP, "before", at_ms=LONG_AGO_MS)
        lines = begun(follow(target, GROUP, stop=stop))
        for _ in range(20):
            served.write(GROUP, "same", "same")
            assert take(lines, 2) == ["same", "same"]
        for line, _ in zip(lines, range(20), strict=False):
            assert line is None
        lines.close()

    def test_a_death_of_the_cloud_is_named(self, world: Any, stop: threading.Event) -> None:
        world.checks = [CloudError("the local AWS is gone")]
        world.logs.start_live_tail = lambda **_: {"responseStream": Broken()}
        with pytest.raises(CloudError, match="the local AWS is gone"):
            list(follow(world, "g", stop=stop))

    def test_whatever_else_the_service_says_is_raised(self, world: Any, stop: threading.Event) -> None:
        from botocore.exceptions import EventStreamError

        denied = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        world.logs.start_live_tail = lambda **_: {"responseStream": Broken(EventStreamError(denied, "StartLiveTail"))}
        with pytest.raises(EventStreamError, match="AccessDeniedException"):
            list(follow(world, "g", stop=stop))


class Broken:
    """A stream that breaks off at once."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error or ConnectionResetError("gone")

    def __iter__(self) -> Iterator[Any]:
        raise self._error
        yield

    def close(self) -> None: ...


class TestAccessLogs:
    @pytest.fixture
    def write(self, served: Any, target: Target, world: Any) -> Callable[..., None]:
        world.apigateway.log_access(access_logs.FORMAT)
        world.logs = target.client("logs")
        world.region, world.account_id = target.region, target.account_id

        def write(*statuses: int) -> None:
            unset = dict.fromkeys(json.loads(access_logs.FORMAT), "-")
            served.write("access", *(json.dumps(unset | {"status": str(status)}) for status in statuses))

        write(200)
        return write

    def test_are_followed_by_their_format(
        self, write: Callable[..., None], world: Any, resources: StageResources, stop: threading.Event
    ) -> None:
        lines = follow_access_log(world, resources, search="status=5*", stop=stop)
        for line in lines:
            if line is None:
                break
        write(200, 502, 404, 503)
        found = []
        for line in lines:
            if line is not None:
                found.append(line.status)
            if len(found) == 2:
                stop.set()
        assert found == [502, 503]

    def test_that_are_off_are_said_to_be(self, world: Any, resources: StageResources, stop: threading.Event) -> None:
        with pytest.raises(UsageError, match="access logs are off"):
            next(follow_access_log(world, resources, stop=stop))
