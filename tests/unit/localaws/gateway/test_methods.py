"""Methods and the answers that they declare, as recorded by LocalStack's AWS-validated tests."""

from __future__ import annotations

import pytest


@pytest.fixture
def where(world):
    api = world.api()
    return {"restApiId": api, "resourceId": world.resource(api), "httpMethod": "ANY"}


def update(world, where, *operations):
    return world.call("UpdateMethod", **where, patchOperations=list(operations))


def test_a_method_is_put_and_read_and_deleted(world, where):
    put = world.call("PutMethod", **where, authorizationType="none")
    assert put == {"apiKeyRequired": False, "authorizationType": "NONE", "httpMethod": "ANY"}
    assert world.call("GetMethod", **where) == put
    assert world.refused("PutMethod", **where, authorizationType="NONE") == (
        "ConflictException",
        "Method already exists for this resource",
    )
    world.call("DeleteMethod", **where)
    for operation in ("GetMethod", "DeleteMethod"):
        assert world.refused(operation, **where) == ("NotFoundException", "Invalid Method identifier specified")


def test_a_method_keeps_its_parameters_and_its_name(world, where):
    parameters = {"method.request.header.h": False, "method.request.querystring.q": True}
    put = world.call(
        "PutMethod",
        **where,
        authorizationType="AWS_IAM",
        operationName="listNotes",
        requestParameters=parameters,
        requestModels={"application/json": "Empty"},
    )
    assert put["authorizationType"] == "AWS_IAM"
    assert put["operationName"] == "listNotes"
    assert put["requestParameters"] == parameters
    assert put["requestModels"] == {"application/json": "Empty"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"requestParameters": {"method.request.header.x": True, "method.request.querystring.x": True}},
            "Parameter names must be unique across querystring, header and path",
        ),
        (
            {"requestParameters": {"wrong": True}},
            (
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                "[Invalid mapping expression specified: wrong]"
            ),
        ),
        ({"requestModels": {"application/json": "pet"}}, "Invalid model identifier specified: pet"),
        ({"requestValidatorId": "abc"}, "Invalid Request Validator identifier specified"),
        (
            {"authorizationType": "wrong"},
            (
                "Invalid authorization type specified: wrong. "
                "It must be one of NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS"
            ),
        ),
        (
            {"httpMethod": "FETCH"},
            "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
        ),
    ],
)
def test_what_aws_refuses_of_a_method_is_refused_in_its_words(world, where, params, message):
    refused = world.refused("PutMethod", **{**where, "authorizationType": "NONE", **params})
    assert refused == ("BadRequestException", message)


NO_AUTHORIZER = (
    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid "
    "authorizer."
)


@pytest.mark.parametrize(
    "params", [{"authorizationType": "CUSTOM", "authorizerId": "abc"}, {"authorizationType": "COGNITO_USER_POOLS"}]
)
def test_a_method_cannot_name_an_authorizer_that_there_is_not(world, where, params):
    assert world.refused("PutMethod", **{**where, **params}) == ("BadRequestException", NO_AUTHORIZER)


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"somethingNew": "x"}, "somethingNew='x' of PutMethod"),
    ],
)
def test_what_is_not_emulated_of_a_method_is_refused_by_name(world, where, params, named):
    code, message = world.refused("PutMethod", **{**where, "authorizationType": "NONE", **params})
    assert (code, named in message) == ("NotImplemented", True)


def test_patches_change_a_method(world, where):
    world.call("PutMethod", **where, authorizationType="NONE")
    changed = update(
        world,
        where,
        {"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"},
        {"op": "replace", "path": "/operationName", "value": "list"},
        {"op": "add", "path": "/requestParameters/method.request.header.a", "value": "true"},
        {"op": "add", "path": "/requestModels/application~1json", "value": "Empty"},
        {"op": "replace", "path": "/apiKeyRequired", "value": "false"},
        {"op": "replace", "path": "/requestValidatorId", "value": ""},
    )
    assert changed["authorizationType"] == "AWS_IAM"
    assert changed["requestParameters"] == {"method.request.header.a": True}
    assert changed["requestModels"] == {"application/json": "Empty"}
    removed = update(world, where, {"op": "remove", "path": "/requestParameters/method.request.header.a"})
    assert "requestParameters" not in removed


@pytest.mark.parametrize(
    ("operation", "code", "message"),
    [
        (
            {"op": "replace", "path": "/httpMethod", "value": "GET"},
            "BadRequestException",
            "Invalid patch path /httpMethod",
        ),
        ({"op": "add", "path": "/requestParameters"}, "BadRequestException", "Invalid patch path /requestParameters"),
        (
            {"op": "add", "path": "/authorizationType", "value": "NONE"},
            "BadRequestException",
            "Invalid patch operation specified. Must be one of: [replace]",
        ),
        (
            {"op": "replace", "path": "/requestValidatorId", "value": "x"},
            "BadRequestException",
            "Invalid Request Validator identifier specified",
        ),
    ],
)
def test_a_patch_that_makes_no_sense_is_refused(world, where, operation, code, message):
    world.call("PutMethod", **where, authorizationType="NONE")
    assert world.refused("UpdateMethod", **where, patchOperations=[operation]) == (code, message)


def test_a_method_declares_its_answers(world, where):
    world.call("PutMethod", **where, authorizationType="NONE")
    response = {
        "statusCode": "200",
        "responseParameters": {"method.response.header.my-header": True},
        "responseModels": {"application/json": "Empty"},
    }
    assert world.call("PutMethodResponse", **where, **response) == response
    assert world.call("GetMethod", **where)["methodResponses"] == {"200": response}
    assert world.refused("PutMethodResponse", **where, **response) == (
        "ConflictException",
        "Response already exists for this resource",
    )
    assert world.call("GetMethodResponse", **where, statusCode="200") == response
    world.call("DeleteMethodResponse", **where, statusCode="200")
    assert world.refused("GetMethodResponse", **where, statusCode="200") == (
        "NotFoundException",
        "Invalid Response status code specified",
    )


@pytest.mark.parametrize(
    ("params", "code", "part"),
    [
        (
            {"statusCode": "wrong"},
            "ValidationException",
            (
                r"Value 'wrong' at 'statusCode' failed to satisfy constraint: "
                r"Member must satisfy regular expression pattern: [1-5]\d\d"
            ),
        ),
        ({"statusCode": "200", "responseModels": {"a/b": "pet"}}, "BadRequestException", "identifier specified: pet"),
        ({"statusCode": "200", "responseParameters": {"x": True}}, "BadRequestException", "expression specified: x]"),
    ],
)
def test_an_answer_that_cannot_be_declared_is_refused_as_recorded(world, where, params, code, part):
    world.call("PutMethod", **where, authorizationType="NONE")
    refused = world.refused("PutMethodResponse", **where, **params)
    assert (refused[0], part in refused[1]) == (code, True)
