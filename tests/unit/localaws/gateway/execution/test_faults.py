"""The gateway's own answers, to the byte, as recorded and reported from AWS."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

SERVER_ERROR = b'{"message": "Internal server error"}'


def told(answer):
    """Return an answer without its ids: status, headers, body."""
    ids = ("x-amzn-RequestId", "x-amz-apigw-id", "X-Amzn-Trace-Id")
    return answer.status, [(name, value) for name, value in answer.headers if name not in ids], answer.body


def error(type_):
    return [("Content-Type", "application/json"), ("x-amzn-ErrorType", type_)]


def test_no_such_route_and_wrong_method_are_a_missing_token(world):
    api = world.deployed("GET", "/notes")
    expected = (
        403,
        error("MissingAuthenticationTokenException"),
        b'{"message":"Missing Authentication Token"}',
    )
    assert told(world.send(api, "GET", "/random")) == expected
    assert told(world.send(api, "POST", "/notes")) == expected
    assert len(expected[2]) == 42


def test_a_function_that_fails_is_a_bad_gateway(world):
    api = world.deployed()
    world.lambdas.fails(errorMessage="name 'gibberish' is not defined", errorType="NameError")
    answer = world.send(api)
    assert told(answer) == (502, error("InternalServerErrorException"), SERVER_ERROR)
    assert len(SERVER_ERROR) == 36
    assert answer.reason in (None, "Bad Gateway")
    trace = dict(answer.headers)["X-Amzn-Trace-Id"]
    assert trace.startswith("Root=1-")
    assert ";" not in trace


def test_a_failure_that_is_no_json_is_a_bad_gateway_too(world):
    api = world.deployed()
    world.lambdas.fails_with(b"killed")
    world.log_to(api, "$context.requestId $context.integrationErrorMessage")
    assert world.send(api).status == 502
    assert world.telemetry.logs.groups["access"][0].endswith(" Lambda Customer Function Error:killed")


def test_a_function_that_may_not_be_invoked_is_an_error_and_is_not_invoked(world):
    api = world.deployed("POST", "/notes/{id}")
    world.lambdas.permitted = False
    assert told(world.send(api, "POST", "/notes/1")) == (500, error("InternalServerErrorException"), SERVER_ERROR)
    assert world.lambdas.invoked == []
    assert world.lambdas.asked == [
        (
            "main",
            "live",
            "apigateway.amazonaws.com",
            f"arn:aws:execute-api:us-east-1:123456789012:{api}/prod/POST/notes/{{id}}",
        )
    ]


def test_a_throttled_function_is_500_and_not_429(world):
    api = world.deployed()
    world.lambdas.refuses(ServiceError("TooManyRequestsException", "Rate Exceeded.", 429))
    assert told(world.send(api)) == (500, error("InternalServerErrorException"), SERVER_ERROR)


def test_an_integration_that_takes_too_long_is_a_gateway_timeout(world):
    api = world.deployed(timeoutInMillis=50)
    world.lambdas.hangs()
    body = b'{"message": "Endpoint request timed out"}'
    assert told(world.send(api)) == (504, error("InternalServerErrorException"), body)
    assert len(body) == 41


def test_a_request_of_more_than_10_mb_is_too_long(world):
    api = world.deployed("POST")
    assert world.send(api, "POST", body=b"x" * (10 * 1024 * 1024)).status == 200
    expected = (413, error("RequestTooLargeException"), b'{"message":"Request Too Long"}')
    assert told(world.send(api, "POST", body=b"x" * (10 * 1024 * 1024 + 1))) == expected
    world.lambdas.refuses(ServiceError("RequestEntityTooLargeException", "too large", 413))
    assert told(world.send(api, "POST")) == expected


def test_an_integration_method_other_than_post_fails_each_request(world):
    api = world.deployed(integrationHttpMethod="GET")
    assert told(world.send(api)) == (500, error("InternalServerErrorException"), SERVER_ERROR)
    assert world.lambdas.invoked == []


@pytest.mark.parametrize(
    "name", ["Content-Length", "Transfer-Encoding", "Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE"]
)
def test_mapping_a_reserved_header_fails_each_request_as_recorded(world, name):
    api = world.deployed(requestParameters={f"integration.request.header.{name}": "'x'"})
    answer = world.send(api)
    assert told(answer) == (500, error("InternalServerErrorException"), SERVER_ERROR)
    assert "X-Amzn-Trace-Id" not in dict(answer.headers)


def test_other_mappings_are_not_applied_to_a_proxy(world):
    api = world.deployed(requestParameters={"integration.request.header.X-Mine": "'x'"})
    assert world.send(api).status == 200
    assert "X-Mine" not in world.lambdas.event["headers"]


def test_a_stage_that_there_is_not_is_forbidden(world):
    api = world.deployed()
    answer = world.send(api, stage="nope")
    assert (answer.status, answer.body) == (403, b'{"message":"Forbidden"}')
    assert dict(answer.headers)["x-amzn-ErrorType"] == "ForbiddenException"


def test_an_api_that_there_is_not_is_told_plainly(world):
    answer = world.send("nope")
    assert answer.status == 404
    assert answer.body == (
        b'{"message": "there is no REST API \'nope\' here; GetRestApis lists those of an account and region"}'
    )


def test_a_fault_of_the_local_aws_is_told_as_such_and_logged(world, caplog):
    api = world.deployed()
    world.lambdas.breaks(RuntimeError("a bug"))
    answer = world.send(api)
    assert (answer.status, answer.body) == (500, b'{"message":"the local AWS failed: RuntimeError: a bug"}')
    assert f"the gateway failed at GET arn:aws:execute-api:us-east-1:123456789012:{api}/prod/GET/notes" in caplog.text
    world.lambdas.returns({})
    assert world.send(api).status == 200
