from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe import execution_log
from pytest_rollbacklab.observe.resources import StageResources

ID = "5b1f5f8c-1c1f-4d3c-9b59-0d6f0f1e2a3b"
LAMBDA_ID = "11111111-1111-4111-8111-111111111111"
FUNCTION_ERROR = (
    f"({ID}) Lambda execution failed with status 200 due to customer function error: name 'gibberish' is not defined. "
    f"Lambda request id: {LAMBDA_ID}"
)


def lines(*messages: str) -> tuple[LogLine, ...]:
    at = datetime(2026, 11, 23, 7, tzinfo=UTC)
    return tuple(LogLine(group="g", stream="s", at=at, message=message) for message in messages)


@pytest.mark.parametrize(
    "message",
    [
        FUNCTION_ERROR,
        f"({ID}) AWS Integration Endpoint RequestId : {LAMBDA_ID}",
        f"({ID}) Endpoint response headers: {{Content-Type=application/json, x-amzn-RequestId={LAMBDA_ID}}}",
        f"({ID}) Endpoint response headers: {{x-amzn-RequestId=[{LAMBDA_ID}], Connection=[keep-alive]}}",
    ],
)
def test_lambdas_own_id_is_found_wherever_the_gateway_writes_it(message: str) -> None:
    assert execution_log.lambda_request_id(lines(f"({ID}) HTTP Method: POST", message)) == LAMBDA_ID


def test_a_request_that_called_no_function_has_none() -> None:
    refused = lines(f"({ID}) Extended Request Id: x=", f"({ID}) Method completed with status: 403")
    assert execution_log.lambda_request_id(refused) is None


def test_the_functions_that_are_spoken_of_are_named_once() -> None:
    uri = "arn:aws:lambda:eu-west-1:123456789012:function:notes-prod-Create:live/invocations"
    assert execution_log.function_names(
        lines(f"({ID}) Endpoint request URI: {uri}", f"({ID}) Sending request to {uri}")
    ) == ("notes-prod-Create",)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (FUNCTION_ERROR, FUNCTION_ERROR.partition(") ")[2]),
        (
            f"({ID}) Execution failed due to configuration error: Invalid permissions on Lambda function",
            "Execution failed due to configuration error: Invalid permissions on Lambda function",
        ),
        (f"({ID}) HTTP Method: POST, Resource Path: /notes", None),
    ],
)
def test_the_line_that_says_why_is_told_without_the_id(message: str, said: str | None) -> None:
    assert execution_log.failure(lines(message, f"({ID}) Method completed with status: 502")) == said


def test_a_log_is_whole_when_the_status_has_come() -> None:
    assert not execution_log.is_whole(lines(FUNCTION_ERROR))
    assert execution_log.is_whole(lines(FUNCTION_ERROR, f"({ID}) Method completed with status: 502"))


def test_the_lines_of_one_request_are_read(world: Any, resources: StageResources) -> None:
    group = "API-Gateway-Execution-Logs_abc123/prod"
    world.logs.write(group, FUNCTION_ERROR, "(other) HTTP Method: GET", f"({ID}) Method completed with status: 502")
    assert execution_log.group_of(resources) == group
    assert [line.message for line in execution_log.of_request(world, resources, ID)] == [
        FUNCTION_ERROR,
        f"({ID}) Method completed with status: 502",
    ]


def test_whose_a_line_is_and_what_was_called_and_answered() -> None:
    called, done = f"({ID}) HTTP Method: POST, Resource Path: /notes", f"({ID}) Method completed with status: 502"
    told = lines(called, "another line", done)
    assert execution_log.gateway_request_id(told[0]) == ID
    assert execution_log.gateway_request_id(told[1]) is None
    assert (execution_log.request_line(told), execution_log.status(told)) == (("POST", "/notes"), 502)
    assert (execution_log.request_line(told[1:2]), execution_log.status(told[1:2])) == (None, None)
