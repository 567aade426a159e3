"""Integrations, as recorded (apigw-put-integration-errors) and by LocalStack's AWS-validated tests."""

from __future__ import annotations

import pytest

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:main"
FUNCTIONS = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions"
URI = f"{FUNCTIONS}/{FUNCTION}/invocations"


@pytest.fixture
def where(world):
    api = world.api()
    where = {"restApiId": api, "resourceId": world.resource(api), "httpMethod": "GET"}
    world.call("PutMethod", **where, authorizationType="NONE")
    return where


def put(world, where, **params):
    return world.call("PutIntegration", **where, **{"type": "AWS_PROXY", "integrationHttpMethod": "POST", **params})


def test_a_lambda_proxy_has_its_defaults(world, where):
    made = put(world, where, uri=URI)
    assert made == {
        "type": "AWS_PROXY",
        "httpMethod": "POST",
        "uri": URI,
        "passthroughBehavior": "WHEN_NO_MATCH",
        "timeoutInMillis": 29000,
        "cacheNamespace": where["resourceId"],
        "cacheKeyParameters": [],
    }
    assert world.call("GetIntegration", **where) == made


def test_a_mock_needs_neither_method_nor_uri(world, where):
    made = world.call(
        "PutIntegration", **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
    )
    assert made["requestTemplates"] == {"application/json": '{"statusCode": 200}'}
    assert "httpMethod" not in made


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        (FUNCTION, "AWS ARN for integration must contain path or action"),
        (f"bad-arn:lambda:path/2015-03-31/functions/{FUNCTION}/invocations", "Invalid ARN specified in the request"),
        (
            f"arn:aws:apigateway:us-east-1:lambda:test/2015-03-31/functions/{FUNCTION}/invocations",
            "AWS ARN for integration must contain path or action",
        ),
        (
            f"arn:aws:apigateway:us-east-1:firehose:path/2015-03-31/functions/{FUNCTION}/invocations",
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ),
        (
            f"arn:aws:apigateway:us-east-1:lambda:path/random/value/{FUNCTION}/invocations",
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ),
        (
            "arn:aws:apigateway:us-east-1:s3:path/b/k",
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ),
        (f"{FUNCTIONS}/nonsense/invocations", "Invalid ARN specified in the request"),
        ("", "Invalid ARN specified in the request"),
    ],
)
def test_a_uri_that_is_no_functions_is_refused_as_recorded(world, where, uri, message):
    refused = world.refused("PutIntegration", **where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    assert refused == ("BadRequestException", message)


def test_a_function_may_be_named_by_stage_variables(world, where):
    uri = f"{FUNCTIONS}/arn:aws:lambda:us-east-1:123456789012:function:${{stageVariables.fn}}/invocations"
    assert put(world, where, uri=uri)["uri"] == uri


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"integrationHttpMethod": ""}, "Enumeration value for HttpMethod must be non-empty"),
        ({"timeoutInMillis": 30000}, "Timeout should be between 50 ms and 29000 ms"),
        ({"timeoutInMillis": 49}, "Timeout should be between 50 ms and 29000 ms"),
        (
            {"passthroughBehavior": "SOMETIMES"},
            "Invalid passthrough behavior specified. Valid options are WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER",
        ),
    ],
)
def test_what_does_not_hold_together_is_refused(world, where, params, message):
    wanted = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI, **params}
    assert world.refused("PutIntegration", **where, **wanted) == ("BadRequestException", message)


def test_a_type_that_there_is_not_is_refused_as_recorded(world, where):
    assert world.refused("PutIntegration", **where, type="HTTPS_PROXY") == (
        "ValidationException",
        (
            "1 validation error detected: Value 'HTTPS_PROXY' at 'putIntegrationInput.type' failed to satisfy "
            "constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"
        ),
    )


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"type": "HTTP"}, "integrations of type HTTP"),
        (
            {"type": "HTTP_PROXY", "uri": "https://example.com/x"},
            "HTTP_PROXY integrations with example.com, which is not this machine",
        ),
        ({"type": "AWS"}, "integrations of type AWS"),
        ({"credentials": "arn:aws:iam::*:user/*"}, "credentials=arn:aws:iam::*:user/* of integrations"),
        ({"connectionType": "VPC_LINK"}, "connectionType='VPC_LINK' of PutIntegration"),
        ({"contentHandling": "CONVERT_TO_BINARY"}, "contentHandling='CONVERT_TO_BINARY' of PutIntegration"),
        ({"responseTransferMode": "STREAM"}, "responseTransferMode='STREAM' of PutIntegration"),
        ({"tlsConfig": {"insecureSkipVerification": True}}, "tlsConfig="),
        ({"uri": "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"}, "AWS_PROXY integrations with Firehose"),
    ],
)
def test_what_is_not_emulated_of_an_integration_is_refused_by_name(world, where, params, named):
    wanted = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": URI, **params}
    code, message = world.refused("PutIntegration", **where, **wanted)
    assert (code, f"the local AWS does not emulate {named}" in message) == ("NotImplemented", True)


def test_what_asks_for_nothing_passes(world, where):
    put(
        world,
        where,
        uri=URI,
        connectionType="INTERNET",
        contentHandling="CONVERT_TO_TEXT",
        responseTransferMode="BUFFERED",
    )


def test_patches_change_an_integration(world, where):
    put(world, where, uri=URI)
    patches = {
        "/timeoutInMillis": "1000",
        "/uri": URI.replace("main", "other"),
        "/httpMethod": "GET",
        "/passthroughBehavior": "NEVER",
        "/cacheNamespace": "n",
        "/requestTemplates/application~1json": "{}",
        "/requestParameters/integration.request.header.a": "'x'",
        "/contentHandling": "CONVERT_TO_TEXT",
        "/credentials": "",
    }
    operations = [{"op": "replace", "path": path, "value": value} for path, value in patches.items()]
    operations.append({"op": "add", "path": "/cacheKeyParameters/method.request.path.id"})
    changed = world.call("UpdateIntegration", **where, patchOperations=operations)
    assert changed["timeoutInMillis"] == 1000
    assert changed["uri"].endswith("function:other/invocations")
    assert changed["requestTemplates"] == {"application/json": "{}"}
    assert changed["cacheKeyParameters"] == ["method.request.path.id"]
    assert world.call("GetIntegration", **where) == changed


@pytest.mark.parametrize(
    ("operation", "code", "part"),
    [
        ({"op": "replace", "path": "/wrong"}, "BadRequestException", "Invalid patch path /wrong"),
        ({"op": "add", "path": "/uri", "value": URI}, "BadRequestException", "Must be one of: [replace]"),
        ({"op": "replace", "path": "/uri", "value": "x"}, "BadRequestException", "Invalid ARN specified"),
        (
            {"op": "replace", "path": "/timeoutInMillis", "value": "soon"},
            "BadRequestException",
            "number of milliseconds",
        ),
        (
            {"op": "replace", "path": "/credentials", "value": "arn"},
            "NotImplemented",
            "credentials=arn of integrations",
        ),
        (
            {"op": "replace", "path": "/tlsConfig/insecureSkipVerification", "value": "true"},
            "NotImplemented",
            "tlsConfig/insecureSkipVerification=true of integrations",
        ),
        (
            {"op": "replace", "path": "/responseTransferMode", "value": "STREAM"},
            "NotImplemented",
            "responseTransferMode=STREAM of integrations",
        ),
    ],
)
def test_a_patch_that_makes_no_sense_is_refused(world, where, operation, code, part):
    put(world, where, uri=URI)
    refused = world.refused("UpdateIntegration", **where, patchOperations=[operation])
    assert (refused[0], part in refused[1]) == (code, True)


def test_an_integration_that_there_is_not_is_missed_as_recorded(world, where):
    missing = ("NotFoundException", "Invalid Integration identifier specified")
    for operation in ("GetIntegration", "DeleteIntegration", "UpdateIntegration"):
        assert world.refused(operation, **where) == missing
    other = {**where, "httpMethod": "POST"}
    assert world.refused("GetIntegration", **other) == ("NotFoundException", "Invalid Method identifier specified")
    put(world, where, uri=URI)
    world.call("DeleteIntegration", **where)
    assert world.refused("GetIntegration", **where) == missing
    assert world.refused("GetIntegrationResponse", **where, statusCode="200") == missing


def test_integration_responses_are_put_and_read_and_deleted(world, where):
    world.call("PutIntegration", **where, type="MOCK")
    header = "method.response.header.X"
    world.call("PutMethodResponse", **where, statusCode="200", responseParameters={header: False})
    response = {
        "statusCode": "200",
        "selectionPattern": "2..",
        "responseParameters": {header: "'x'"},
        "responseTemplates": {"application/json": "{}"},
    }
    assert world.call("PutIntegrationResponse", **where, **response) == response
    assert world.call("GetIntegrationResponse", **where, statusCode="200") == response
    assert world.call("GetIntegration", **where)["integrationResponses"] == {"200": response}
    world.call("DeleteIntegrationResponse", **where, statusCode="200")
    assert world.refused("DeleteIntegrationResponse", **where, statusCode="200") == (
        "NotFoundException",
        "Invalid Response status code specified",
    )


def test_integration_responses_need_what_the_method_declares(world, where):
    world.call("PutIntegration", **where, type="MOCK")
    assert world.refused("PutIntegrationResponse", **where, statusCode="200") == (
        "NotFoundException",
        "Invalid Response status code specified",
    )
    world.call("PutMethodResponse", **where, statusCode="200")
    header = "method.response.header.X"
    assert world.refused("PutIntegrationResponse", **where, statusCode="200", responseParameters={header: "'x'"}) == (
        "BadRequestException",
        (
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
            "[Invalid mapping expression parameter specified: method.response.header.X]"
        ),
    )


def test_answers_of_methods_and_integrations_are_patched(world, where):
    world.call("PutIntegration", **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
    status = {**where, "statusCode": "200"}
    world.call("PutMethodResponse", **status)
    header = {"op": "add", "path": "/responseParameters/method.response.header.a", "value": "false"}
    model = {"op": "add", "path": "/responseModels/application~1json", "value": "Empty"}
    assert world.call("UpdateMethodResponse", **status, patchOperations=[header, model]) == {
        "statusCode": "200",
        "responseParameters": {"method.response.header.a": False},
        "responseModels": {"application/json": "Empty"},
    }
    world.call("PutIntegrationResponse", **status)
    patches = [
        {"op": "add", "path": "/responseParameters/method.response.header.a", "value": "'b'"},
        {"op": "add", "path": "/responseTemplates/text~1plain", "value": "hello"},
        {"op": "replace", "path": "/selectionPattern", "value": "2.."},
    ]
    assert world.call("UpdateIntegrationResponse", **status, patchOperations=patches) == {
        "statusCode": "200",
        "responseParameters": {"method.response.header.a": "'b'"},
        "responseTemplates": {"text/plain": "hello"},
        "selectionPattern": "2..",
    }
    undeclared = {"op": "add", "path": "/responseParameters/method.response.header.z", "value": "'b'"}
    for operation, patch, part in (
        ("UpdateIntegrationResponse", undeclared, "Invalid mapping expression parameter specified"),
        ("UpdateIntegrationResponse", {"op": "replace", "path": "/none", "value": "x"}, "Invalid patch path /none"),
        ("UpdateMethodResponse", {"op": "replace", "path": "/none", "value": "x"}, "Invalid patch path  '/none'"),
    ):
        code, message = world.refused(operation, **status, patchOperations=[patch])
        assert code == "BadRequestException"
        assert part in message
