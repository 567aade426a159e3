"""Access logs, execution logs, and TestInvokeMethod's (apigw-access-log-*, apigw-test-invoke-*, apigw-unhandled-*)."""

from __future__ import annotations

import json
import re

import pytest

TIME = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : ")


def test_every_variable_is_known(aws, fact):
    names = fact("apigw-access-log-variables")
    api = aws.api()
    aws.proxy(api, "plain")
    aws.deploy(api)
    group = aws.log(api, "\t".join(names))
    assert aws.send(api, "POST", body="{}").status == 200
    [line] = aws.lines(group)
    values = dict(zip(names, line.split("\t"), strict=True))
    assert not [name for name, value in values.items() if "$" in value]
    given = {
        "$context.accountId": "700000000077",
        "$context.apiId": api,
        "$context.httpMethod": "POST",
        "$context.resourcePath": "/",
        "$context.stage": "dev",
        "$context.status": "200",
        "$context.customDomain.basePathMatched": "(none)",
        "$context.authorizer": "-",
        "$context.integrationStatus": "200",
    }
    assert {name: values[name] for name in given} == given


def test_the_common_log_format(aws, fact):
    api = aws.api()
    aws.proxy(api, "plain", "/notes")
    aws.deploy(api)
    group = aws.log(api, fact("apigw-access-log-clf"))
    answer = aws.send(api, "POST", "/notes", body="{}")
    request_id = answer.header("x-amzn-requestid")
    [line] = aws.lines(group)
    time = r"\[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000\]"
    rest = f'"POST /notes HTTP/1.1" 200 {len(answer.body)} {request_id}'
    assert re.fullmatch(rf"127\.0\.0\.1 - - {time} {re.escape(rest)}", line), line


def test_empty_values(aws, fact):
    known = fact("apigw-access-log-empty-values")
    api = aws.api()
    aws.proxy(api, "sleeping", integration={"timeoutInMillis": 50})
    aws.deploy(api)
    members = [name for name in known if not name.startswith(("unset", "customDomain"))]
    format_ = "|".join(["$context.requestId", "$context.nothing.at.all", "$context.customDomain.basePathMatched"])
    group = aws.log(api, format_ + "".join(f"|$context.{name}" for name in members))
    aws.send(api, "POST", body="{}")
    _, unset, path, *rest = aws.lines(group)[0].split("|")
    assert (unset, path) == (known["unset $context variables"], known["customDomain.basePathMatched unset"])
    assert rest == [str(known[name]) for name in members]


def test_statuses_of_gateway_and_integration(aws, fact):
    known = fact("apigw-access-log-aggregate")
    api = aws.api()
    aws.proxy(api, "returning")
    aws.deploy(api)
    group = aws.log(api, "|".join(["$context.requestId", *(f"$context.{name}" for name in known["columns"])]))
    sent = {}
    for row in known["rows"]:
        row = tuple(str(value) for value in row)
        response_type, status, function_status, invoke_status, *_ = row
        if invoke_status == "200":
            returned = {} if function_status == "-" else {"statusCode": int(function_status)}
            answer = aws.send(api, "POST", body=json.dumps(returned))
        elif response_type == "MISSING_AUTHENTICATION_TOKEN":
            answer = aws.send(api, "POST", "/none")
        else:
            continue  # of a web application firewall, or before API Gateway had read the request
        assert answer.status == int(status)
        sent[answer.header("x-amzn-requestid")] = row
    written = {line.partition("|")[0]: tuple(line.split("|")[1:]) for line in aws.lines(group)}
    assert written == sent
    assert len(sent) >= 6


def test_errors_of_functions(aws, fact):
    known = fact("apigw-unhandled-error-access-log")
    api = aws.api()
    aws.proxy(api, "failing")
    aws.proxy(api, "returning", "/malformed")
    aws.deploy(api)
    group = aws.log(api, "|".join(["$context.requestId", *(f"$context.{name}" for name in known)]), level="ERROR")
    aws.send(api, "POST", body="{}")
    assert aws.lines(group)[0].split("|")[1:] == list(known.values())
    aws.send(api, "POST", "/malformed", body='"text"')
    lines = aws.lines(f"API-Gateway-Execution-Logs_{api}/dev")
    for expected in fact("apigw-unhandled-error-response")["execution-log"]:
        assert any(line.endswith(expected) for line in lines), lines


def shape(line: str, api: str, request_id: str) -> str:
    """Return a line without what differs from one request to the next."""
    line = TIME.sub("", line).replace(request_id, "<request-id>").replace(api, "<rest-api-id>")
    line = re.sub(r"\{.*\}$|\{.*\[TRUNCATED\]$", "{}", line)
    line = re.sub(r"https://\S+/2015-03-31", "https://<lambda>/2015-03-31", line)
    line = re.sub(r"functions/arn:\S+/invocations", "functions/<arn>/invocations", line)
    return re.sub(r"latency: .* ms", "latency: <latency> ms", line)


@pytest.mark.parametrize("name", ["test_invoke_method_response", "test_invoke_method_response_with_body"])
def test_a_method_that_is_tried(aws, fact, name):
    recorded = fact("apigw-test-invoke-method-log")[name]
    api = aws.api()
    where = aws.proxy(api, "plain", "/foo", "GET")
    given = {}
    if name.endswith("with_body"):
        given = {
            "pathWithQueryString": "/foo?queryTest=value",
            "headers": {"content-type": "application/json"},
            "body": json.dumps({"test": "val123"}),
        }
    tried = aws.apigateway.test_invoke_method(**where, **given)
    assert tried["status"] == recorded["status"]
    assert tried["body"] == recorded["body"]["body"]
    assert tried["headers"].keys() == recorded["headers"].keys()
    assert tried["multiValueHeaders"].keys() == recorded["multiValueHeaders"].keys()
    request_id = re.search(r"request (\S+)", tried["log"])[1]
    lines = tried["log"].split("\n")
    expected = list(recorded["log"].values())
    assert all(TIME.match(line) for line in lines[1:-1])
    recorded_id = re.search(r"<request-id-\d>", expected[0])[0]
    shapes = [
        shape(line.replace("DDD MMM dd hh:mm:ss UTC yyyy : ", ""), "<rest-api-id>", recorded_id) for line in expected
    ]
    # The recording's function was given no event: it was put as AWS, without a template.
    body = "Endpoint request body after transformations: "
    response = "Method response body after transformations: "
    for found, wanted in zip([shape(line, api, request_id) for line in lines], shapes, strict=True):
        if wanted.startswith((body, response)):
            assert found.startswith(wanted[: len(body) - 1])
        else:
            assert found == wanted


def test_a_method_that_is_tried_and_fails(aws, fact):
    recorded = fact("apigw-test-invoke-method-failed")["test-invoke-failure"]
    api = aws.api()
    where = aws.method(api)
    aws.apigateway.put_integration(
        **where, type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://${stageVariables.host}/x"
    )
    tried = aws.apigateway.test_invoke_method(**where)
    assert tried["status"] == recorded["status"]
    assert json.loads(tried["body"]) == recorded["body"]
    assert tried["headers"] == recorded["headers"]
    assert tried["multiValueHeaders"] == recorded["multiValueHeaders"]
    request_id = re.search(r"request (\S+)", tried["log"])[1]
    lines = [shape(line, api, request_id) for line in tried["log"].split("\n")]
    expected = [
        shape(line.replace("DDD MMM dd hh:mm:ss UTC yyyy : ", ""), "<rest-api-id>", "<request-id-1>")
        for line in recorded["log"].values()
    ]
    assert lines == expected
