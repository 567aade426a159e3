"""Definitions with authorizers, keys, validators, gateway responses and a policy; and APIs written as definitions."""

from __future__ import annotations

import json

import pytest
import yaml

LAMBDA = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function"
PROXY = {"type": "aws_proxy", "httpMethod": "POST", "uri": f"{LAMBDA}:main:live/invocations"}
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcdefghi"
SCHEMES = {
    "token": {
        "type": "apiKey",
        "name": "X-Token",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "token",
            "authorizerUri": f"{LAMBDA}:guard/invocations",
            "authorizerResultTtlInSeconds": 60,
            "identityValidationExpression": "Bearer .+",
        },
    },
    "request": {
        "type": "apiKey",
        "name": "Unused",
        "in": "header",
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {
            "type": "request",
            "authorizerUri": f"{LAMBDA}:guard/invocations",
            "identitySource": "method.request.header.A,method.request.querystring.b",
        },
    },
    "pool": {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [POOL]},
    },
    "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    "sigv4": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
}
TOP = {
    "x-amazon-apigateway-request-validators": {"params": {"validateRequestParameters": True}},
    "x-amazon-apigateway-request-validator": "params",
    "x-amazon-apigateway-gateway-responses": {
        "DEFAULT_4XX": {"responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}},
        "UNAUTHORIZED": {"statusCode": 400, "responseTemplates": {"application/json": '{"a": "$context.stage"}'}},
    },
    "x-amazon-apigateway-policy": {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
        ],
    },
    "x-amazon-apigateway-api-key-source": "AUTHORIZER",
    "x-amazon-apigateway-binary-media-types": ["image/png"],
}


def operation(*security, **members):
    return {"x-amazon-apigateway-integration": PROXY, "responses": {}, "security": list(security), **members}


def paths():
    query = {"name": "page", "in": "query", "required": True, "type": "string"}
    return {
        "/token": {"get": operation({"token": []}, {"api_key": []})},
        "/request": {"x-amazon-apigateway-any-method": operation({"request": []})},
        "/pool/{id}": {"get": operation({"pool": ["notes/read"]}, operationId="read", parameters=[query])},
        "/signed": {"post": operation({"sigv4": []})},
        "/open": {"get": operation()},
    }


def swagger(**members):
    return {
        "swagger": "2.0",
        "info": {"title": "Notes", "version": "7"},
        "paths": paths(),
        "securityDefinitions": SCHEMES,
        **members,
    }


def openapi(**members):
    return {
        "openapi": "3.0.1",
        "info": {"title": "Notes", "version": "7"},
        "paths": paths(),
        "components": {"securitySchemes": SCHEMES},
        **members,
    }


@pytest.fixture
def imported(world):
    return lambda document: world.call("ImportRestApi", body=json.dumps(document).encode())["id"]


def methods(world, api):
    """Return every method with its authorizer's and validator's names for their ids."""
    names = {item["id"]: item["name"] for item in world.call("GetAuthorizers", restApiId=api)["items"]}
    names |= {item["id"]: item["name"] for item in world.call("GetRequestValidators", restApiId=api)["items"]}
    found = {}
    for resource in world.call("GetResources", restApiId=api, embed=["methods"])["items"]:
        for name, method in resource.get("resourceMethods", {}).items():
            shown = {key: names.get(value, value) if isinstance(value, str) else value for key, value in method.items()}
            shown["methodIntegration"] = {**method["methodIntegration"], "cacheNamespace": ""}
            found[f"{name} {resource['path']}"] = shown
    return found


@pytest.mark.parametrize("form", [swagger, openapi])
def test_who_may_call_is_imported(world, imported, form):
    api = imported(form(**TOP))
    found = methods(world, api)
    access = {
        place: (
            method["authorizationType"],
            method.get("authorizerId"),
            method.get("authorizationScopes"),
            method["apiKeyRequired"],
            method.get("requestValidatorId"),
        )
        for place, method in found.items()
    }
    assert access == {
        "GET /token": ("CUSTOM", "token", None, True, "params"),
        "ANY /request": ("CUSTOM", "request", None, False, "params"),
        "GET /pool/{id}": ("COGNITO_USER_POOLS", "pool", ["notes/read"], False, "params"),
        "POST /signed": ("AWS_IAM", None, None, False, "params"),
        "GET /open": ("NONE", None, None, False, "params"),
    }
    authorizers = {item["name"]: item for item in world.call("GetAuthorizers", restApiId=api)["items"]}
    assert authorizers["token"]["identitySource"] == "method.request.header.X-Token"
    assert authorizers["token"]["authorizerResultTtlInSeconds"] == 60
    assert authorizers["request"]["type"] == "REQUEST"
    assert authorizers["pool"]["providerARNs"] == [POOL]
    read = world.call("GetRestApi", restApiId=api)
    assert read["apiKeySource"] == "AUTHORIZER"
    assert f":{api}/*" in read["policy"]
    assert world.call("GetGatewayResponse", restApiId=api, responseType="UNAUTHORIZED")["statusCode"] == "400"


def test_what_is_imported_answers(world, imported, header):
    api = imported(openapi(**TOP))
    world.deploy(api)
    answer = world.send(api, path="/token")
    assert (answer.status, answer.body) == (400, b'{"a": "prod"}')
    assert header(world.send(api, path="/none"), "Access-Control-Allow-Origin") == "*"
    assert world.send(api, path="/open").status == 200


def test_merging_keeps_ids_and_what_is_not_spoken_of_and_overwriting_does_not(world, imported):
    api = imported(openapi(**TOP))
    ids = {item["name"]: item["id"] for item in world.call("GetAuthorizers", restApiId=api)["items"]}
    one = {"components": {"securitySchemes": {"token": SCHEMES["token"]}}, "paths": {}}
    body = json.dumps({**openapi(), **one}).encode()
    world.call("PutRestApi", restApiId=api, mode="merge", body=body)
    merged = {item["name"]: item["id"] for item in world.call("GetAuthorizers", restApiId=api)["items"]}
    assert merged == ids
    assert world.call("GetRestApi", restApiId=api)["apiKeySource"] == "AUTHORIZER"
    world.call("PutRestApi", restApiId=api, mode="overwrite", body=body)
    left = {item["name"]: item["id"] for item in world.call("GetAuthorizers", restApiId=api)["items"]}
    assert left == {"token": ids["token"]}
    assert world.call("GetRestApi", restApiId=api)["apiKeySource"] == "AUTHORIZER"
    assert world.call("GetRequestValidators", restApiId=api)["items"] == []


@pytest.mark.parametrize("kind", ["oas30", "swagger"])
@pytest.mark.parametrize("accepts", ["application/json", "application/yaml"])
def test_what_is_exported_can_be_imported_and_is_the_same(world, imported, kind, accepts):
    api = imported(openapi(**TOP))
    world.deploy(api)
    exported = world.call(
        "GetExport",
        restApiId=api,
        stageName="prod",
        exportType=kind,
        accepts=accepts,
        parameters={"extensions": "apigateway"},
    )
    assert exported["contentType"] == accepts
    assert exported["contentDisposition"].startswith(f'attachment; filename="{kind}_')
    document = yaml.safe_load(exported["body"])
    assert document.get("openapi") == ("3.0.1" if kind == "oas30" else None)
    again = world.call("ImportRestApi", body=exported["body"])["id"]
    assert methods(world, again) == methods(world, api)
    for read in ("GetGatewayResponses", "GetRestApi"):
        first, second = (world.call(read, restApiId=one) for one in (api, again))
        for differs in ("id", "rootResourceId", "createdDate", "policy"):
            first.pop(differs, None)
            second.pop(differs, None)
        assert first == second


def test_what_is_on_the_stage_is_exported(world, imported):
    api = imported(openapi())
    world.deploy(api)
    world.proxy(api, "GET", "/later")
    where = {"restApiId": api, "stageName": "prod", "exportType": "swagger"}
    document = json.loads(world.call("GetExport", **where)["body"])
    assert "/later" not in document["paths"]
    assert (document["basePath"], document["host"]) == ("/prod", f"{api}.execute-api.us-east-1.amazonaws.com")
    assert document["paths"]["/open"]["get"] == {"responses": {}}
    assert document["securityDefinitions"].keys() == {"api_key", "sigv4", "token", "request", "pool"}
    assert "x-amazon-apigateway-authorizer" not in document["securityDefinitions"]["token"]
    with_integrations = world.call("GetExport", **where, parameters={"extensions": "integrations"})
    get = json.loads(with_integrations["body"])["paths"]["/open"]["get"]
    assert get["x-amazon-apigateway-integration"]["type"] == "aws_proxy"


@pytest.mark.parametrize(
    ("params", "code", "part"),
    [
        ({"exportType": "raml"}, "BadRequestException", "Invalid export type 'raml': it must be one of oas30, swagger"),
        ({"accepts": "text/html"}, "BadRequestException", "Invalid media type 'text/html'"),
        ({"stageName": "none"}, "NotFoundException", "Invalid stage identifier specified"),
        ({"parameters": {"extensions": "postman"}}, "NotImplemented", "extensions=postman of GetExport"),
        ({"parameters": {"other": "x"}}, "NotImplemented", "the parameter other=x of GetExport"),
    ],
)
def test_what_cannot_be_exported_is_refused(world, params, code, part):
    wanted = {"restApiId": world.deployed(), "stageName": "prod", "exportType": "oas30", **params}
    refused, message = world.refused("GetExport", **wanted)
    assert refused == code
    assert part in message


@pytest.mark.parametrize(
    ("members", "part"),
    [
        ({"x-amazon-apigateway-request-validator": "none"}, "Invalid Request Validator name specified: none"),
        ({"x-amazon-apigateway-api-key-source": "COOKIE"}, "failed to satisfy constraint"),
        ({"x-amazon-apigateway-gateway-responses": {"X": {}}}, "Invalid gateway response type specified: X"),
        ({"x-amazon-apigateway-gateway-responses": {"DEFAULT_4XX": "text"}}, "Invalid gateway response: 'text'"),
        ({"x-amazon-apigateway-policy": {"Statement": []}}, "it has no Statement"),
    ],
)
def test_what_is_wrong_with_a_definition_is_told(world, members, part):
    code, message = world.refused("ImportRestApi", body=json.dumps(openapi(**members)).encode())
    assert code == "BadRequestException"
    assert part in message
    assert world.call("GetRestApis")["items"] == []
