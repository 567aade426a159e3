"""What becomes of a function's answer (apigw-proxy-response-*, apigw-binary, apigw-unhandled-*, apigw-*-timeout)."""

from __future__ import annotations

import base64
import json

import pytest

OWN = {"x-amzn-RequestId", "x-amz-apigw-id", "Date", "Content-Length", "Connection", "Server"}


@pytest.fixture(scope="module")
def returning(aws):
    """An API whose function returns the request's body."""
    api = aws.api()
    aws.proxy(api, "returning")
    aws.deploy(api)
    return api


def test_what_a_function_may_return(aws, fact, returning):
    for case in fact("apigw-proxy-response-formats-status"):
        raises = (
            case["lambda_returns"]
            == "(raises TypeError: the request had no body, so json.loads(event['body']) got None)"
        )
        answer = aws.send(returning, "POST", body=None if raises else json.dumps(case["lambda_returns"]))
        assert answer.status == case["status"], case
        body = case.get("body", "")
        if isinstance(body, dict):
            assert answer.json == body, case
        elif case["status"] < 400:
            assert answer.body.decode() == body, case
        for name, value in case.get("headers", {}).items():
            assert answer.headers[name] == value, case


@pytest.mark.parametrize(
    ("returned", "known"),
    [
        ({}, "empty-response {}"),
        ({"headers": {"a": "b"}}, "only-headers (no statusCode)"),
        ({"statusCode": 200}, "no-body"),
        ({"statusCode": 200, "wrong": "x"}, "wrong-format"),
    ],
)
def test_what_may_be_missing(aws, fact, returning, returned, known):
    assert aws.send(returning, "POST", body=json.dumps(returned)).status == fact("apigw-proxy-response-null")[known]


def test_headers_of_an_answer(aws, fact, returning):
    """Names and order are the recording's, without what CloudFront adds in front of an edge endpoint."""
    recorded = fact("apigw-proxy-response-formats")["invoke-api-with-headers"]["headers"]
    returned = {"statusCode": 200, "headers": {"test-header": "value", "header-bool": True}}
    answer = aws.send(returning, "POST", body=json.dumps(returned))
    of_cloudfront = {"Via", "X-Amz-Cf-Id", "X-Amz-Cf-Pop", "X-Cache", "Connection"}
    assert answer.headers.keys() >= recorded.keys() - of_cloudfront
    assert answer.headers.keys() - recorded.keys() <= {"Server"}
    assert answer.headers["header-bool"] == recorded["header-bool"]


def test_an_error_of_a_function(aws, fact):
    known = fact("apigw-unhandled-error-response")
    api = aws.api()
    aws.proxy(api, "failing", method="GET")
    aws.deploy(api)
    answer = aws.send(api)
    assert (answer.status, answer.json) == (known["status"], known["body"])
    assert answer.header("x-amzn-errortype") == known["x-amzn-errortype"]
    assert answer.body == b'{"message": "Internal server error"}'


def test_an_integration_that_is_not_posted_to(aws, fact):
    api = aws.api()
    where = aws.method(api, "/", "GET")
    aws.apigateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="GET", uri=aws.uri("echo"))
    aws.deploy(api)
    answer = aws.send(api)
    known = fact("apigw-proxy-non-post-integration-method")["invocation-payload-with-get-proxy-method"]
    assert (answer.status, answer.json) == (500, known)


def test_a_function_that_takes_too_long(aws, fact):
    known = fact("apigw-integration-timeout")
    api = aws.api()
    aws.proxy(api, "sleeping", integration={"timeoutInMillis": 50})
    aws.deploy(api)
    group = aws.log(api, "$context.requestId $context.error.responseType")
    answer = aws.send(api, "POST", body="{}")
    assert (answer.status, answer.json) == (known["status"], known["body"])
    assert aws.lines(group)[0].split()[1] == known["error.responseType"]


def test_a_function_that_may_not_be_invoked(aws, fact):
    known = fact("apigw-no-permission-on-lambda")
    api = aws.api()
    aws.proxy(api, "unpermitted")
    aws.deploy(api)
    members = ("error.responseType", "integrationErrorMessage", "integration.requestId", "integrationStatus")
    group = aws.log(api, "$context.requestId|" + "|".join(f"$context.{member}" for member in members))
    answer = aws.send(api, "POST", body="{}")
    assert (answer.status, answer.json) == (known["status"], known["body"])
    response_type, message, request_id, status = aws.lines(group)[0].split("|")[1:]
    assert (response_type, message) == (known["error.responseType"], known["integrationErrorMessage"])
    assert (request_id, status) == ("-", "-")


def test_a_function_that_is_throttled(aws, fact):
    known = fact("apigw-lambda-throttled")
    lambda_ = aws.client("lambda")
    api = aws.api()
    aws.proxy(api, "plain")
    aws.deploy(api)
    members = ("error.responseType", "error.message", "integrationErrorMessage")
    group = aws.log(api, "$context.requestId|" + "|".join(f"$context.{member}" for member in members))
    lambda_.put_function_concurrency(FunctionName="plain", ReservedConcurrentExecutions=0)
    try:
        answer = aws.send(api, "POST", body="{}")
    finally:
        lambda_.delete_function_concurrency(FunctionName="plain")
    assert answer.status == 500
    assert aws.lines(group)[0].split("|")[1:] == [known[member] for member in members]


def test_which_answers_are_decoded(aws, fact):
    known = fact("apigw-binary")
    data = b"\x89PNG\x00"
    returned = {"statusCode": 200, "body": base64.b64encode(data).decode(), "isBase64Encoded": True}
    lists = [name for name in known if name.startswith("binaryMediaTypes")]
    assert len(lists) == 2
    for name in lists:
        media_types = name.partition("[")[2].rstrip("]").split(", ")
        api = aws.api(binaryMediaTypes=media_types)
        aws.proxy(api, "returning")
        aws.deploy(api)
        for accept, decoded in known[name].items():
            headers = {} if accept.startswith("(") else {"Accept": accept}
            answer = aws.send(api, "POST", headers=headers, body=json.dumps(returned))
            assert (answer.body == data) is decoded, (name, accept)
