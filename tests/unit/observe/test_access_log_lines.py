from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe.access_logs import FORMAT, parse_line

AT = datetime(2026, 11, 23, 5, 42, tzinfo=UTC)
CLF = (
    "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]"
    '"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength '
    "$context.requestId $context.extendedRequestId"
)


def line(message: str) -> LogLine:
    return LogLine(group="g", stream="s", at=AT, message=message)


def test_a_line_of_our_own_format_is_read_by_variable() -> None:
    message = FORMAT
    for name, value in {
        "$context.requestId": "3f1c",
        "$context.status": "502",
        "$context.resourcePath": "/notes",
    }.items():
        message = message.replace(f'"{name}"', json.dumps(value))
    read = parse_line(line(message + "\n"), FORMAT)
    assert (read.status, read.request_id, read.fields["resourcePath"]) == (502, "3f1c", "/notes")
    assert read.at == AT


def test_the_common_log_format_is_read() -> None:
    message = '127.0.0.1 AROA:s AROA:s [23/Nov/2026:05:42:00 +0000]"POST /notes HTTP/1.1" 502 36 3f1c ZhFKtGnnDoEEMig='
    fields = parse_line(line(message), CLF).fields
    assert fields == {
        "identity.sourceIp": "127.0.0.1",
        "identity.caller": "AROA:s",
        "identity.user": "AROA:s",
        "requestTime": "23/Nov/2026:05:42:00 +0000",
        "httpMethod": "POST",
        "resourcePath": "/notes",
        "protocol": "HTTP/1.1",
        "status": "502",
        "responseLength": "36",
        "requestId": "3f1c",
        "extendedRequestId": "ZhFKtGnnDoEEMig=",
    }


@pytest.mark.parametrize(
    "format_", ["$context.requestId,$context.status", "<r id='$context.requestId'>$context.status</r>"]
)
def test_any_format_with_text_between_its_variables_is_read(format_: str) -> None:
    message = format_.replace("$context.requestId", "3f1c").replace("$context.status", "200")
    assert parse_line(line(message), format_).fields == {"requestId": "3f1c", "status": "200"}


def test_a_line_of_another_format_is_kept_raw() -> None:
    read = parse_line(line("written before the format was changed"), CLF)
    assert read.fields == {}
    assert read.raw == "written before the format was changed"
