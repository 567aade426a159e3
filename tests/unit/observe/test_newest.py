"""The newest lines: the right ones, by either way of searching, and at the same cost whatever lies before them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe import access_logs
from pytest_rollbacklab.observe.newest import newest_access_log, newest_events, newest_function_log
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target

AT = datetime(2026, 11, 23, 7, tzinfo=UTC)
GROUP = "/aws/lambda/create"


def seconds(number: float) -> datetime:
    return AT + timedelta(seconds=number)


def messages(lines: tuple[LogLine, ...]) -> list[str]:
    return [line.message for line in lines]


@pytest.fixture(params=[True, False], ids=["backwards", "in windows"])
def searching(world: Any, request: pytest.FixtureRequest) -> Any:
    """With a boto3 that can search backwards, and with one that cannot."""
    world.logs.searches_backwards = request.param
    return world


class TestWithoutASearch:
    def test_the_last_lines_of_all_streams_come_in_the_order_of_time(self, searching: Any) -> None:
        for number in range(9):
            searching.logs.write("g", f"{number}", at=seconds(number), stream="abc"[number % 3])
        assert messages(newest_events(searching, "g", limit=4)) == list("5678")
        assert messages(newest_events(searching, "g", limit=100)) == list("012345678")

    def test_streams_that_ended_before_are_not_read(self, world: Any) -> None:
        world.logs.searches_backwards = False
        for number in range(20):
            world.logs.write("g", "old", at=seconds(number), stream=f"s{number}")
        world.logs.write("g", "a", "b", "c", at=seconds(60), stream="new")
        assert messages(newest_events(world, "g", limit=3)) == ["a", "b", "c"]
        assert {read["logStreamName"] for read in world.logs.reads} == {"new"}

    def test_no_more_of_a_stream_is_read_than_is_wanted(self, world: Any) -> None:
        world.logs.searches_backwards = False
        world.logs.write("g", *(f"{number}" for number in range(100)))
        assert messages(newest_events(world, "g", limit=3)) == ["97", "98", "99"]
        assert len(world.logs.reads) == 2  # in pages of two

    def test_since_and_until_hold_with_both_ends(self, searching: Any) -> None:
        for number in range(6):
            searching.logs.write("g", f"{number}", at=seconds(number), stream="ab"[number % 2])
        assert messages(newest_events(searching, "g", since=seconds(1), until=seconds(3))) == ["1", "2", "3"]
        assert messages(newest_events(searching, "g", limit=1, until=seconds(3))) == ["3"]

    def test_single_streams_can_be_read(self, searching: Any) -> None:
        searching.logs.write("g", "1", at=seconds(1), stream="a")
        searching.logs.write("g", "2", at=seconds(2), stream="b")
        assert messages(newest_events(searching, "g", streams=("a",))) == ["1"]

    def test_a_line_says_where_it_stands(self, searching: Any) -> None:
        searching.logs.write("g", "x", at=seconds(0.123), stream="a")
        assert newest_events(searching, "g") == (LogLine(group="g", stream="a", at=seconds(0.123), message="x"),)


class TestWithASearch:
    def test_the_last_lines_that_match_come_in_the_order_of_time(self, searching: Any) -> None:
        for number in range(9):
            message = f"{number} {'odd' if number % 2 else 'even'}"
            searching.logs.write("g", message, at=seconds(number), stream="ab"[number % 2])
        assert messages(newest_events(searching, "g", limit=2, pattern='"odd"')) == ["5 odd", "7 odd"]
        assert messages(newest_events(searching, "g", pattern='"odd"', streams=("a",))) == []

    def test_what_lies_years_back_is_found_too(self, searching: Any) -> None:
        for year in (2019, 2023, 2024, 2026):
            searching.logs.write("g", f"in {year}", at=datetime(year, 5, 1, tzinfo=UTC))
        found = messages(newest_events(searching, "g", pattern='"in"', until=AT))
        assert found == ["in 2019", "in 2023", "in 2024", "in 2026"]
        assert messages(newest_events(searching, "g", limit=3, pattern='"in"', until=AT)) == found[1:]
        since = datetime(2020, 1, 1, tzinfo=UTC)
        assert messages(newest_events(searching, "g", pattern='"in"', since=since, until=AT)) == found[1:]

    def test_no_window_is_looked_into_twice(self, searching: Any) -> None:
        searching.logs.write("g", "x", at=AT)
        newest_events(searching, "g", pattern='"x"', until=AT)
        windows = [(query["startTime"], query["endTime"]) for query in searching.logs.queries]
        assert windows[-1][0] == 0
        for (later_start, _), (_, earlier_end) in itertools.pairwise(windows):
            assert earlier_end == later_start - 1

    def test_a_search_ends_with_the_window_that_holds_enough(self, world: Any) -> None:
        world.logs.searches_backwards = False
        world.logs.write("g", "x old", at=AT - timedelta(days=3))
        world.logs.write("g", "x 1", "x 2", at=AT)
        assert messages(newest_events(world, "g", limit=2, pattern='"x"', until=AT)) == ["x 1", "x 2"]
        (query,) = world.logs.queries
        assert query["endTime"] - query["startTime"] == 60_000

    def test_it_is_only_asked_backwards_where_aws_takes_that(self, world: Any) -> None:
        world.logs.write("g", "x", at=datetime(2020, 1, 1, tzinfo=UTC))
        newest_events(world, "g", pattern='"x"', until=AT)
        starts = {query["startTime"]: query.get("startFromHead") for query in world.logs.queries}
        assert starts == {1_704_067_200_000: False, 0: None}


@pytest.mark.parametrize("pattern", [None, '"x"'])
def test_a_group_that_is_not_there_has_none(searching: Any, pattern: str | None) -> None:
    assert newest_events(searching, "never", pattern=pattern) == ()
    assert newest_function_log(searching, "never", search=pattern) == ()


def test_a_functions_log_is_searched_by_words(world: Any) -> None:
    for number, message in enumerate(("START", "[ERROR] NameError: gibberish is not defined", "END")):
        world.logs.write(GROUP, message, at=AT + timedelta(seconds=number))
    assert len(newest_function_log(world, "create")) == 3
    (found,) = newest_function_log(world, "create", search='"gibberish is not"', until=AT + timedelta(minutes=1))
    assert found.message.startswith("[ERROR]")
    assert world.logs.queries[-1]["filterPattern"] == '"gibberish is not"'


class TestAccessLogs:
    @pytest.fixture
    def lines(self, searching: Any) -> Any:
        searching.apigateway.log_access(access_logs.FORMAT)
        for number, status in enumerate((200, 502, 404, 502, 201)):
            line = {"requestId": f"id-{number}", "status": str(status), "path": "/prod/notes"}
            unset = dict.fromkeys(json.loads(access_logs.FORMAT), "-")
            searching.logs.write("access", json.dumps(unset | line), at=seconds(number))
        return searching

    def found(self, world: Any, resources: StageResources, **more: Any) -> list[str]:
        lines = newest_access_log(world, resources, until=seconds(60), **more)
        return [line.fields["requestId"] for line in lines]

    def test_the_newest_are_read_by_their_format(self, lines: Any, resources: StageResources) -> None:
        assert self.found(lines, resources, limit=2) == ["id-3", "id-4"]
        assert self.found(lines, resources, since=seconds(3)) == ["id-3", "id-4"]

    def test_words_are_looked_for_in_the_text(self, lines: Any, resources: StageResources) -> None:
        assert self.found(lines, resources, search="id-2") == ["id-2"]
        assert self.found(lines, resources, search="id-2 id-3") == []

    def test_a_format_of_plain_text_is_searched_by_field_too(self, world: Any, resources: StageResources) -> None:
        world.apigateway.log_access("$context.requestId [$context.status] $context.path")
        for number, status in enumerate((200, 502, 404, 503)):
            world.logs.write("access", f"id-{number} [{status}] /prod/502", at=seconds(number))
        assert self.found(world, resources, search="status=502") == ["id-1"]
        assert self.found(world, resources, search="status=5*", limit=1) == ["id-3"]
        assert self.found(world, resources, search="status=5* id-1") == ["id-1"]

    def test_a_field_that_the_format_lacks_is_refused(self, world: Any, resources: StageResources) -> None:
        world.apigateway.log_access("$context.requestId $context.status")
        with pytest.raises(UsageError, match="cannot be chosen by path: the stage's format does not hold it") as caught:
            newest_access_log(world, resources, search="path=/notes")
        assert "its variables: requestId, status" in str(caught.value)

    def test_access_logs_that_are_off_are_said_to_be(self, world: Any, resources: StageResources) -> None:
        with pytest.raises(UsageError, match="access logs are off on notes-prod"):
            newest_access_log(world, resources)


class TestOfAHundredThousandLines:
    """Against the local AWS's own logs, by boto3: as many calls as for ten lines, and as much in them."""

    @pytest.fixture
    def target(self, served: Any) -> Iterator[Target]:
        target = Target(endpoint_url=served.endpoint_url)
        yield target
        target.close()

    @pytest.mark.parametrize("search", [None, "line"])
    def test_the_newest_ten_cost_what_they_cost_of_ten(self, served: Any, target: Target, search: str | None) -> None:
        now_ms = int(datetime.now(UTC).timestamp() * 1000)
        lines = [f"line {number % 1000}\n" for number in range(100_000)]
        served.write("/aws/lambda/short", *lines[-10:], at_ms=now_ms)
        served.write("/aws/lambda/long", *lines, at_ms=now_ms)
        calls = []
        for function_name in ("short", "long"):
            served.calls.clear()
            found = newest_function_log(target, function_name, limit=10, search=search)
            calls.append(dict(served.calls))
            assert messages(found) == lines[-10:]
        assert calls == [{"FilterLogEvents": 1}] * 2

    def test_a_json_access_log_is_searched_by_its_fields(
        self, served: Any, target: Target, world: Any, resources: StageResources
    ) -> None:
        world.apigateway.log_access(access_logs.FORMAT)
        world.logs = target.client("logs")
        unset = dict.fromkeys(json.loads(access_logs.FORMAT), "-")
        for number, status in enumerate((200, 502, 404, 503)):
            served.write("access", json.dumps(unset | {"requestId": f"id-{number}", "status": str(status)}))
        for search, expected in {
            "status=5*": ["id-1", "id-3"],
            "status=*4": ["id-2"],
            "status=502": ["id-1"],
            "status=5* id-3": ["id-3"],
            'requestId="id-0"': ["id-0"],
            "path=*": ["id-0", "id-1", "id-2", "id-3"],
            'path="a\\"b"': [],
        }.items():
            found = newest_access_log(world, resources, search=search)
            assert [line.fields["requestId"] for line in found] == expected, search
