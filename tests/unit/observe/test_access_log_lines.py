from __future__ import annotations

import json

import pytest

from pytest_rollbacklab.observe.access_log_format import line_format
from pytest_rollbacklab.observe.access_logs import FORMAT

CLF = (
    "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]"
    '"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength '
    "$context.requestId $context.extendedRequestId"
)


def test_a_line_of_our_own_format_is_read_by_variable() -> None:
    message = FORMAT
    for name, value in {
        "$context.requestId": "3f1c",
        "$context.status": "502",
        "$context.resourcePath": "/notes",
    }.items():
        message = message.replace(f'"{name}"', json.dumps(value))
    read = line_format(FORMAT).read(message + "\n")
    assert read is not None
    assert (read["status"], read["requestId"], read["resourcePath"]) == ("502", "3f1c", "/notes")


def test_the_common_log_format_is_read() -> None:
    message = '127.0.0.1 AROA:s AROA:s [23/Nov/2026:05:42:00 +0000]"POST /notes HTTP/1.1" 502 36 3f1c ZhFKtGnnDoEEMig='
    assert line_format(CLF).read(message) == {
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
    assert line_format(format_).read(message) == {"requestId": "3f1c", "status": "200"}


def test_a_line_of_another_format_is_not_read() -> None:
    assert line_format(CLF).read("written before the format was changed") is None
