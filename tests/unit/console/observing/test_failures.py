"""What went wrong in a request, read from its lines."""

from __future__ import annotations

import pytest

from console.observing.story import TRACEBACK, line, now
from pytest_rollbacklab.console.observing.failures import Failure, failure_of
from pytest_rollbacklab.model import AccessLogLine, Evidence

START = "START RequestId: 9bdc7f20-41aa-4c11-8000-000000000001 Version: 7"
NODE = (
    "2026-01-01T00:00:00.000Z\tid\tERROR\tInvoke Error\t"
    '{"errorType":"ReferenceError","errorMessage":"gibberish is not \\"defined\\"",'
    '"stack":["ReferenceError: gibberish",'
    '"    at Runtime.handler (file:///var/task/create.mjs:3:5)","    at next (file:///var/runtime/index.mjs:1173:29)"]}'
)
LIBRARY = """[ERROR] ClientError: An error occurred (ValidationException)
Traceback (most recent call last):
  File "/var/task/create.py", line 20, in main
    table.put_item(Item=item)
  File "/var/lang/lib/python3.12/site-packages/boto3/resources/factory.py", line 581, in do_action
    response = action(self, *args, **kwargs)"""


def evidence(*function: str, execution: tuple[str, ...] = (), fields: dict[str, str] | None = None) -> Evidence:
    return Evidence(
        answer=None,
        access_log=AccessLogLine(at=now(), fields=fields, raw="") if fields else None,
        execution_log=tuple(map(line, execution)),
        function_log_lines=tuple(map(line, function)),
        lambda_request_id=None,
        missing=(),
    )


@pytest.mark.parametrize(
    ("text", "what", "place", "code"),
    [
        (TRACEBACK, "NameError: name 'gibberish' is not defined", "create.py:12", "gibberish.what"),
        (
            LIBRARY,
            "ClientError: An error occurred (ValidationException)",
            "create.py:20",
            "table.put_item(Item=item)",
        ),
        (TRACEBACK.replace("\n", "\r"), "NameError: name 'gibberish' is not defined", "create.py:12", "gibberish.what"),
        (
            TRACEBACK.replace("  ", "\N{NO-BREAK SPACE}" * 2),  # as Lambda indents it
            "NameError: name 'gibberish' is not defined",
            "create.py:12",
            "gibberish.what",
        ),
        (NODE, 'ReferenceError: gibberish is not \\"defined\\"', "create.mjs:3", None),
        ("2026-01-01T00:00:00Z id Task timed out after 3.00 seconds", None, None, None),
        ("[ERROR] \x1b[31mred", "\\x1b[31mred", None, None),
    ],
)
def test_the_error_and_its_line_in_the_functions_own_code(
    text: str, what: str | None, place: str | None, code: str | None
) -> None:
    told = failure_of(evidence(START, text))
    assert told == Failure(what=what or text, place=place, code=code, told_by="function log")


def test_a_traceback_is_worth_more_than_the_logged_errors_before_it() -> None:
    told = failure_of(
        evidence("[ERROR]\t2026-01-01T00:00:00.000Z\t9bdc7f20-41aa-4c11-8000-000000000001\toh", TRACEBACK)
    )
    assert told is not None
    assert told.place == "create.py:12"


def test_a_logged_error_is_told_without_its_time_and_id() -> None:
    told = failure_of(evidence("[ERROR]\t2026-01-01T00:00:00.000Z\t9bdc7f20-41aa-4c11-8000-000000000001\toh no"))
    assert told is not None
    assert told.what == "oh no"


def test_where_the_function_said_nothing_the_gateway_is_asked() -> None:
    told = failure_of(evidence(START, execution=("(id) Execution failed due to a timeout error",)))
    assert told == Failure(
        what="Execution failed due to a timeout error", place=None, code=None, told_by="execution log"
    )
    told = failure_of(evidence(fields={"error.message": "Missing Authentication Token"}))
    assert told == Failure(what="Missing Authentication Token", place=None, code=None, told_by="access log")


def test_a_request_that_went_well_has_no_failure() -> None:
    assert failure_of(evidence(START, "[INFO] kept", fields={"error.message": "-"})) is None
