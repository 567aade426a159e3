"""What the control plane was seen to say: apigw-put-integration-errors, -gateway-responses-defaults, -canary, -cfn."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

TEMPLATE = {
    "Resources": {
        "Api": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {"Name": "cdk", "EndpointConfiguration": {"Types": ["REGIONAL"]}},
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": "Method",
            "Properties": {"RestApiId": {"Ref": "Api"}},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "DeploymentId": {"Ref": "Deployment"},
                "StageName": "prod",
            },
        },
        "Method": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "HttpMethod": "GET",
                "AuthorizationType": "NONE",
                "Integration": {
                    "Type": "AWS_PROXY",
                    "IntegrationHttpMethod": "POST",
                    "Uri": {
                        "Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
                        "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:echo/invocations"
                    },
                },
            },
        },
    },
    "Outputs": {
        "ApiId": {"Value": {"Ref": "Api"}},
        "restapiEndpointC67DEFEA": {
            "Value": {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/${Stage}/"}
        },
    },
}


def test_uris_that_are_refused(aws, fact):
    known = fact("apigw-put-integration-errors")
    arn = aws.function_arn("echo")
    uris = {
        "put-integration-lambda-uri": arn,
        "put-integration-wrong-arn": "lambda:path/2015-03-31/functions/x/invocations",
        "put-integration-wrong-type": aws.uri("echo").replace(":path/", ":test/"),
        "put-integration-wrong-firehose": "arn:aws:apigateway:us-east-1:firehose:path/whatever",
        "put-integration-bad-lambda-arn": "arn:aws:apigateway:us-east-1:lambda:path/bad-value",
    }
    assert uris.keys() == known.keys()
    where = aws.method(aws.api())
    for name, uri in uris.items():
        with pytest.raises(ClientError) as caught:
            aws.apigateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        assert caught.value.response["Error"] == known[name]["Error"], name
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_gateway_responses(aws, fact):
    known = fact("apigw-gateway-responses-defaults")
    api = aws.api()
    where = {"restApiId": api, "responseType": "MISSING_AUTHENTICATION_TOKEN"}
    default = aws.apigateway.get_gateway_response(**where)
    expected = dict(known["get-gateway-response-default"])
    expected.pop("ResponseMetadata")
    assert default == default | expected
    custom = next(item for item in known["get-gateway-responses"]["items"] if not item["defaultResponse"])
    aws.apigateway.put_gateway_response(
        **where,
        statusCode=custom["statusCode"],
        responseParameters=custom["responseParameters"],
        responseTemplates=custom["responseTemplates"],
    )
    items = aws.apigateway.get_gateway_responses(restApiId=api)["items"]
    assert items == known["get-gateway-responses"]["items"]


def test_a_customised_gateway_response_answers(aws, fact):
    custom = next(
        item
        for item in fact("apigw-gateway-responses-defaults")["get-gateway-responses"]["items"]
        if not item["defaultResponse"]
    )
    api = aws.api()
    aws.mock(api, "/pets/{petId}", "GET", apiKeyRequired=False)
    aws.apigateway.put_gateway_response(
        restApiId=api, **{name: value for name, value in custom.items() if name != "defaultResponse"}
    )
    aws.deploy(api, "prod", variables={"a": "b"})
    answer = aws.send(api, "GET", "/none?q=1", headers={"Accept": "text/html"}, stage="prod")
    assert answer.status == 404
    assert answer.json == {
        "message": "Missing Authentication Token",
        "type": "MISSING_AUTHENTICATION_TOKEN",
        "stage": "prod",
        "resourcePath": "",
        "stageVariables.a": "b",
        "statusCode": "'404'",
    }
    assert answer.headers["Access-Control-Allow-Origin"] == "a.b.c"
    assert answer.headers["x-request-header"] == "text/html"
    assert answer.headers["x-request-query"] == "1"


def test_a_canary(aws, fact):
    known = fact("apigw-canary")
    lambda_, apigateway = aws.client("lambda"), aws.apigateway
    api = aws.api()
    where = aws.proxy(api, "echo", method="GET")
    first = aws.deploy(api, variables={"testVar": "default", "defaultVar": "default"})
    group = aws.log(api, "$context.requestId $context.isCanaryRequest")
    apigateway.update_stage(
        restApiId=api,
        stageName="dev",
        patchOperations=[{"op": "remove", "path": "/accessLogSettings"}, {"op": "remove", "path": "/*/*"}],
    )
    stage = aws.send(api)
    assert stage.json["event"]["stageVariables"] == {"testVar": "default", "defaultVar": "default"}
    version = lambda_.publish_version(FunctionName="echo")["Version"]
    lambda_.add_permission(
        FunctionName="echo",
        Qualifier=version,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    apigateway.put_integration(
        **where,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=aws.uri("echo").replace("/invocations", f":{version}/invocations"),
    )
    second = apigateway.create_deployment(restApiId=api)["id"]
    updated = apigateway.update_stage(
        restApiId=api,
        stageName="dev",
        patchOperations=[
            {"op": "replace", "path": "/canarySettings/deploymentId", "value": second},
            {"op": "replace", "path": "/canarySettings/percentTraffic", "value": "100.0"},
            {"op": "replace", "path": "/canarySettings/stageVariableOverrides/testVar", "value": "canary"},
            {"op": "replace", "path": "/canarySettings/stageVariableOverrides/noStageVar", "value": "canary"},
        ],
    )
    expected = dict(known["update-stage"])
    expected["deploymentId"] = first
    expected["canarySettings"] = {**expected["canarySettings"], "deploymentId": second}
    for dropped in ("createdDate", "lastUpdatedDate", "ResponseMetadata"):
        assert updated.pop(dropped)
        expected.pop(dropped)
    assert updated == expected
    answered = aws.send(api).json
    recorded = known["response-canary-deployment"]
    assert answered["version"] == version
    assert answered["event"]["requestContext"]["deploymentId"] == second
    assert answered["event"]["stageVariables"] == {
        "testVar": recorded["variable"],
        "defaultVar": recorded["nonOverridden"],
        "noStageVar": recorded["nonExistingDefault"],
    }
    arn = f"arn:aws:logs:us-east-1:700000000077:log-group:{group}"
    apigateway.update_stage(
        restApiId=api,
        stageName="dev",
        patchOperations=[
            {"op": "replace", "path": "/accessLogSettings/destinationArn", "value": arn},
            {
                "op": "replace",
                "path": "/accessLogSettings/format",
                "value": "$context.requestId $context.isCanaryRequest",
            },
        ],
    )
    aws.send(api)
    apigateway.update_stage(
        restApiId=api, stageName="dev", patchOperations=[{"op": "remove", "path": "/canarySettings"}]
    )
    aws.send(api)
    expected = [recorded["isCanary"], known["response-deployment-1"]["isCanary"]]
    assert [line.split()[1] for line in aws.lines(group)] == expected
    assert [line.split()[1] for line in aws.lines(f"{group}/Canary")] == expected[:1]


def test_an_api_of_a_template(aws, fact):
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="facts-apigw", TemplateBody=json.dumps(TEMPLATE))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="facts-apigw", WaiterConfig={"Delay": 1})
    stack = cloudformation.describe_stacks(StackName="facts-apigw")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    expected = fact("apigw-cfn-scenario")["resources"]
    assert outputs.keys() == expected.keys()
    endpoint = expected["restapiEndpointC67DEFEA"].replace("<api-id:1>", outputs["ApiId"])
    assert outputs["restapiEndpointC67DEFEA"] == endpoint.replace("<region>", "us-east-1")
    assert aws.send(outputs["ApiId"], stage="prod").status == 200
