"""API Gateway's types over API Gateway's API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.stacks.resources.apigateway_stages import stage_patches

OPENAPI = {"openapi": "3.0.1", "info": {"title": "notes", "version": "1"}, "paths": {"/notes": {"get": {}}}}


def api(**properties: Any) -> dict[str, Any]:
    return {"Resources": {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": properties}}}


def test_a_definition_names_the_api_when_the_template_does_not(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(
            {
                **api(Body=OPENAPI, Parameters={"endpointConfigurationTypes": "REGIONAL"}),
                "Outputs": {"Root": {"Value": {"Fn::GetAtt": ["Api", "RootResourceId"]}}},
            }
        )
        assert aws.last("CreateRestApi") == {"name": "notes"}
        put = aws.last("PutRestApi")
        assert json.loads(put.pop("body")) == OPENAPI
        assert put == {
            "restApiId": "api1",
            "mode": "overwrite",
            "failOnWarnings": False,
            "parameters": {"endpointConfigurationTypes": "REGIONAL"},
        }
        assert (await console.stack())["Outputs"][0]["OutputValue"] == "api1root"

    drive(story)


def test_the_templates_name_and_description_win_over_the_definitions(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(api(Name="mine", Description="of mine", Body=OPENAPI))
        body = json.loads(aws.last("PutRestApi")["body"])
        assert body["info"] == {"title": "mine", "version": "1", "description": "of mine"}
        assert aws.last("CreateRestApi") == {"name": "mine", "description": "of mine"}
        await console.update(api(Name="other", Description="of mine", Body=OPENAPI))
        assert json.loads(aws.last("PutRestApi")["body"])["info"]["title"] == "other"
        assert aws.last("UpdateRestApi")["patchOperations"] == [{"op": "replace", "path": "/name", "value": "other"}]

    drive(story)


def test_a_definition_may_lie_in_s3_as_yaml(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        aws.of("object")["shelf/api.yaml"] = (
            b"swagger: '2.0'\ninfo: {title: from-s3}\npaths: {/x: {get: {example: null}}}\n"
        )
        await console.create(api(BodyS3Location={"Bucket": "shelf", "Key": "api.yaml"}))
        assert aws.last("CreateRestApi") == {"name": "from-s3"}
        aws.of("object")["shelf/broken"] = b"just words"
        stack = await console.update(api(BodyS3Location={"Bucket": "shelf", "Key": "broken"}))
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        reason = next(reason for _, status, reason in await console.events() if status == "UPDATE_FAILED")
        assert reason.startswith("The definition in s3://shelf/broken is neither JSON nor YAML:")

    drive(story)


def test_an_api_without_name_and_title_fails(drive: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(api(Body={"paths": {}}))
        failed = next(reason for _, status, reason in await console.events() if status == "CREATE_FAILED")
        assert failed == "A REST API needs a Name, or a Body whose info has a title."

    drive(story)


def test_an_api_without_a_definition_is_updated_by_patches(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(
            api(
                Name="n",
                EndpointConfiguration={"Types": ["EDGE"]},
                BinaryMediaTypes=["image/png"],
                Policy={"Version": "2012-10-17"},
                ApiKeySourceType="HEADER",
                Tags=[{"Key": "k", "Value": "v"}],
            )
        )
        made = aws.last("CreateRestApi")
        assert made["endpointConfiguration"] == {"types": ["EDGE"]}
        assert made["policy"] == '{"Version": "2012-10-17"}'
        assert (made["apiKeySource"], made["tags"]) == ("HEADER", {"k": "v"})
        await console.update(
            api(
                Name="n",
                EndpointConfiguration={"Types": ["REGIONAL"]},
                BinaryMediaTypes=["*/*"],
                MinimumCompressionSize=10,
                ApiKeySourceType="HEADER",
            )
        )
        assert aws.last("UpdateRestApi")["patchOperations"] == [
            {"op": "replace", "path": "/minimumCompressionSize", "value": "10"},
            {"op": "replace", "path": "/policy"},
            {"op": "add", "path": "/binaryMediaTypes/*~1*"},
            {"op": "remove", "path": "/binaryMediaTypes/image~1png"},
            {"op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL"},
        ]
        assert aws.last("UntagResource") == {
            "resourceArn": "arn:aws:apigateway:eu-west-1::/restapis/api1",
            "tagKeys": ["k"],
        }

    drive(story)


METHODS = {
    "Resources": {
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "n"}},
        "Notes": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "PathPart": "notes",
            },
        },
        "Options": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResourceId": {"Ref": "Notes"},
                "HttpMethod": "OPTIONS",
                "AuthorizationType": "NONE",
                "Integration": {
                    "Type": "MOCK",
                    "RequestTemplates": {"application/json": '{"statusCode": 200}'},
                    "TimeoutInMillis": "500",
                    "IntegrationResponses": [
                        {"StatusCode": 200, "ResponseParameters": {"method.response.header.X": "'*'"}}
                    ],
                },
                "MethodResponses": [{"StatusCode": 200, "ResponseParameters": {"method.response.header.X": "true"}}],
            },
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": {"Ref": "Api"}},
            "DependsOn": "Options",
        },
        "Prod": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "DeploymentId": {"Ref": "Deployment"},
                "StageName": "prod",
                "MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", "MetricsEnabled": True}],
            },
        },
    }
}


def test_methods_written_out_become_calls_in_order(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(METHODS)
        assert aws.names() == [
            "CreateRestApi",
            "CreateResource",
            "PutMethod",
            "PutMethodResponse",
            "PutIntegration",
            "PutIntegrationResponse",
            "CreateDeployment",
            "CreateStage",
            "UpdateStage",
        ]
        integration = aws.last("PutIntegration")
        assert (integration["type"], integration["timeoutInMillis"]) == ("MOCK", 500)
        assert aws.last("PutMethodResponse")["responseParameters"] == {"method.response.header.X": True}
        assert aws.last("UpdateStage")["patchOperations"] == [
            {"op": "replace", "path": "/*/*/metrics/enabled", "value": "true"}
        ]
        assert (await console.resource("Options"))["PhysicalResourceId"] == "api1|resource2|OPTIONS"

    drive(story)


def test_a_method_that_changes_is_put_anew(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(METHODS)
        changed = json.loads(json.dumps(METHODS))
        changed["Resources"]["Options"]["Properties"]["AuthorizationType"] = "AWS_IAM"
        aws.calls.clear()
        await console.update(changed)
        assert aws.names() == [
            "DeleteMethod",
            "PutMethod",
            "PutMethodResponse",
            "PutIntegration",
            "PutIntegrationResponse",
        ]

    drive(story)


def test_the_stage_that_a_deployment_made_goes_with_it(drive: Any, aws: Any) -> None:
    template = json.loads(json.dumps(METHODS))
    del template["Resources"]["Prod"]
    template["Resources"]["Deployment"]["Properties"]["StageName"] = "dev"
    template["Resources"]["Deployment"]["Properties"]["StageDescription"] = {"TracingEnabled": True}

    async def story(console: Any) -> None:
        await console.create(template)
        assert aws.of("stage")["api1/dev"]["/tracingEnabled"] == "true"
        moved = json.loads(
            json.dumps(template).replace("Deployment", "Deployment2").replace("::Deployment2", "::Deployment")
        )
        stack = await console.update(moved)
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert aws.of("stage")["api1/dev"]["deploymentId"] == next(iter(aws.of("deployment")))
        await console.do("DeleteStack", StackName="notes")
        assert aws.of("stage") == {}
        assert aws.of("deployment") == {}

    drive(story)


def test_the_account_keeps_its_role_when_the_stack_goes(drive: Any, aws: Any) -> None:
    template = {
        "Resources": {
            "A": {"Type": "AWS::ApiGateway::Account", "Properties": {"CloudWatchRoleArn": "arn:aws:iam::1:role/l"}}
        }
    }

    async def story(console: Any) -> None:
        await console.create(template)
        await console.do("DeleteStack", StackName="notes")
        assert aws.calls == [
            (
                "UpdateAccount",
                {
                    "patchOperations": [
                        {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/l"}
                    ]
                },
            )
        ]

    drive(story)


def test_a_deployments_description_is_patched(drive: Any, aws: Any) -> None:
    def deployment(description: str) -> dict[str, Any]:
        properties = {"RestApiId": "api1", "Description": description}
        return {"Resources": {"D": {"Type": "AWS::ApiGateway::Deployment", "Properties": properties}}}

    async def story(console: Any) -> None:
        await console.create(deployment("one"))
        await console.update(deployment("two"))
        assert aws.last("UpdateDeployment")["patchOperations"] == [
            {"op": "replace", "path": "/description", "value": "two"}
        ]

    drive(story)


def stage(**properties: Any) -> dict[str, Any]:
    properties = {"RestApiId": "api1", "StageName": "prod", "DeploymentId": "d", **properties}
    return {"Resources": {"Prod": {"Type": "AWS::ApiGateway::Stage", "Properties": properties}}}


def test_a_stage_is_tagged(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(stage(Tags=[{"Key": "a", "Value": "1"}]))
        assert aws.last("CreateStage")["tags"] == {"a": "1"}
        await console.update(stage(Tags=[{"Key": "b", "Value": "2"}]))
        arn = "arn:aws:apigateway:eu-west-1::/restapis/api1/stages/prod"
        assert aws.last("TagResource") == {"resourceArn": arn, "tags": {"b": "2"}}
        assert aws.last("UntagResource") == {"resourceArn": arn, "tagKeys": ["a"]}

    drive(story)


def test_a_stage_that_was_left_half_updated_is_brought_to_what_is_wanted_from_either_state(
    drive: Any, aws: Any
) -> None:
    async def story(console: Any) -> None:
        await console.create(stage(Variables={"a": "1", "b": "1"}))
        aws.refuse("TagResource", ServiceError("TooManyRequestsException", "slow down", 429))
        failing = stage(Variables={"a": "2", "c": "1"}, Tags=[{"Key": "k", "Value": "v"}])
        stack = await console.update(failing, DisableRollback=True)
        assert stack["StackStatus"] == "UPDATE_FAILED"
        stack = await console.update(stage(Variables={"a": "3"}))
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        there = aws.of("stage")["api1/prod"]
        assert {key: value for key, value in there.items() if key.startswith("/variables/")} == {"/variables/a": "3"}

    drive(story)


@pytest.mark.parametrize(
    ("before", "after", "patches"),
    [
        ({}, {}, []),
        ({"Description": "a"}, {"Description": "b"}, [("replace", "/description", "b")]),
        ({"TracingEnabled": True}, {}, [("replace", "/tracingEnabled", None)]),
        (
            {"Variables": {"a": "1", "b": "2", "c": "3"}},
            {"Variables": {"a": "1", "b": "9"}},
            [("replace", "/variables/b", "9"), ("remove", "/variables/c", None)],
        ),
        (
            {},
            {"AccessLogSetting": {"DestinationArn": "arn", "Format": "f"}},
            [
                ("replace", "/accessLogSettings/destinationArn", "arn"),
                ("replace", "/accessLogSettings/format", "f"),
            ],
        ),
        (
            {"AccessLogSetting": {"DestinationArn": "arn", "Format": "f"}},
            {},
            [("remove", "/accessLogSettings", None)],
        ),
        (
            {"AccessLogSetting": {"DestinationArn": "arn", "Format": "f"}},
            {"AccessLogSetting": {"DestinationArn": "arn", "Format": "g"}},
            [("replace", "/accessLogSettings/format", "g")],
        ),
        (
            {"CanarySetting": {"PercentTraffic": 10, "StageVariableOverrides": {"v": "1"}}},
            {"CanarySetting": {"PercentTraffic": 50, "StageVariableOverrides": {"v": "2"}}},
            [
                ("replace", "/canarySettings/percentTraffic", "50"),
                ("replace", "/canarySettings/stageVariableOverrides/v", "2"),
            ],
        ),
        (
            {
                "MethodSettings": [
                    {"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO", "CachingEnabled": True}
                ]
            },
            {"MethodSettings": [{"ResourcePath": "/notes/{id}", "HttpMethod": "GET", "ThrottlingRateLimit": 0.5}]},
            [("remove", "/*/*", None), ("replace", "/~1notes~1{id}/GET/throttling/rateLimit", "0.5")],
        ),
        (
            {
                "MethodSettings": [
                    {"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO", "CachingEnabled": True}
                ]
            },
            {"MethodSettings": [{"ResourcePath": "/*", "HttpMethod": "*", "LoggingLevel": "INFO"}]},
            [("remove", "/*/*", None), ("replace", "/*/*/logging/loglevel", "INFO")],
        ),
    ],
)
def test_a_stage_is_patched_where_the_template_changed_and_nowhere_else(
    before: dict[str, Any], after: dict[str, Any], patches: list[tuple[str, str, str | None]]
) -> None:
    made = [(patch["op"], patch["path"], patch.get("value")) for patch in stage_patches(before, after)]
    assert made == patches
