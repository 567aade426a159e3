"""What SAM's translator really makes of an API with IAM authorization and CORS imports, deploys and answers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

EVENTS = {
    "Create": ("post", "/notes"),
    "List": ("get", "/notes"),
    "Get": ("get", "/notes/{id}"),
    "Update": ("put", "/notes/{id}"),
    "Delete": ("delete", "/notes/{id}"),
}


def template(api: dict[str, Any]) -> dict[str, Any]:
    """Return an app of one API with five functions."""
    properties = {
        "Name": "notes",
        "StageName": "prod",
        "Auth": {"DefaultAuthorizer": "AWS_IAM", "InvokeRole": "NONE", "AddDefaultAuthorizerToCorsPreflight": False},
        "Cors": {"AllowOrigin": "'*'", "AllowMethods": "'GET,POST'", "AllowHeaders": "'Content-Type'"},
        **api,
    }
    functions = {
        f"{name}Function": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": "main.main",
                "Runtime": "python3.12",
                "CodeUri": "s3://bucket/key",
                "AutoPublishAlias": "live",
                "Events": {
                    "Http": {
                        "Type": "Api",
                        "Properties": {"RestApiId": {"Ref": "NotesApi"}, "Method": method, "Path": path},
                    }
                },
            },
        }
        for name, (method, path) in EVENTS.items()
    }
    notes = {"NotesApi": {"Type": "AWS::Serverless::Api", "Properties": properties}}
    return {"Transform": "AWS::Serverless-2016-10-31", "Resources": notes | functions}


@pytest.fixture
def body(monkeypatch):
    """Give the body of the RestApi that SAM makes, with its references put in as CloudFormation would."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    from samtranslator.translator.transform import transform

    class NoPolicies:
        def load(self) -> dict[str, str]:
            return {}

    def resolved(member: Any) -> Any:
        if isinstance(member, dict):
            if member.keys() == {"Fn::Sub"}:
                text, names = member["Fn::Sub"], {}
                if isinstance(text, list):
                    text, names = text[0], {name: resolved(value) for name, value in text[1].items()}
                for name, value in ({"AWS::Region": "us-east-1", "AWS::Partition": "aws"} | names).items():
                    text = text.replace(f"${{{name}}}", value)
                arn = r"arn:aws:lambda:us-east-1:123456789012:function:\1:live"
                return re.sub(r"\$\{(\w+)Function(?:Aliaslive)\}", arn, text)
            if member.keys() == {"Ref"}:
                return "notes"
            return {key: resolved(value) for key, value in member.items()}
        return [resolved(item) for item in member] if isinstance(member, list) else member

    def body(**api: Any) -> bytes:
        resources = transform(template(api), {}, NoPolicies())["Resources"]
        return json.dumps(resolved(resources["NotesApi"]["Properties"]["Body"])).encode()

    return body


@pytest.mark.parametrize("version", ["2.0", "3.0.1"])
def test_sams_api_imports_and_answers(world, body, version):
    parameters = {"endpointConfigurationTypes": "REGIONAL"}
    api = world.call("ImportRestApi", body=body(OpenApiVersion=version), parameters=parameters)["id"]
    items = world.call("GetResources", restApiId=api, embed=["methods"])["items"]
    methods = {
        (item["path"], name): method["authorizationType"]
        for item in items
        for name, method in item.get("resourceMethods", {}).items()
    }
    assert methods == {
        ("/notes", "GET"): "AWS_IAM",
        ("/notes", "OPTIONS"): "NONE",
        ("/notes", "POST"): "AWS_IAM",
        ("/notes/{id}", "DELETE"): "AWS_IAM",
        ("/notes/{id}", "GET"): "AWS_IAM",
        ("/notes/{id}", "OPTIONS"): "NONE",
        ("/notes/{id}", "PUT"): "AWS_IAM",
    }
    world.deploy(api)
    assert world.send(api, "POST", "/notes").status == 403
    assert world.send_signed(api, "PUT", "/notes/1", world.key(), body=b"{}").status == 200
    assert world.lambdas.invoked[0].function == "Update"
    preflight = world.send(api, "OPTIONS", "/notes/1")
    assert (preflight.status, preflight.body) == (200, b"{}\n")
    assert {name: value for name, value in preflight.headers if name.startswith("Access-Control")} == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET,POST",
        "Access-Control-Allow-Headers": "Content-Type",
    }


def test_sams_default_of_invoking_with_the_callers_credentials_is_refused_with_the_mend(world, body):
    auth = {"DefaultAuthorizer": "AWS_IAM"}
    code, message = world.refused("ImportRestApi", body=body(Auth=auth))
    assert code == "NotImplemented"
    assert "POST /notes: Unable to put integration on 'POST' for resource at path '/notes'" in message
    assert "in SAM, set Auth's InvokeRole to NONE" in message


GUARD = "arn:aws:lambda:us-east-1:123456789012:function:guard"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abcdefghi"
AUTHORIZERS = {
    "Token": {"FunctionArn": GUARD, "Identity": {"Header": "X-Token", "ValidationExpression": "Bearer .+"}},
    "Request": {
        "FunctionArn": GUARD,
        "FunctionPayloadType": "REQUEST",
        "Identity": {"QueryStrings": ["key"], "Headers": ["X-A"], "ReauthorizeEvery": 60},
    },
    "Pool": {"UserPoolArn": POOL},
}


@pytest.mark.parametrize("version", ["2.0", "3.0.1"])
@pytest.mark.parametrize(
    ("default", "authorization", "sources"),
    [
        ("Token", "CUSTOM", "method.request.header.X-Token"),
        ("Request", "CUSTOM", "method.request.header.X-A, method.request.querystring.key"),
        ("Pool", "COGNITO_USER_POOLS", "method.request.header.Authorization"),
    ],
)
def test_sams_authorizers_import(world, body, version, default, authorization, sources):
    auth = {"DefaultAuthorizer": default, "Authorizers": AUTHORIZERS, "AddDefaultAuthorizerToCorsPreflight": False}
    api = world.call("ImportRestApi", body=body(OpenApiVersion=version, Auth=auth))["id"]
    authorizers = {item["id"]: item for item in world.call("GetAuthorizers", restApiId=api)["items"]}
    assert {item["name"] for item in authorizers.values()} == {"Token", "Request", "Pool"}
    where = {"restApiId": api, "resourceId": world.resource(api, "/notes")}
    method = world.call("GetMethod", **where, httpMethod="POST")
    assert method["authorizationType"] == authorization
    chosen = authorizers[method["authorizerId"]]
    assert (chosen["name"], chosen["identitySource"]) == (default, sources)
    assert world.call("GetMethod", **where, httpMethod="OPTIONS")["authorizationType"] == "NONE"
    world.deploy(api)
    assert world.send(api, "POST", "/notes").status == 401


def test_what_else_sam_writes_of_access_imports(world, body):
    auth = {"ApiKeyRequired": True, "ResourcePolicy": {"IpRangeWhitelist": ["192.0.2.0/24"]}}
    cors = {"ResponseParameters": {"Headers": {"Access-Control-Allow-Origin": "'*'"}}, "StatusCode": 402}
    api = world.call("ImportRestApi", body=body(Auth=auth, GatewayResponses={"INVALID_API_KEY": cors}))["id"]
    world.deploy(api)
    answer = world.send(api, "POST", "/notes")
    assert answer.status == 402
    assert ("Access-Control-Allow-Origin", "*") in answer.headers
    read = json.loads(json.loads(f'"{world.call("GetRestApi", restApiId=api)["policy"]}"'))
    assert {statement["Effect"] for statement in read["Statement"]} == {"Allow", "Deny"}
