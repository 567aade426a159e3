from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe import lambda_logs

AT = datetime(2026, 11, 23, 7, tzinfo=UTC)
GROUP = "/aws/lambda/create"
FIRST, SECOND = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
INIT = "INIT_START Runtime Version: python:3.12.v1\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:0\n"
TRACEBACK = "[ERROR] NameError: name 'gibberish' is not defined\nTraceback (most recent call last):\n"


def start(request_id: str) -> str:
    return f"START RequestId: {request_id} Version: 3\n"


def end(request_id: str) -> list[str]:
    report = "Duration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n"
    return [f"END RequestId: {request_id}\n", f"REPORT RequestId: {request_id}\t{report}"]


def lines(*messages: str, stream: str = "s") -> list[LogLine]:
    return [
        LogLine(group=GROUP, stream=stream, at=AT + timedelta(milliseconds=number), message=message)
        for number, message in enumerate(messages)
    ]


def grouped(*messages: str) -> dict[str, list[str]]:
    found = lambda_logs.by_request(lines(*messages))
    return {request_id: [line.message for line in its_lines] for request_id, its_lines in found.items()}


def test_what_lies_between_start_and_report_is_the_requests() -> None:
    assert grouped(start(FIRST), TRACEBACK, *end(FIRST), start(SECOND), "print\n", *end(SECOND)) == {
        FIRST: [start(FIRST), TRACEBACK, *end(FIRST)],
        SECOND: [start(SECOND), "print\n", *end(SECOND)],
    }


def test_an_environments_beginning_belongs_to_its_first_request_alone() -> None:
    found = grouped(INIT, "[WARNING] at import\n", start(FIRST), *end(FIRST), start(SECOND), *end(SECOND))
    assert found[FIRST] == [INIT, "[WARNING] at import\n", start(FIRST), *end(FIRST)]
    assert found[SECOND] == [start(SECOND), *end(SECOND)]


def test_a_line_after_the_report_that_names_the_request_is_its() -> None:
    timed_out = f"2026-11-23T07:00:03.000Z {FIRST} Task timed out after 3.00 seconds\n\n"
    assert grouped(start(FIRST), *end(FIRST), timed_out, INIT, start(SECOND), *end(SECOND)) == {
        FIRST: [start(FIRST), *end(FIRST), timed_out],
        SECOND: [INIT, start(SECOND), *end(SECOND)],
    }


def test_the_end_of_a_request_whose_start_was_not_read_is_nobodys() -> None:
    assert grouped("print\n", *end(FIRST), start(SECOND), *end(SECOND)) == {SECOND: [start(SECOND), *end(SECOND)]}


def test_streams_are_kept_apart() -> None:
    mixed = [
        *lines(start(FIRST), stream="a"),
        *lines(start(SECOND), "b's\n", stream="b"),
        *lines("a's\n", *end(FIRST), stream="a"),
    ]
    found = lambda_logs.by_request(mixed)
    assert [line.message for line in found[FIRST]] == [start(FIRST), "a's\n", *end(FIRST)]
    assert [line.message for line in found[SECOND]] == [start(SECOND), "b's\n"]


def test_one_request_is_read_from_its_stream(world: Any) -> None:
    world.logs.write(GROUP, INIT, start(FIRST), TRACEBACK, *end(FIRST), start(SECOND), *end(SECOND), stream="a")
    world.logs.write(GROUP, INIT, stream="b")
    found = lambda_logs.of_request(world, "create", FIRST)
    assert [line.message for line in found] == [INIT, start(FIRST), TRACEBACK, *end(FIRST)]
    assert {line.stream for line in found} == {"a"}


def test_no_more_of_a_stream_is_read_than_the_request_and_the_end_of_the_one_before(world: Any) -> None:
    for number in range(50):
        before = f"{number:08d}-1111-4111-8111-111111111111"
        world.logs.write(GROUP, start(before), *end(before), at=AT + timedelta(seconds=number))
    world.logs.write(GROUP, start(FIRST), TRACEBACK, *end(FIRST), at=AT + timedelta(minutes=1))
    world.logs.write(GROUP, start(SECOND), *end(SECOND), at=AT + timedelta(minutes=2))
    found = lambda_logs.of_request(world, "create", FIRST)
    assert [line.message for line in found] == [start(FIRST), TRACEBACK, *end(FIRST)]
    assert len(world.logs.reads) == 3  # in pages of two


def test_in_the_json_format_the_lines_that_name_the_request_are_found(world: Any) -> None:
    named = f'{{"level": "ERROR", "requestId": "{FIRST}"}}\n'
    world.logs.write(GROUP, '{"type": "platform.initStart"}\n', named)
    assert [line.message for line in lambda_logs.of_request(world, "create", FIRST)] == [named]


@pytest.mark.parametrize("group", ["/aws/lambda/other", GROUP])
def test_a_function_that_never_ran_has_no_lines(world: Any, group: str) -> None:
    world.logs.create_log_group(logGroupName=group)
    assert lambda_logs.read(world, "create") == ()
    assert lambda_logs.of_request(world, "create", FIRST) == ()


def test_all_pages_are_read_in_the_order_of_time(world: Any) -> None:
    for second in (3, 1, 2, 0, 4):
        world.logs.write(GROUP, f"{second}", at=AT + timedelta(seconds=second))
    assert "".join(line.message for line in lambda_logs.read(world, "create")) == "01234"
    window = lambda_logs.read(world, "create", since=AT + timedelta(seconds=1), until=AT + timedelta(seconds=3))
    assert [line.at.second for line in window] == [1, 2, 3]
