"""The event that a function is given (apigw-proxy-event-*)."""

from __future__ import annotations

import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

OF_EDGE = {"Via", "X-Amz-Cf-Id"}

PATHS = {
    "invocation-payload-without-trailing-slash": "/proxy-value",
    "invocation-payload-with-trailing-slash": "/proxy-value/",
    "invocation-payload-with-double-slash": "/proxy-value//double-slash",
    "invocation-payload-with-prepended-slash": "//proxy-value",
    "invocation-payload-without-trailing-slash-and-query-params": "/proxy-value?urlparam=test",
    "invocation-payload-with-trailing-slash-and-query-params": "/proxy-value/?urlparam=test",
    "invocation-payload-with-path-encoded-email": (
        "/proxy-value/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com"
    ),
    "invocation-payload-with-params-encoding": (
        "/proxy-value/api?dateTimeOffset=2023-06-12T18:05:10.123456+00:00&email=test%2Balias@gmail.com"
        "&plus=test+alias@gmail.com&url=https://www.google.com/&whitespace=foo%20bar&zhash=abort/#"
    ),
    "invocation-hardcoded": "//hardcoded",
}


@pytest.fixture(scope="module")
def echoing(aws):
    api = aws.api()
    aws.proxy(api, "echo", "/{proxy+}", "ANY")
    aws.proxy(api, "echo", "/hardcoded", "ANY")
    aws.deploy(api, "stage")
    return api


def event(answer):
    assert answer.status == 200, answer.body
    return answer.json["event"]


@pytest.mark.parametrize("name", PATHS)
def test_paths_and_queries(aws, fact, echoing, name):
    recorded = fact("apigw-proxy-event-edge-NONE")[name]
    seen = event(aws.send(echoing, "GET", PATHS[name].removesuffix("#"), stage="stage"))
    for member in (
        "body",
        "httpMethod",
        "isBase64Encoded",
        "multiValueQueryStringParameters",
        "path",
        "pathParameters",
        "queryStringParameters",
        "resource",
        "stageVariables",
    ):
        assert seen[member] == recorded[member], member
    for member in ("path", "resourcePath", "stage"):
        assert seen["requestContext"][member] == recorded["requestContext"][member], member


@pytest.mark.parametrize("host", [True, False])
def test_a_slash_too_many_before_the_stage(aws, fact, echoing, host):
    recorded = fact("apigw-proxy-event-edge-NONE")["invocation-payload-with-prepended-slash-to-stage"]
    headers = {"Host": f"{echoing}.execute-api.us-east-1.amazonaws.com"}
    if host:
        answer = aws.request("GET", "//stage/proxy-value", headers=headers)
    else:
        answer = aws.send(echoing, "GET", "/proxy-value", stage="/stage")
    seen = event(answer)
    assert (seen["path"], seen["pathParameters"]) == (recorded["path"], recorded["pathParameters"])
    assert seen["requestContext"]["path"] == recorded["requestContext"]["path"]


def test_everything_of_an_event(aws, fact, echoing):
    recorded = fact("apigw-proxy-event-edge-NONE")["invocation-payload-without-trailing-slash"]
    headers = {
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "Authorization": "random-value",
        "Host": aws.endpoint_url.partition("//")[2],
        "User-Agent": "python-requests/testing",
        "tEsT-HEADeR": "aValUE",
    }
    seen = event(aws.send(echoing, "GET", "/proxy-value", headers=headers, stage="stage"))
    assert seen.keys() == recorded.keys()
    assert seen["requestContext"].keys() == recorded["requestContext"].keys()
    assert seen["requestContext"]["identity"].keys() == recorded["requestContext"]["identity"].keys()
    regional = {
        name: value for name, value in recorded["headers"].items() if "loud" not in name and name not in OF_EDGE
    }
    assert {name for name in seen["headers"] if name != "Host"} == set(regional) - {"Host"}
    for name in ("Accept", "Accept-Encoding", "Authorization", "User-Agent", "tEsT-HEADeR"):
        assert seen["headers"][name] == recorded["headers"][name]
        assert seen["multiValueHeaders"][name] == recorded["multiValueHeaders"][name]
    for member, value in recorded["requestContext"]["identity"].items():
        if value is None:
            assert seen["requestContext"]["identity"][member] is None, member


def test_several_values_of_a_parameter(aws, fact, echoing):
    recorded = fact("apigw-proxy-event-edge-NONE")["invocation-payload-with-params-encoding-multi"]
    path = "/proxy-value?category=electronics&category=books&price=10&price=20&price=30"
    seen = event(aws.send(echoing, "POST", path, body='{"message": "hello world"}', stage="stage"))
    assert json.loads(seen["body"]) == recorded["body"]
    for member in ("multiValueQueryStringParameters", "queryStringParameters"):
        assert seen[member] == recorded[member]


def test_mappings_do_not_change_the_event(aws, fact):
    recorded = fact("apigw-proxy-event-REGIONAL-mapping-ignored")["http-proxy-invocation-data-mapping"]["content"]
    api = aws.api()
    where = aws.method(
        api,
        "/{pathVariable}",
        "POST",
        requestParameters={
            "method.request.path.pathVariable": True,
            "method.request.querystring.testQueryString": False,
            "method.request.header.foobar": False,
        },
    )
    aws.apigateway.put_integration(
        **where,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=aws.uri("echo"),
        requestParameters={
            "integration.request.header.headerVar": "method.request.header.foobar",
            "integration.request.path.qsVar": "method.request.querystring.testQueryString",
            "integration.request.querystring.pathVar": "method.request.path.pathVariable",
            "integration.request.querystring.testQueryString": "method.request.querystring.testQueryString",
            "integration.request.querystring.testVar": "method.request.querystring.testVar",
        },
    )
    aws.deploy(api, "test")
    headers = {"Content-Type": "application/json", "headerVar": "request-value", "foobar": "mapped-value"}
    sent = {"headers": headers, "body": '{"message": "hello world"}'}
    seen = event(aws.send(api, "POST", "/foobar?testQueryString=foo&testVar=bar", stage="test", **sent))
    for member in ("path", "pathParameters", "queryStringParameters", "multiValueQueryStringParameters", "resource"):
        assert seen[member] == recorded[member]
    for name in ("foobar", "headerVar"):
        assert seen["headers"][name] == recorded["headers"][name]


def test_who_signed(aws, fact):
    recorded = fact("apigw-proxy-event-AWS_IAM")
    api = aws.api()
    aws.proxy(api, "echo", "/iam", authorizationType="AWS_IAM")
    aws.deploy(api, "prod")
    iam = aws.client("iam")
    iam.create_user(UserName="ann")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    url = f"{aws.endpoint_url}/_aws/execute-api/{api}/prod/iam"
    request = AWSRequest(method="POST", url=url, headers={"Host": aws.endpoint_url.partition("//")[2]})
    SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), "execute-api", "us-east-1").add_auth(request)
    seen = event(aws.send(api, "POST", "/iam", headers=dict(request.headers.items()), stage="prod"))
    own = "multiValueHeaders"  # which whoever captured the event put at its end
    assert [member for member in seen if member != own] == [member for member in recorded if member != own]
    assert list(seen["requestContext"]) == list(recorded["requestContext"])
    assert list(seen["requestContext"]["identity"]) == list(recorded["requestContext"]["identity"])
    assert "Authorization" not in seen["headers"]
    identity = seen["requestContext"]["identity"]
    assert identity["accessKey"] == key["AccessKeyId"]
    assert identity["userArn"].endswith(":user/ann")
    assert identity["caller"] == identity["user"]
    for member, value in recorded["requestContext"]["identity"].items():
        if value is None:
            assert identity[member] is None or member == "userAgent", member
