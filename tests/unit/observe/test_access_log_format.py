"""Lines read back by the formats that AWS documents, and by others."""

from __future__ import annotations

import time

import pytest

from pytest_rollbacklab.observe.access_log_format import line_format

CLF = (
    "$context.identity.sourceIp $context.identity.caller $context.identity.user [$context.requestTime]"
    '"$context.httpMethod $context.resourcePath $context.protocol" $context.status $context.responseLength '
    "$context.requestId $context.extendedRequestId"
)
JSON = (
    '{ "requestId":"$context.requestId", "ip": "$context.identity.sourceIp", "agent":"$context.identity.userAgent", '
    '"status":"$context.status" }'
)


def test_the_common_log_format() -> None:
    line = '127.0.0.1 - AROA:s [23/Nov/2026:05:42:00 +0000]"POST /notes HTTP/1.1" 502 36 3f1c ZhFKtGnnDoEEMig=\n'
    assert line_format(CLF).read(line) == {
        "identity.sourceIp": "127.0.0.1",
        "identity.caller": "-",
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


def test_json_is_decoded() -> None:
    line = r'{"requestId":"3f1c","ip":"::1","agent":"a \"b\" é","status":"200"}'
    assert line_format(JSON).read(line) == {
        "requestId": "3f1c",
        "identity.sourceIp": "::1",
        "identity.userAgent": 'a "b" é',
        "status": "200",
    }


def test_json_that_a_value_has_broken_is_read_as_text() -> None:
    line = '{ "requestId":"3f1c", "ip": "::1", "agent":"a "b"", "status":"200" }'
    read = line_format(JSON).read(line)
    assert read is not None
    assert (read["identity.userAgent"], read["status"]) == ('a "b"', "200")


def test_json_may_nest_mix_and_leave_numbers_bare() -> None:
    nested = line_format(
        '{"id": "$context.requestId", "who": {"is": "$context.identity.user@$context.identity.caller"}}'
    )
    assert nested.read('{"who": {"is": "ann@x"}, "id": "3f1c"}') == {
        "requestId": "3f1c",
        "identity.user": "ann",
        "identity.caller": "x",
    }
    assert nested.read('{"id": "3f1c"}') is None
    bare = line_format('{"id": "$context.requestId", "status": $context.status}')
    assert bare.read('{"id": "3f1c", "status": 502}') == {"requestId": "3f1c", "status": "502"}


@pytest.mark.parametrize(
    "text",
    [
        "$context.requestId,$context.status",
        "<request id='$context.requestId'> <status>$context.status</status> </request>",
        "${context.requestId}.$context.status.",
        "$context.requestId-$context.status\n",
    ],
)
def test_any_text_between_the_variables(text: str) -> None:
    written = text.replace("${context.requestId}", "3f1c").replace("$context.requestId", "3f1c")
    assert line_format(text).read(written.replace("$context.status", "200")) == {"requestId": "3f1c", "status": "200"}


@pytest.mark.parametrize("line", ["", "written before the format was changed", '127.0.0.1 - - [x]"GET / HTTP/1.1'])
def test_a_line_of_another_format_does_not_fit(line: str) -> None:
    assert line_format(CLF).read(line) is None


def test_variables_that_nothing_sets_apart_cannot_be_told_apart() -> None:
    assert line_format("$context.requestId$context.status").read("3f1c200") is None


def test_names_its_variables() -> None:
    assert line_format(JSON).variables == ("requestId", "identity.sourceIp", "identity.userAgent", "status")


def test_a_line_that_does_not_fit_costs_no_more() -> None:
    text = ",".join(f"$context.v{number}" for number in range(60)) + ",end"
    started = time.perf_counter()
    assert line_format(text).read("," * 20_000) is None
    assert time.perf_counter() - started < 0.5
