"""Gateway responses: what is told of them, what may be customised, and what callers then get."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def customised(world):
    """Return an API with a gateway response, deployed."""

    def customised(type_, **params):
        api = world.deployed()
        world.call("PutGatewayResponse", restApiId=api, responseType=type_, **params)
        world.deploy(api)
        return api

    return customised


def test_a_default_catches_what_has_none_of_its_own(world, customised, header):
    cors = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}
    api = customised("DEFAULT_4XX", responseParameters=cors)
    answer = world.send(api, path="/none")
    assert (answer.status, answer.body) == (403, b'{"message":"Missing Authentication Token"}')
    assert header(answer, "Access-Control-Allow-Origin") == "*"
    assert header(answer, "x-amzn-ErrorType") == "MissingAuthenticationTokenException"
    world.lambdas.fails(errorMessage="x")
    assert header(world.send(api), "Access-Control-Allow-Origin") is None


def test_errors_of_functions_are_answered_with_headers_too(world, customised, header):
    api = customised("DEFAULT_5XX", statusCode="503", responseParameters={"gatewayresponse.header.Retry-After": "'9'"})
    world.lambdas.fails(errorMessage="x")
    answer = world.send(api)
    assert (answer.status, header(answer, "Retry-After")) == (503, "9")
    assert answer.body == b'{"message": "Internal server error"}'
    world.lambdas.permitted = False
    assert world.send(api).status == 503, "a 500 is one of the 5XX too"


def test_an_own_response_comes_before_the_default(world, customised):
    api = customised("DEFAULT_4XX", statusCode="400")
    world.call("PutGatewayResponse", restApiId=api, responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404")
    assert world.send(api, path="/none").status == 400
    world.deploy(api)
    assert world.send(api, path="/none").status == 404


def test_templates_are_filled_in_and_chosen_by_what_is_accepted(world, customised, header):
    templates = {
        "application/json": '{"type":"$context.error.responseType","message":$context.error.messageString}',
        "text/html": "<p>${context.error.message} $context.none ${stageVariables.colour}</p>",
    }
    api = customised("MISSING_AUTHENTICATION_TOKEN", responseTemplates=templates)
    world.deploy(api, variables={"colour": "green"})
    answer = world.send(api, path="/none", headers=[("Accept", "text/html, */*")])
    assert answer.body == b"<p>Missing Authentication Token  green</p>"
    assert header(answer, "Content-Type") == "text/html"
    answer = world.send(api, path="/none", headers=[("Accept", "image/png")])
    message = "Missing Authentication Token"
    assert json.loads(answer.body) == {"type": "MISSING_AUTHENTICATION_TOKEN", "message": message}


def test_headers_are_mapped_from_the_request(world, customised, header):
    parameters = {
        "gatewayresponse.header.a": "method.request.header.X-A",
        "gatewayresponse.header.q": "method.request.querystring.q",
        "gatewayresponse.header.none": "method.request.querystring.none",
        "gatewayresponse.header.id": "context.requestId",
        "gatewayresponse.header.Content-Type": "'text/plain'",
    }
    api = customised("DEFAULT_4XX", responseParameters=parameters)
    answer = world.send(api, path="/none", headers=[("x-a", "1")], query="q=2")
    assert [header(answer, name) for name in ("a", "q", "none")] == ["1", "2", None]
    assert header(answer, "id") == header(answer, "x-amzn-RequestId")
    assert [value for name, value in answer.headers if name == "Content-Type"] == ["text/plain"]


def test_a_response_is_patched_and_deleted(world):
    api = world.api()
    where = {"restApiId": api, "responseType": "THROTTLED"}
    patches = [
        {"op": "replace", "path": "/statusCode", "value": "420"},
        {"op": "add", "path": "/responseParameters/gatewayresponse.header.a", "value": "'b'"},
        {"op": "add", "path": "/responseTemplates/text~1plain", "value": "slow down"},
        {"op": "remove", "path": "/responseTemplates/application~1json"},
    ]
    assert world.call("UpdateGatewayResponse", **where, patchOperations=patches) == {
        "responseType": "THROTTLED",
        "statusCode": "420",
        "responseParameters": {"gatewayresponse.header.a": "'b'"},
        "responseTemplates": {"text/plain": "slow down"},
        "defaultResponse": False,
    }
    world.call("DeleteGatewayResponse", **where)
    assert world.call("GetGatewayResponse", **where)["defaultResponse"] is True
    assert world.refused("DeleteGatewayResponse", **where)[0] == "NotFoundException"


@pytest.mark.parametrize(
    ("params", "code", "part"),
    [
        ({"responseType": "NONE"}, "BadRequestException", "Invalid gateway response type specified: NONE. Must be one"),
        ({"statusCode": "900"}, "BadRequestException", "Invalid status code specified: 900"),
        ({"responseParameters": {"header.a": "'b'"}}, "BadRequestException", "Invalid mapping expression parameter"),
        (
            {"responseParameters": {"gatewayresponse.header.a": "b"}},
            "BadRequestException",
            "Invalid mapping expression specified: b",
        ),
        (
            {"responseParameters": {"gatewayresponse.path.a": "'b'"}},
            "NotImplemented",
            "gatewayresponse.path.a of gateway responses",
        ),
        (
            {"responseTemplates": {"application/json": "#if($context.stage)x#end"}},
            "NotImplemented",
            "mapping templates (VTL): the template application/json of the gateway response THROTTLED holds '#if(",
        ),
        (
            {"responseTemplates": {"application/json": "$input.body"}},
            "NotImplemented",
            "holds '$input.body'",
        ),
        ({"responseTemplates": {"application/json": "${util.x}"}}, "NotImplemented", "holds '${util.x}'"),
    ],
)
def test_what_a_response_may_not_be_is_refused(world, params, code, part):
    wanted = {"restApiId": world.api(), "responseType": "THROTTLED", **params}
    refused, message = world.refused("PutGatewayResponse", **wanted)
    assert refused == code
    assert part in message
