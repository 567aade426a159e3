"""Definitions: Swagger 2.0 and OpenAPI 3.0, imported and put over APIs."""

from __future__ import annotations

import json

import pytest
import yaml

URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:main:live/invocations"
)
PROXY = {"type": "aws_proxy", "httpMethod": "POST", "uri": URI}
CORS = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode" : 200}'},
    "responses": {
        "default": {
            "statusCode": 200,
            "responseTemplates": {"application/json": "{}\n"},
            "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
        }
    },
}


def operation(**members):
    return {"x-amazon-apigateway-integration": PROXY, "responses": {}, **members}


def swagger(paths, **members):
    return {"swagger": "2.0", "info": {"title": "PetStore", "version": 1.0}, "paths": paths, **members}


def openapi(paths, **members):
    return {"openapi": "3.0.1", "info": {"title": "PetStore", "version": "1.0"}, "paths": paths, **members}


@pytest.fixture
def imported(world):
    """Import a definition and give the API's id."""

    def imported(document, **params):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return world.call("ImportRestApi", body=body, **params)["id"]

    return imported


def method(world, api, path, name):
    return world.call("GetMethod", restApiId=api, resourceId=world.resource(api, path), httpMethod=name)


def problems(world, document):
    return world.refused("ImportRestApi", body=json.dumps(document).encode())


@pytest.mark.parametrize("write", [json.dumps, yaml.safe_dump], ids=["json", "yaml"])
@pytest.mark.parametrize("form", [swagger, openapi])
def test_a_definition_becomes_an_api_that_answers(world, imported, form, write):
    cors = {
        "responses": {200: {"description": "CORS", "headers": {"Access-Control-Allow-Origin": {"type": "string"}}}},
        "x-amazon-apigateway-integration": CORS,
    }
    paths = {"/pets/{petId}": {"get": operation(operationId="getPet"), "options": cors}, "/": {"get": operation()}}
    api = imported(write(form(paths)).encode())
    read = world.call("GetRestApi", restApiId=api)
    assert (read["name"], read["version"]) == ("PetStore", "1.0")
    assert [item["path"] for item in world.call("GetResources", restApiId=api)["items"]] == [
        "/",
        "/pets",
        "/pets/{petId}",
    ]
    get = method(world, api, "/pets/{petId}", "GET")
    assert get["operationName"] == "getPet"
    assert get["methodIntegration"]["type"] == "AWS_PROXY"
    assert get["methodIntegration"]["uri"] == URI
    assert "methodResponses" not in get
    options = method(world, api, "/pets/{petId}", "OPTIONS")
    header = "method.response.header.Access-Control-Allow-Origin"
    assert options["methodResponses"] == {"200": {"statusCode": "200", "responseParameters": {header: False}}}
    assert options["methodIntegration"]["integrationResponses"] == {
        "200": {
            "statusCode": "200",
            "responseParameters": {header: "'*'"},
            "responseTemplates": {"application/json": "{}\n"},
        }
    }
    world.deploy(api)
    assert world.send(api, path="/pets/1").status == 200
    assert world.lambdas.event["pathParameters"] == {"petId": "1"}
    preflight = world.send(api, "OPTIONS", "/pets/1")
    assert (preflight.status, preflight.body) == (200, b"{}\n")


def test_any_method_and_shared_parameters_and_references_are_understood(world, imported):
    document = openapi(
        {
            "/pets/{petId}": {
                "parameters": [{"$ref": "#/components/parameters/petId"}],
                "x-amazon-apigateway-any-method": {
                    "parameters": [
                        {"name": "q", "in": "query"},
                        {"name": "h", "in": "header", "required": True},
                        {"name": "c", "in": "cookie"},
                    ],
                    "responses": {"200": {"$ref": "#/components/responses/ok"}, "default": {}},
                    "x-amazon-apigateway-integration": {"$ref": "#/components/x-amazon-apigateway-integrations/main"},
                },
            }
        },
        components={
            "parameters": {"petId": {"name": "petId", "in": "path", "required": True}},
            "responses": {"ok": {"headers": {"X": {}}}},
            "x-amazon-apigateway-integrations": {"main": PROXY},
        },
    )
    got = method(world, imported(document), "/pets/{petId}", "ANY")
    assert got["requestParameters"] == {
        "method.request.path.petId": True,
        "method.request.querystring.q": False,
        "method.request.header.h": True,
    }
    assert list(got["methodResponses"]) == ["200"]
    assert got["methodIntegration"]["type"] == "AWS_PROXY"


SIGNED = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"}


@pytest.mark.parametrize(
    ("top", "own", "authorization"),
    [
        (None, None, "NONE"),
        ([{"sigv4": []}], None, "AWS_IAM"),
        (None, [{"sigv4": []}], "AWS_IAM"),
        ([{"sigv4": []}], [], "NONE"),
        ([{"sigv4": []}], [{"NONE": []}], "NONE"),
    ],
)
@pytest.mark.parametrize("form", [swagger, openapi])
def test_security_says_who_must_sign(world, imported, form, top, own, authorization):
    schemes = {"securityDefinitions": {"sigv4": SIGNED}, "components": {"securitySchemes": {"sigv4": SIGNED}}}
    members = schemes | ({} if top is None else {"security": top})
    document = form({"/a": {"get": operation() | ({} if own is None else {"security": own})}}, **members)
    assert method(world, imported(document), "/a", "GET")["authorizationType"] == authorization


def test_the_gateways_own_extension_says_it_too(world, imported):
    document = openapi({"/a": {"get": operation(**{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}})}})
    assert method(world, imported(document), "/a", "GET")["authorizationType"] == "AWS_IAM"


@pytest.mark.parametrize(
    ("base_path", "path"), [(None, "/pets"), ("ignore", "/pets"), ("prepend", "/base/v1/pets"), ("split", "/v1/pets")]
)
@pytest.mark.parametrize(
    "document",
    [
        swagger({"/pets": {"get": operation()}}, basePath="/base/v1"),
        openapi(
            {"/pets": {"get": operation()}},
            servers=[{"url": "https://x.example.com/{basePath}/v1", "variables": {"basePath": {"default": "/base"}}}],
        ),
    ],
    ids=["swagger", "openapi"],
)
def test_the_base_path_is_ignored_prepended_or_split(world, imported, document, base_path, path):
    api = imported(document, parameters={"basepath": base_path} if base_path else {})
    assert world.call("GetResources", restApiId=api)["items"][-1]["path"] == path


def test_the_endpoints_type_may_come_with_the_import(world, imported):
    api = imported(openapi({"/a": {"get": operation()}}), parameters={"endpointConfigurationTypes": "REGIONAL"})
    assert world.call("GetRestApi", restApiId=api)["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_the_rest_of_the_query_is_not_taken_for_parameters(world, imported):
    imported(openapi({"/a": {"get": operation()}}), parameters={"mode": "import", "failonwarnings": "false"})


def put(world, api, document, **params):
    return world.call("PutRestApi", restApiId=api, body=json.dumps(document).encode(), **params)


def test_overwrite_leaves_only_the_definition_and_keeps_the_ids_of_paths(world, imported):
    api = imported(openapi({"/a": {"get": operation()}, "/b": {"get": operation()}}))
    before = {item["path"]: item["id"] for item in world.call("GetResources", restApiId=api)["items"]}
    document = openapi({"/a": {"post": operation()}, "/c": {"get": operation()}})
    document["info"] = {"title": "Renamed", "description": "new"}
    changed = put(world, api, document, mode="overwrite")
    assert (changed["name"], changed["description"]) == ("Renamed", "new")
    items = {item["path"]: item for item in world.call("GetResources", restApiId=api)["items"]}
    assert list(items) == ["/", "/a", "/c"]
    assert items["/a"]["id"] == before["/a"]
    assert list(items["/a"]["resourceMethods"]) == ["POST"]


def test_merge_is_the_default_and_keeps_the_rest(world, imported):
    api = imported(openapi({"/a": {"get": operation()}, "/b": {"get": operation()}}))
    put(world, api, openapi({"/a": {"post": operation()}, "/c": {"get": operation()}}))
    items = {item["path"]: item for item in world.call("GetResources", restApiId=api)["items"]}
    assert list(items) == ["/", "/a", "/b", "/c"]
    assert list(items["/a"]["resourceMethods"]) == ["GET", "POST"]


@pytest.mark.parametrize(
    ("mode", "types"),
    [("merge", ["image/heif", "image/png", "image/jpg"]), ("overwrite", ["image/png", "image/jpg"])],
)
def test_binary_media_types_are_merged_or_overwritten_as_recorded(world, mode, types):
    api = world.api(binaryMediaTypes=["image/heif"])
    document = openapi({}, **{"x-amazon-apigateway-binary-media-types": ["image/png", "image/jpg"]})
    assert put(world, api, document, mode=mode)["binaryMediaTypes"] == types
    assert put(world, api, openapi({}), mode=mode)["binaryMediaTypes"] == types


def test_an_operation_without_an_integration_imports_and_does_not_deploy(world, imported):
    api = imported(openapi({"/a": {"get": {"responses": {}}}}))
    assert "methodIntegration" not in method(world, api, "/a", "GET")
    assert world.refused("CreateDeployment", restApiId=api)[1] == "No integration defined for method"


def test_what_is_live_is_not_touched_by_an_import(world, imported):
    api = imported(openapi({"/a": {"get": operation()}}))
    world.deploy(api)
    put(world, api, openapi({"/b": {"get": operation()}}), mode="overwrite")
    assert (world.send(api, path="/a").status, world.send(api, path="/b").status) == (200, 403)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{]", "Invalid OpenAPI input."),
        (b"a: [", "Invalid OpenAPI input."),
        (b"- a", "Invalid OpenAPI input."),
        (b"", "Invalid OpenAPI input."),
        (b"\xff\xfe\xfa", "Invalid OpenAPI input."),
        (b"{}", "Invalid OpenAPI input. It must be Swagger 2.0 or OpenAPI 3.0, and says neither."),
        (b'{"openapi": "3.1.0"}', "Invalid OpenAPI input. It must be Swagger 2.0 or OpenAPI 3.0, and says 3.1.0."),
        (
            b'{"openapi": "3.0.0", "info": {}}',
            "Errors found during import:\n\tThe definition's info has no title to name the API by",
        ),
    ],
)
def test_what_is_no_definition_is_refused(world, body, message):
    assert world.refused("ImportRestApi", body=body) == ("BadRequestException", message)
    assert world.call("GetRestApis")["items"] == []


@pytest.mark.parametrize("paths", [{"/a": ["x"]}, {"/a": {"get": {"responses": {"200": ["x"]}}}}, ["/a"]])
def test_a_definition_of_another_shape_is_refused(world, paths):
    code, message = problems(world, openapi(paths))
    assert code == "BadRequestException"
    assert message.startswith("Invalid OpenAPI input. A part of it is not what it should be: ")


@pytest.mark.parametrize(
    ("reference", "part"),
    [("#/components/nope", "A reference leads nowhere: #/components/nope"), ("#/components/a", "lead in a circle")],
)
def test_a_reference_that_leads_nowhere_is_named(world, reference, part):
    components = {"a": {"$ref": "#/components/b"}, "b": {"$ref": "#/components/a"}}
    document = openapi({"/a": {"get": operation(parameters=[{"$ref": reference}])}}, components=components)
    code, message = problems(world, document)
    assert (code, part in message) == ("BadRequestException", True)


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_imported(world):
    document = openapi(
        {
            "/{a}": {"get": operation()},
            "/{b}": {"get": operation()},
            "/c": {"get": {"x-amazon-apigateway-integration": {**PROXY, "uri": "x"}}},
        }
    )
    assert problems(world, document) == (
        "BadRequestException",
        (
            "Errors found during import:\n"
            "\tUnable to create resource at path '/{b}': A sibling ({a}) of this resource already has a variable path "
            "part -- only one is allowed\n"
            "\tGET /c: Unable to put integration on 'GET' for resource at path '/c': "
            "Invalid ARN specified in the request"
        ),
    )
    assert world.call("GetRestApis")["items"] == []


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (
            openapi(
                {},
                **{
                    "x-amazon-apigateway-gateway-responses": {
                        "DEFAULT_4XX": {"responseTemplates": {"application/json": "#set($a = 1)"}}
                    }
                },
            ),
            "mapping templates (VTL): the template application/json of the gateway response DEFAULT_4XX holds '#set(",
        ),
        (
            openapi({}, **{"x-amazon-apigateway-minimum-compression-size": 10}),
            "x-amazon-apigateway-minimum-compression-size of definitions",
        ),
        (
            openapi({}, **{"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}),
            "x-amazon-apigateway-endpoint-configuration of definitions",
        ),
        (
            openapi({}, **{"x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}}}),
            "validateRequestBody=true of request validators (models)",
        ),
        (
            openapi({"/a": {"get": {"x-amazon-apigateway-integration": {"type": "http", "uri": "http://x"}}}}),
            "integrations of type HTTP",
        ),
        (
            openapi({"/a": {"get": {"x-amazon-apigateway-integration": {**PROXY, "credentials": "arn:x"}}}}),
            (
                "credentials=arn:x of integrations. Let a permission of the function allow apigateway.amazonaws.com; "
                "in SAM, set Auth's InvokeRole to NONE."
            ),
        ),
        (
            openapi(
                {"/a": {"get": operation(security=[{"bearer": []}])}},
                components={"securitySchemes": {"bearer": {"type": "http"}}},
            ),
            "security schemes of type http: bearer",
        ),
    ],
)
def test_what_is_not_emulated_of_a_definition_is_refused_by_name(world, document, named):
    code, message = problems(world, document)
    assert code == "NotImplemented"
    assert message.startswith("Errors found during import:\n\t")
    assert f"the local AWS does not emulate {named}" in message


def test_what_has_no_effect_passes(world, imported):
    imported(
        openapi(
            {"/a": {"get": operation(summary="s", tags=["t"], deprecated=True, **{"x-other": 1})}},
            **{
                "x-amazon-apigateway-documentation": {"version": "1"},
                "x-amazon-apigateway-api-key-source": "HEADER",
                "x-amazon-apigateway-gateway-responses": {},
                "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": False},
            },
            components={"schemas": {"Empty": {"type": "object"}}},
        )
    )


def test_a_security_requirement_without_a_scheme_is_named(world):
    code, message = problems(world, openapi({"/a": {"get": operation(security=[{"nope": []}])}}))
    assert code == "BadRequestException"
    assert "GET /a: Security requirement nope names no security scheme of the definition" in message


@pytest.mark.parametrize(
    ("params", "code", "part"),
    [
        ({"mode": "replace"}, "BadRequestException", "Invalid mode 'replace': it must be one of merge, overwrite"),
        ({"parameters": {"basepath": "x"}}, "BadRequestException", "Invalid basepath 'x': it must be one of ignore"),
        ({"parameters": {"other": "x"}}, "NotImplemented", "other='x' of the import's parameters"),
        (
            {"parameters": {"endpointConfigurationTypes": "PRIVATE"}},
            "NotImplemented",
            "endpoints of type PRIVATE",
        ),
    ],
)
def test_parameters_that_make_no_sense_are_refused(world, params, code, part):
    body = json.dumps(openapi({})).encode()
    refused = world.refused("PutRestApi", restApiId=world.api(), body=body, **params)
    assert (refused[0], part in refused[1]) == (code, True)
