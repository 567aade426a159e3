"""A thing and its physical id come about in one step of the event loop: what recovery from a kill leans on.

No call of a service within the local AWS may wait for anything, or a kill could come between what it made and the
record of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.cloud import Cloud
from pytest_rollbacklab.localaws.stacks.resources import TYPES
from pytest_rollbacklab.localaws.stacks.resources.resource_type import Request

SCOPE = Scope(account_id="500000000001", region="eu-west-1")
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
TABLE = {
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": True},
}
MOCK = {"Type": "MOCK", "RequestTemplates": {"application/json": '{"statusCode": 200}'}}
ALARM = {"Namespace": "N", "MetricName": "M", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, "Statistic": "Sum"}
# Each with what it is made from; the names of those before it stand for their physical ids and attributes.
MADE: Mapping[str, Any] = {
    "AWS::Logs::LogGroup": {"RetentionInDays": 1},
    "AWS::S3::Bucket": {"VersioningConfiguration": {"Status": "Enabled"}},
    "AWS::DynamoDB::Table": TABLE,
    "AWS::IAM::Role": {
        "AssumeRolePolicyDocument": TRUST,
        "Policies": [{"PolicyName": "p", "PolicyDocument": ALLOW}],
    },
    "AWS::IAM::ManagedPolicy": {"PolicyDocument": ALLOW},
    "AWS::CloudWatch::Alarm": {**ALARM, "ComparisonOperator": "GreaterThanThreshold"},
    "AWS::Cognito::UserPool": {},
    "AWS::Cognito::UserPoolClient": {"UserPoolId": "AWS::Cognito::UserPool"},
    "AWS::Cognito::IdentityPool": {"AllowUnauthenticatedIdentities": True},
    "AWS::Lambda::Function": {
        "Role": "AWS::IAM::Role.Arn",
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Code": {"ZipFile": "x = 1"},
        "ReservedConcurrentExecutions": 1,
    },
    "AWS::Lambda::Version": {"FunctionName": "AWS::Lambda::Function"},
    "AWS::Lambda::Alias": {"FunctionName": "AWS::Lambda::Function", "Name": "live", "FunctionVersion": "1"},
    "AWS::Lambda::Permission": {
        "FunctionName": "AWS::Lambda::Function",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
    },
    "AWS::ApiGateway::RestApi": {"Name": "api"},
    "AWS::ApiGateway::Resource": {
        "RestApiId": "AWS::ApiGateway::RestApi",
        "ParentId": "AWS::ApiGateway::RestApi.RootResourceId",
        "PathPart": "notes",
    },
    "AWS::ApiGateway::Method": {
        "RestApiId": "AWS::ApiGateway::RestApi",
        "ResourceId": "AWS::ApiGateway::Resource",
        "HttpMethod": "GET",
        "Integration": MOCK,
    },
    "AWS::ApiGateway::Deployment": {"RestApiId": "AWS::ApiGateway::RestApi", "StageName": "dev"},
    "AWS::ApiGateway::Stage": {
        "RestApiId": "AWS::ApiGateway::RestApi",
        "DeploymentId": "AWS::ApiGateway::Deployment",
        "StageName": "prod",
    },
}


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    cloud = Cloud(endpoint="http://127.0.0.1:4566")
    yield cloud
    asyncio.run(cloud.close())


def at_once(work: Any) -> Any:
    """Run work that waits for nothing; if it waited, there would be something to be continued."""
    with pytest.raises(StopIteration) as ended:
        work.send(None)
    return ended.value.value


def test_no_resource_type_waits_while_it_makes_changes_or_deletes(cloud: Cloud) -> None:
    known: dict[str, Any] = {}
    requests: list[tuple[str, Request]] = []
    for type_name, properties in MADE.items():
        made: list[str] = []
        request = Request(
            aws=cloud,
            scope=SCOPE,
            stack_name="notes",
            logical_id="Thing",
            properties={
                key: known.get(value, value) if isinstance(value, str) else value for key, value in properties.items()
            },
            made=made.append,
        )
        attributes = at_once(TYPES[type_name].create(request))
        known[type_name] = made[-1]
        known |= {f"{type_name}.{name}": value for name, value in attributes.items()}
        request.physical_id, request.attributes = made[-1], attributes
        requests.append((type_name, request))
    for type_name, request in reversed(requests):
        request.before = (request.properties,)
        at_once(TYPES[type_name].update(request))
        at_once(TYPES[type_name].delete(request))
