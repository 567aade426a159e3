"""The execution log: apigw-test-invoke-method-log, apigw-unhandled-error-response and others in AWS's recordings."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:main:live"
URL = f"https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/{FUNCTION}/invocations"


@pytest.fixture
def lines(world, header):
    """Give the lines that a request leaves, without its id, which is before each."""

    def lines(api, level, *send, data_trace=False, **request):
        world.log_to(api, level=level)
        world.patch_stage(api, **{"/*/*/logging/dataTrace": "true" if data_trace else "false"})
        answer = world.send(api, *send, **request)
        prefix = f"({header(answer, 'x-amzn-RequestId')}) "
        group = f"API-Gateway-Execution-Logs_{api}/prod"
        written = world.telemetry.logs.groups.pop(group, [])
        assert all(line.startswith(prefix) for line in written)
        assert all(len(stream) == 32 for stream in world.telemetry.logs.streams.get(group, ()))
        return answer, [line.removeprefix(prefix) for line in written]

    return lines


def test_off_writes_nothing(world, lines):
    world.lambdas.fails(errorMessage="x")
    assert lines(world.deployed(), "OFF")[1] == []


def test_info_tells_the_way_of_a_request(world, lines, header):
    api = world.deployed("POST", "/notes/{id}")
    answer, written = lines(api, "INFO", "POST", "/notes/7")
    request_id = header(answer, "x-amzn-RequestId")
    assert written == [
        f"Extended Request Id: {header(answer, 'x-amz-apigw-id')}",
        f"Verifying Usage Plan for request: {request_id}. API Key:  API Stage: {api}/prod",
        (
            "API Key  authorized because method 'POST /notes/{id}' does not require API Key. "
            "Request will not contribute to throttle or quota limits"
        ),
        f"Usage Plan check succeeded for API Key  and API Stage {api}/prod",
        f"Starting execution for request: {request_id}",
        "HTTP Method: POST, Resource Path: /notes/7",
        "Successfully completed execution",
        "Method completed with status: 200",
        f"AWS Integration Endpoint RequestId : {world.lambdas.invoked[0].request_id}",
    ]


def test_data_tracing_tells_what_was_sent_and_received(world, lines, header):
    api = world.deployed("POST", "/foo/{id}")
    world.lambdas.returns({"statusCode": 200, "body": "done"})
    answer, written = lines(
        api,
        "INFO",
        "POST",
        "/foo/1",
        data_trace=True,
        query="queryTest=value",
        headers=[("content-type", "application/json")],
        body=b'{"test": "val123"}',
    )
    request_id, call = header(answer, "x-amzn-RequestId"), world.lambdas.invoked[0]
    trace = header(answer, "X-Amzn-Trace-Id")
    assert written[6:11] == [
        "Method request path: {id=1}",
        "Method request query string: {queryTest=value}",
        "Method request headers: {Host=127.0.0.1:4566, content-type=application/json}",
        'Method request body before transformations: {"test": "val123"}',
        f"Endpoint request URI: {URL}",
    ]
    assert written[11] == (
        f"Endpoint request headers: {{x-amzn-lambda-integration-tag={request_id}, x-amzn-apigateway-api-id={api}, "
        f"X-Amz-Source-Arn=arn:aws:execute-api:us-east-1:123456789012:{api}/prod/POST/foo/{{id}}, "
        f"Accept=application/json, User-Agent=AmazonAPIGateway_{api}}}"
    )
    assert written[12].startswith(
        'Endpoint request body after transformations: {"resource":"/foo/{id}","path":"/foo/1"'
    )
    assert written[12].endswith(" [TRUNCATED]")
    assert len(written[12]) == 1024 + len(" [TRUNCATED]")
    assert written[13] == f"Sending request to {URL}"
    assert written[14].startswith("Received response. Status: 200, Integration latency: ")
    assert written[14].endswith(" ms")
    assert written[15:] == [
        (
            f"Endpoint response headers: {{Content-Type=application/json, Content-Length=35, "
            f"x-amzn-RequestId={call.request_id}, X-Amz-Executed-Version=$LATEST, X-Amzn-Trace-Id={trace}}}"
        ),
        'Endpoint response body before transformations: {"statusCode": 200, "body": "done"}',
        "Method response body after transformations: done",
        (
            f"Method response headers: {{x-amzn-RequestId={request_id}, "
            f"x-amz-apigw-id={header(answer, 'x-amz-apigw-id')}, "
            f"Content-Type=application/json, X-Amzn-Trace-Id={trace}}}"
        ),
        "Successfully completed execution",
        "Method completed with status: 200",
        f"AWS Integration Endpoint RequestId : {call.request_id}",
    ]


def test_a_failed_function_is_told_with_lambdas_request_id(world, lines):
    api = world.deployed()
    world.lambdas.fails(errorMessage="name 'gibberish' is not defined", errorType="NameError")
    _, written = lines(api, "ERROR")
    lambda_id = world.lambdas.invoked[0].request_id
    failure = (
        "Lambda execution failed with status 200 due to customer function error: name 'gibberish' is not defined. "
        f"Lambda request id: {lambda_id}"
    )
    assert written == [failure, "Method completed with status: 502"]
    _, written = lines(api, "INFO", data_trace=True)
    assert "Successfully completed execution" not in written
    assert any("X-Amz-Function-Error=Unhandled" in line for line in written)


def test_errors_tell_nothing_of_what_went_well(world, lines):
    api = world.deployed()
    assert lines(api, "ERROR")[1] == []
    world.lambdas.returns({"statusCode": 500})
    assert lines(api, "ERROR")[1] == []


def test_a_malformed_answer_is_shown_where_data_is_traced(world, lines):
    api = world.deployed()
    world.lambdas.returns("Bad response")
    malformed = [
        "Execution failed due to configuration error: Malformed Lambda proxy response",
        "Method completed with status: 502",
    ]
    assert lines(api, "ERROR")[1] == malformed
    assert lines(api, "ERROR", data_trace=True)[1] == [
        'Endpoint response body before transformations: "Bad response"',
        *malformed,
    ]


def test_a_throttled_function_is_told_by_its_status(world, lines):
    api = world.deployed()
    world.lambdas.refuses(ServiceError("TooManyRequestsException", "Rate Exceeded.", 429))
    _, written = lines(api, "ERROR")
    assert written == [
        f"Lambda invocation failed with status: 429. Lambda request id: {world.lambdas.invoked[0].request_id}",
        "Execution failed due to configuration error: Rate Exceeded.",
        "Method completed with status: 500",
    ]


def test_a_function_that_may_not_be_invoked_is_told(world, lines):
    api = world.deployed()
    world.lambdas.permitted = False
    assert lines(api, "ERROR")[1] == [
        "Execution failed due to configuration error: Invalid permissions on Lambda function",
        "Method completed with status: 500",
    ]


def test_a_timeout_is_told(world, lines):
    api = world.deployed(timeoutInMillis=50)
    world.lambdas.hangs()
    assert lines(api, "ERROR")[1] == ["Execution failed due to a timeout error", "Method completed with status: 504"]
    _, written = lines(api, "INFO", data_trace=True)
    assert f"Sending request to {URL}" in written
    assert not any(line.startswith("Received response") for line in written)
    assert written[-1] == "Method completed with status: 504"


def test_a_mock_calls_no_endpoint(world, lines):
    api = world.api()
    where = {"restApiId": api, "resourceId": world.resource(api, "/notes"), "httpMethod": "GET"}
    world.call("PutMethod", **where, authorizationType="NONE")
    world.call("PutIntegration", **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    world.call("PutMethodResponse", **where, statusCode="200")
    world.call("PutIntegrationResponse", **where, statusCode="200", responseTemplates={"application/json": "{}"})
    world.deploy(api)
    _, written = lines(api, "INFO", data_trace=True)
    assert not any("Endpoint" in line for line in written)
    assert "Method response body after transformations: {}" in written
    assert written[-1] == "Method completed with status: 200"


def test_what_lambda_answered_to_a_throttled_call_is_told_where_data_is_traced(world, lines):
    api = world.deployed()
    world.lambdas.refuses(ServiceError("TooManyRequestsException", "Rate Exceeded.", 429))
    _, written = lines(api, "INFO", data_trace=True)
    assert any(line.startswith("Received response. Status: 429, Integration latency: ") for line in written)
    assert not any(line.startswith("Endpoint response") for line in written)


def test_a_denied_caller_is_told(world, lines):
    api = world.deployed(authorization="AWS_IAM")
    assert lines(api, "ERROR")[1] == ["Missing Authentication Token", "Method completed with status: 403"]


def test_a_request_that_came_to_no_method_leaves_nothing(world, lines):
    api = world.deployed("POST")
    assert lines(api, "INFO", "GET", "/nope")[1] == []
    assert lines(api, "INFO", "POST", body=b"x" * 10_485_761)[1] == []


def test_a_methods_own_level_goes_before_every_methods(world):
    api = world.api()
    world.proxy(api, "GET", "/quiet")
    world.proxy(api, "GET", "/loud/{id}")
    world.deploy(api)
    world.log_to(api, level="OFF")
    world.patch_stage(api, **{"/~1loud~1{id}/GET/logging/loglevel": "INFO"})
    group = f"API-Gateway-Execution-Logs_{api}/prod"
    world.send(api, path="/quiet")
    assert group not in world.telemetry.logs.groups
    world.send(api, path="/loud/1")
    assert world.telemetry.logs.groups[group]


def test_what_authorizes_a_caller_is_hidden(world, lines):
    headers = [("Authorization", "Bearer secret-token"), ("X-Api-Key", "0123456789abcdefghij"), ("Accept", "*/*")]
    _, written = lines(world.deployed(), "INFO", data_trace=True, headers=headers)
    told = next(line for line in written if line.startswith("Method request headers: "))
    assert told == (
        "Method request headers: {Host=127.0.0.1:4566, Authorization=*************-token, "
        "X-Api-Key=**************efghij, Accept=*/*}"
    )
