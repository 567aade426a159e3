"""What we lean on in moto's protocol code: a request in each of AWS's protocols becomes a dict, a dict an answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.moto_seam import wire

FORM = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)


def request(
    method: str, target: str, headers: tuple[tuple[str, str], ...] = (), body: bytes | dict[str, Any] = b""
) -> HttpRequest:
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    return HttpRequest(method=method, target=target, headers=headers, body=content, source_ip="127.0.0.1")


def test_query_lists_and_structures_are_read() -> None:
    body = (
        b"Action=CreateStack&Version=2010-05-15&StackName=notes&Capabilities.member.1=CAPABILITY_IAM"
        b"&Parameters.member.1.ParameterKey=Stage&Parameters.member.1.ParameterValue=dev&DisableRollback=true"
    )
    parsed = wire.parse(request("POST", "/", FORM, body), "cloudformation")
    assert (parsed.operation, parsed.protocol) == ("CreateStack", "query")
    assert parsed.params == {
        "StackName": "notes",
        "Capabilities": ["CAPABILITY_IAM"],
        "Parameters": [{"ParameterKey": "Stage", "ParameterValue": "dev"}],
        "DisableRollback": True,
    }


def test_json_numbers_blobs_and_times_are_read() -> None:
    headers = (("X-Amz-Target", "Logs_20140328.PutLogEvents"), ("Content-Type", "application/x-amz-json-1.1"))
    body = {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]}
    parsed = wire.parse(request("POST", "/", headers, body), "logs")
    assert (parsed.operation, parsed.params) == ("PutLogEvents", body)


def test_rest_json_takes_members_from_path_query_headers_and_body() -> None:
    headers = (("X-Amz-Log-Type", "Tail"), ("X-Amz-Invocation-Type", "RequestResponse"))
    target = (
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af/invocations?Qualifier=live"
    )
    parsed = wire.parse(request("POST", target, headers, b'{"raw": 1}'), "lambda")
    assert parsed.operation == "Invoke"
    assert parsed.params == {
        "FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f",
        "Qualifier": "live",
        "LogType": "Tail",
        "InvocationType": "RequestResponse",
        "Payload": b'{"raw": 1}',
    }
    code = {"FunctionName": "f", "Runtime": "python3.12", "Role": "r", "Code": {"ZipFile": "UEs="}, "Timeout": 3}
    created = wire.parse(request("POST", "/2015-03-31/functions", (), code), "lambda")
    assert created.params["Code"] == {"ZipFile": b"PK"}
    assert created.params["Timeout"] == 3


def test_a_time_is_read_as_an_aware_one() -> None:
    body = b"Action=GetMetricStatistics&Version=2010-08-01&StartTime=2026-11-23T05:42:00Z&Period=60"
    parsed = wire.parse(request("POST", "/", FORM, body), "cloudwatch")
    assert parsed.params["StartTime"] == datetime(2026, 11, 23, 5, 42, tzinfo=UTC)


def test_a_path_that_no_operation_has_is_refused() -> None:
    with pytest.raises(ServiceError, match="lambda has no operation at GET /nonsense"):
        wire.parse(request("GET", "/nonsense"), "lambda")


@pytest.mark.parametrize(
    ("service", "operation", "protocol", "result", "expected"),
    [
        ("logs", "CreateLogGroup", "json", {}, b"{}"),
        (
            "lambda",
            "GetAlias",
            "rest-json",
            {"Name": "live", "FunctionVersion": "1"},
            b'{"Name": "live", "FunctionVersion": "1"}',
        ),
        ("lambda", "Invoke", "rest-json", {"StatusCode": 200, "Payload": b"null"}, b"null"),
    ],
)
def test_results_are_written_by_the_service_model(
    service: str, operation: str, protocol: str, result: dict[str, Any], expected: bytes
) -> None:
    parsed = wire.Parsed(service=service, operation=operation, params={}, protocol=protocol)
    answer = wire.write_result(parsed, result, "3f1c")
    assert (answer.status, answer.body) == (200, expected)
    assert ("x-amzn-RequestId", "3f1c") in answer.headers
