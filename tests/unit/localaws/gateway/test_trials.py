"""TestInvokeMethod: a method as it is being edited, tried without a stage."""

from __future__ import annotations

import json

import pytest


def test_what_is_edited_is_tried_and_nothing_is_written_down(world):
    api = world.api()
    where = world.proxy(api, "POST", "/notes/{id}")
    world.lambdas.returns({"statusCode": 201, "body": "made", "multiValueHeaders": {"a": ["1", "2"]}})
    tried = world.call(
        "TestInvokeMethod",
        **where,
        pathWithQueryString="/notes/7?x=1",
        headers={"X-A": "b"},
        multiValueHeaders={"X-B": ["c", "d"]},
        body="text",
        stageVariables={"colour": "green"},
    )
    assert (tried["status"], tried["body"]) == (201, "made")
    assert tried["multiValueHeaders"]["a"] == ["1", "2"]
    event = world.lambdas.event
    assert (event["pathParameters"], event["queryStringParameters"]) == ({"id": "7"}, {"x": "1"})
    assert event["multiValueHeaders"]["X-B"] == ["c", "d"]
    assert (event["body"], event["stageVariables"]) == ("text", {"colour": "green"})
    assert event["requestContext"]["stage"] == "test-invoke-stage"
    assert world.lambdas.asked[0][3].endswith(f":{api}/test-invoke-stage/POST/notes/{{id}}")
    assert world.telemetry.metrics.points == []
    assert world.telemetry.logs.groups == {}


def test_a_mock_can_be_tried(world):
    api = world.api()
    where = {"restApiId": api, "resourceId": world.resource(api), "httpMethod": "GET"}
    world.call("PutMethod", **where, authorizationType="AWS_IAM")
    world.call("PutIntegration", **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    world.call("PutMethodResponse", **where, statusCode="200")
    world.call("PutIntegrationResponse", **where, statusCode="200", responseTemplates={"application/json": "hi"})
    tried = world.call("TestInvokeMethod", **where)
    assert (tried["status"], tried["body"], tried["headers"]) == (200, "hi", {"Content-Type": "application/json"})
    assert "Endpoint request URI" not in tried["log"]


@pytest.mark.parametrize(
    ("params", "code", "part"),
    [
        ({"clientCertificateId": "x"}, "NotImplemented", "clientCertificateId='x' of TestInvokeMethod"),
        (
            {"pathWithQueryString": "/other"},
            "BadRequestException",
            "Invalid path /other: it is not one of the resource",
        ),
        ({"stageVariables": {"a": "b c"}}, "BadRequestException", "Invalid stage variable a=b c"),
        ({"httpMethod": "PUT"}, "NotFoundException", "Invalid Method identifier specified"),
    ],
)
def test_what_cannot_be_tried_is_refused(world, params, code, part):
    where = world.proxy(world.api(), "GET", "/notes")
    refused, message = world.refused("TestInvokeMethod", **{**where, **params})
    assert refused == code
    assert part in message


POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}


def tried(world, **params):
    api = world.api()
    made = world.authorizer(api, identityValidationExpression="al+ow")
    return world.call("TestInvokeAuthorizer", restApiId=api, authorizerId=made, **params), made


def test_an_authorizer_is_tried_and_tells_what_it_said(world):
    world.lambdas.other("guard", {"principalId": "ann", "policyDocument": POLICY})
    answer, made = tried(world, headers={"Authorization": "allow"}, pathWithQueryString="/a?b=c")
    assert (answer["clientStatus"], answer["principalId"]) == (200, "ann")
    assert json.loads(answer["policy"]) == POLICY
    assert f"Starting authorizer: {made} for request: " in answer["log"]
    assert "Authorizer result body before parsing: {" in answer["log"]
    assert world.lambdas.event["methodArn"].endswith("/test-invoke-stage/GET/a")


def test_an_authorizer_is_asked_each_time_that_it_is_tried(world):
    world.lambdas.other("guard", {"policyDocument": POLICY})
    api = world.api()
    where = {"restApiId": api, "authorizerId": world.authorizer(api)}
    answers = [world.call("TestInvokeAuthorizer", **where, headers={"Authorization": "a"}) for _ in range(2)]
    assert len(world.lambdas.invoked) == 2
    assert all("policy" in answer for answer in answers)


@pytest.mark.parametrize(
    ("headers", "fails", "status"),
    [({}, False, 401), ({"Authorization": "x"}, False, 401), ({"Authorization": "allow"}, True, 500)],
)
def test_an_authorizer_that_lets_nobody_in_is_tried(world, headers, fails, status):
    world.lambdas.other("guard", {"errorMessage": "x"}, fails=fails)
    answer, _ = tried(world, headers=headers)
    assert answer["clientStatus"] == status
    assert "policy" not in answer


def test_what_cannot_be_tried_of_an_authorizer_is_refused(world):
    api = world.api()
    where = {"restApiId": api, "authorizerId": world.authorizer(api)}
    code, message = world.refused("TestInvokeAuthorizer", **where, additionalContext={"a": "b"})
    assert code == "NotImplemented"
    assert "additionalContext={'a': 'b'} of TestInvokeAuthorizer" in message
