from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.observe import access_logs
from pytest_rollbacklab.observe.resources import StageResources

FORMAT = json.dumps(
    {name: f"$context.{name}" for name in ("requestId", "status", "resourcePath", "path", "integration.requestId")}
)


def line(request_id: str, status: int, resource: str = "/notes", path: str = "/prod/notes") -> str:
    fields = {"requestId": request_id, "status": str(status), "resourcePath": resource, "path": path}
    return json.dumps(fields | {"integration.requestId": "-"})


@pytest.fixture
def logged(world: Any) -> Any:
    world.apigateway.log_access(FORMAT)
    world.logs.write("access", line("r1", 200))
    world.logs.write("access", line("r2", 502))
    world.logs.write("access", line("r3", 200, "/notes/{id}", "/prod/notes/7"))
    return world


def test_lines_come_parsed_by_the_stages_own_format(logged: Any, resources: StageResources) -> None:
    lines = access_logs.read(logged, resources)
    assert [(one.request_id, one.status) for one in lines] == [("r1", 200), ("r2", 502), ("r3", 200)]
    assert lines[1].raw == line("r2", 502)


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"status": 502}, ["r2"]),
        ({"status": 200}, ["r1", "r3"]),
        ({"request_id": "r3"}, ["r3"]),
        ({"path": "/notes/{id}"}, ["r3"]),
        ({"path": "/notes/7"}, ["r3"]),
        ({"path": "/prod/notes"}, ["r1", "r2"]),
        ({"path": "/notes", "status": 502}, ["r2"]),
        ({"path": "/nowhere"}, []),
    ],
)
def test_lines_can_be_chosen(logged: Any, resources: StageResources, chosen: dict[str, Any], found: list[str]) -> None:
    assert [one.request_id for one in access_logs.read(logged, resources, **chosen)] == found


def test_a_window_is_passed_on(logged: Any, resources: StageResources, broken: Any) -> None:
    since, until = broken.sent_at, broken.sent_at + timedelta(minutes=1)
    assert access_logs.read(logged, resources, since=since, until=until) == ()
    query = logged.logs.queries[-1]
    assert (query["startTime"], query["endTime"]) == (int(since.timestamp() * 1000), int(until.timestamp() * 1000))


def test_a_stage_that_has_logged_nothing_yet_has_no_lines(world: Any, resources: StageResources) -> None:
    world.apigateway.log_access(FORMAT, group="not/there/yet")
    assert access_logs.read(world, resources) == ()


def test_a_line_of_an_earlier_format_is_kept_as_text_and_told_of(
    logged: Any, resources: StageResources, caplog: pytest.LogCaptureFixture
) -> None:
    logged.logs.write("access", "127.0.0.1 - - GET r0\n")
    with caplog.at_level(logging.WARNING):
        *_, last = access_logs.read(logged, resources)
    assert (last.fields, last.raw) == ({}, "127.0.0.1 - - GET r0\n")
    assert "1 of 4 access-log lines of access do not fit the stage's format" in caplog.text
    assert "127.0.0.1 - - GET r0" in caplog.text


def test_logs_that_are_off_are_an_error_with_its_mend(world: Any, resources: StageResources) -> None:
    with pytest.raises(UsageError, match="access logs are off on notes-prod") as off:
        access_logs.read(world, resources)
    assert "stage prod of API abc123: no accessLogSettings" in str(off.value)
    assert "enable_access_logs()" in str(off.value)


def test_logs_that_go_to_a_delivery_stream_cannot_be_read(world: Any, resources: StageResources) -> None:
    arn = "arn:aws:firehose:eu-west-1:123456789012:deliverystream/amazon-apigateway-x"
    world.apigateway.stage["accessLogSettings"] = {"destinationArn": arn, "format": FORMAT}
    with pytest.raises(UsageError, match="do not go to a log group cannot be read back") as stream:
        access_logs.read(world, resources)
    assert arn in str(stream.value)


def test_lines_cannot_be_chosen_by_what_the_format_does_not_hold(world: Any, resources: StageResources) -> None:
    world.apigateway.log_access("$context.requestId $context.httpMethod")
    with pytest.raises(UsageError, match="cannot be chosen by status: the stage's format does not hold it") as lacking:
        access_logs.read(world, resources, status=502)
    assert "add $context.status to the format" in str(lacking.value)
    with pytest.raises(UsageError, match="cannot be chosen by resourcePath or path"):
        access_logs.read(world, resources, path="/notes")
