"""The event that a function is given, as recorded: apigw-proxy-event-edge-NONE, apigw-proxy-event-AWS_IAM."""

from __future__ import annotations

import base64
import json

import pytest

from pytest_rollbacklab.localaws.identity.credentials import CognitoCaller


@pytest.fixture
def api(world):
    """The recorded API: a greedy path and a hardcoded one beside it."""
    api = world.api()
    world.proxy(api, "ANY", "/{proxy+}")
    world.proxy(api, "ANY", "/hardcoded")
    world.deploy(api, "stage")
    return api


def event(world, api, method="GET", path="/proxy-value", **request):
    assert world.send(api, method, path, stage="stage", **request).status == 200
    return world.lambdas.event


@pytest.mark.parametrize(
    ("sent", "path", "proxy"),
    [
        ("/proxy-value", "/proxy-value", "proxy-value"),
        ("/proxy-value/", "/proxy-value/", "proxy-value"),
        ("/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash"),
        ("//proxy-value", "/proxy-value", "proxy-value"),
        (
            "/proxy-value/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
            "/proxy-value/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
            "proxy-value/api/user/test%2Balias@gmail.com/plus/test+alias@gmail.com",
        ),
    ],
)
def test_paths_are_passed_on_as_recorded(world, api, sent, path, proxy):
    told = event(world, api, path=sent)
    assert (told["path"], told["pathParameters"], told["resource"]) == (path, {"proxy": proxy}, "/{proxy+}")
    assert told["requestContext"]["path"] == f"/stage{sent}"
    assert told["requestContext"]["resourcePath"] == "/{proxy+}"


def test_a_hardcoded_path_has_no_parameters(world, api):
    told = event(world, api, path="//hardcoded")
    assert (told["path"], told["pathParameters"], told["resource"]) == ("/hardcoded", None, "/hardcoded")
    assert told["requestContext"]["path"] == "/stage//hardcoded"


def test_the_query_is_decoded_and_the_last_value_counts(world, api):
    query = "&".join(
        [
            "dateTimeOffset=2023-06-12T18:05:10.123456+00:00",
            "email=test%2Balias@gmail.com",
            "plus=test+alias@gmail.com",
            "url=https://www.google.com/",
            "whitespace=foo%20bar",
            "zhash=abort/",
            "price=10",
            "price=20",
            "empty=",
        ]
    )
    told = event(world, api, query=query)
    assert told["queryStringParameters"] == {
        "dateTimeOffset": "2023-06-12T18:05:10.123456 00:00",
        "email": "test+alias@gmail.com",
        "plus": "test alias@gmail.com",
        "url": "https://www.google.com/",
        "whitespace": "foo bar",
        "zhash": "abort/",
        "price": "20",
        "empty": "",
    }
    assert told["multiValueQueryStringParameters"]["price"] == ["10", "20"]


def test_a_bare_request_has_nulls_where_nothing_was_sent(world, api):
    told = event(world, api)
    for name in ("body", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables"):
        assert told[name] is None
    assert told["isBase64Encoded"] is False


def test_headers_keep_their_case_and_those_that_end_here_are_left_out(world, api):
    ends = [
        "Connection",
        "Content-Length",
        "Content-MD5",
        "Expect",
        "Max-Forwards",
        "Proxy-Authenticate",
        "Server",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "WWW-Authenticate",
    ]
    sent = [
        ("tEsT-HEADeR", "aValUE"),
        ("authorization", "random-value"),
        ("user-agent", "python-requests/testing"),
        ("Via", "1.1 proxy"),
        ("Cookie", "a=1"),
        ("cookie", "b=2"),
        *((name, "x") for name in ends),
    ]
    told = event(world, api, headers=sent)
    trace = told["headers"]["X-Amzn-Trace-Id"]
    assert told["headers"] == {
        "Authorization": "random-value",
        "Cookie": "b=2",
        "Host": "127.0.0.1:4566",
        "tEsT-HEADeR": "aValUE",
        "User-Agent": "python-requests/testing",
        "Via": "1.1 proxy",
        "X-Amzn-Trace-Id": trace,
        "X-Forwarded-For": "192.0.2.7",
        "X-Forwarded-Port": "4566",
        "X-Forwarded-Proto": "http",
    }
    assert list(told["headers"]) == sorted(told["headers"], key=str.lower)
    assert told["multiValueHeaders"]["Cookie"] == ["a=1", "b=2"]
    assert trace.startswith("Root=1-66704f11-")
    assert told["requestContext"]["identity"]["userAgent"] == "python-requests/testing"


def test_a_proxy_in_between_stays_in_the_chain(world, api):
    told = event(world, api, headers=[("X-Forwarded-For", "203.0.113.1"), ("X-Forwarded-Proto", "https")])
    assert told["headers"]["X-Forwarded-For"] == "203.0.113.1, 192.0.2.7"
    assert told["headers"]["X-Forwarded-Proto"] == "http"


def test_the_keys_come_in_awss_order(world, api):
    told = event(world, api)
    assert list(told) == [
        "resource",
        "path",
        "httpMethod",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "requestContext",
        "body",
        "isBase64Encoded",
    ]
    context = told["requestContext"]
    assert list(context) == [
        "resourceId",
        "resourcePath",
        "httpMethod",
        "extendedRequestId",
        "requestTime",
        "path",
        "accountId",
        "protocol",
        "stage",
        "domainPrefix",
        "requestTimeEpoch",
        "requestId",
        "identity",
        "domainName",
        "deploymentId",
        "apiId",
    ]


def test_the_request_context_is_as_recorded(world, api, header):
    answer = world.send(api, "POST", stage="stage", path="/proxy-value", body=b"{}")
    context = world.lambdas.event["requestContext"]
    deployment = world.call("GetStage", restApiId=api, stageName="stage")["deploymentId"]
    assert context == {
        "resourceId": world.resource(api, "/{proxy+}"),
        "resourcePath": "/{proxy+}",
        "httpMethod": "POST",
        "extendedRequestId": header(answer, "x-amz-apigw-id"),
        "requestTime": "17/Jun/2024:14:58:25 +0000",
        "path": "/stage/proxy-value",
        "accountId": "123456789012",
        "protocol": "HTTP/1.1",
        "stage": "stage",
        "domainPrefix": api,
        "requestTimeEpoch": 1718636305078,
        "requestId": header(answer, "x-amzn-RequestId"),
        "identity": dict.fromkeys(
            [
                "cognitoIdentityPoolId",
                "accountId",
                "cognitoIdentityId",
                "caller",
                "sourceIp",
                "principalOrgId",
                "accessKey",
                "cognitoAuthenticationType",
                "cognitoAuthenticationProvider",
                "userArn",
                "userAgent",
                "user",
            ]
        )
        | {"sourceIp": "192.0.2.7"},
        "domainName": f"{api}.execute-api.us-east-1.amazonaws.com",
        "deploymentId": deployment,
        "apiId": api,
    }
    assert len(context["extendedRequestId"]) == 16
    assert context["extendedRequestId"].endswith("=")


def test_a_signed_callers_identity_is_told_and_the_signature_is_not_passed_on(world):
    api = world.deployed("POST", "/iam", authorization="AWS_IAM")
    key = world.key()
    assert world.send_signed(api, "POST", "/iam", key).status == 200
    told = world.lambdas.event
    assert "Authorization" not in told["headers"]
    assert told["headers"]["X-Amz-Date"] == "20240617T145825Z"
    assert told["headers"]["X-Amz-Security-Token"] == key.session_token
    session = "AROAXZWZ5ZDPNIH6C6ODK:CognitoIdentityCredentials"
    assert told["requestContext"]["identity"] == {
        "cognitoIdentityPoolId": None,
        "accountId": "123456789012",
        "cognitoIdentityId": None,
        "caller": session,
        "sourceIp": "192.0.2.7",
        "principalOrgId": None,
        "accessKey": key.access_key_id,
        "cognitoAuthenticationType": None,
        "cognitoAuthenticationProvider": None,
        "userArn": "arn:aws:sts::123456789012:assumed-role/Admin/CognitoIdentityCredentials",
        "userAgent": None,
        "user": session,
    }


def test_a_callers_cognito_identity_is_told(world):
    api = world.deployed("GET", "/notes", authorization="AWS_IAM")
    caller = CognitoCaller(
        identity_id="us-east-1:id",
        identity_pool_id="us-east-1:pool",
        authentication_type="authenticated",
        provider="cognito-idp.us-east-1.amazonaws.com/P,cognito-idp.us-east-1.amazonaws.com/P:CognitoSignIn:SUB",
    )
    assert world.send_signed(api, "GET", "/notes", world.key(cognito=caller)).status == 200
    identity = world.lambdas.event["requestContext"]["identity"]
    assert identity["cognitoIdentityId"] == "us-east-1:id"
    assert identity["cognitoIdentityPoolId"] == "us-east-1:pool"
    assert identity["cognitoAuthenticationType"] == "authenticated"
    assert identity["cognitoAuthenticationProvider"] == caller.provider


def test_bodies_are_text_unless_their_media_type_is_binary(world):
    api = world.api(binaryMediaTypes=["image/png", "application/*"])
    world.proxy(api, "POST", "/notes")
    world.deploy(api)
    bodies = []
    for content_type, body in [
        ("text/plain", "grüße".encode()),
        ("text/plain", b"\xff"),
        ("image/png", b"\xff"),
        ("application/json; charset=utf-8", b"{}"),
        ("image/png", b""),
    ]:
        world.send(api, "POST", headers=[("Content-Type", content_type)], body=body)
        told = world.lambdas.invoked[-1].event
        bodies.append((told["body"], told["isBase64Encoded"]))
    assert bodies == [
        ("grüße", False),
        ("\ufffd", False),
        (base64.b64encode(b"\xff").decode(), True),
        (base64.b64encode(b"{}").decode(), True),
        (None, False),
    ]


def test_stage_variables_are_passed_on_and_name_the_function(world):
    api = world.api()
    arn = "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.fn}:${stageVariables.alias}"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    world.proxy(api, "GET", "/notes", uri=uri)
    world.deploy(api, variables={"fn": "create", "alias": "live"})
    world.send(api)
    called = world.lambdas.invoked[0]
    assert (called.function, called.qualifier) == ("create", "live")
    assert called.event["stageVariables"] == {"fn": "create", "alias": "live"}
    world.patch_stage(api, **{"/variables/fn": None})
    assert world.send(api).status == 500


def test_text_is_not_escaped_and_there_are_no_spaces_in_the_event(world):
    api = world.deployed("POST", "/notes")
    world.log_to(api, level="INFO")
    world.patch_stage(api, **{"/*/*/logging/dataTrace": "true"})
    world.send(api, "POST", body='{"content": "grüße"}'.encode())
    group = world.telemetry.logs.groups[f"API-Gateway-Execution-Logs_{api}/prod"]
    sent = next(line for line in group if "Endpoint request body after transformations" in line)
    assert '{"resource":"/notes","path":"/notes","httpMethod":"POST","headers":{' in sent
    assert json.loads(world.lambdas.event["body"]) == {"content": "grüße"}
