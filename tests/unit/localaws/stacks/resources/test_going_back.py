"""Every type that can be updated: an update changes what it should, and a failed one leaves everything as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

TRUST = {"Version": "2012-10-17", "Statement": []}
KEYS = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
CODE = {"S3Bucket": "shelf", "S3Key": "one.zip"}
ALARM = {"ComparisonOperator": "GreaterThanThreshold", "EvaluationPeriods": 1, "MetricName": "5XXError", "Threshold": 1}


def policy(*actions: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


# Type, properties before, properties after.
PAIRS = [
    (
        "AWS::Lambda::Function",
        {"Role": "r1", "Code": CODE, "Handler": "a.b", "Timeout": 3, "Environment": {"Variables": {"A": "1"}}},
        {
            "Role": "r2",
            "Code": {**CODE, "S3Key": "two.zip"},
            "Handler": "c.d",
            "Timeout": 9,
            "Environment": {"Variables": {"A": "2"}},
        },
    ),
    (
        "AWS::Lambda::Function",
        {"Role": "r", "Code": CODE, "FunctionName": "named-one"},
        {"Role": "r", "Code": CODE, "FunctionName": "named-two"},
    ),
    (
        "AWS::ApiGateway::RestApi",
        {"Body": {"info": {"title": "one"}, "paths": {"/a": {}}}},
        {"Body": {"info": {"title": "one"}, "paths": {"/b": {}}}},
    ),
    (
        "AWS::DynamoDB::Table",
        {**KEYS, "BillingMode": "PAY_PER_REQUEST", "TimeToLiveSpecification": {"AttributeName": "a", "Enabled": True}},
        {
            **KEYS,
            "BillingMode": "PROVISIONED",
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
            "TimeToLiveSpecification": {"AttributeName": "b", "Enabled": True},
        },
    ),
    (
        "AWS::DynamoDB::Table",
        {**KEYS, "TableName": "one"},
        {**KEYS, "TableName": "two"},
    ),
    (
        "AWS::Cognito::UserPool",
        {"UserPoolName": "one", "MfaConfiguration": "OFF"},
        {"UserPoolName": "two", "MfaConfiguration": "OPTIONAL"},
    ),
    (
        "AWS::Cognito::UserPoolClient",
        {"UserPoolId": "eu-west-1_p", "ClientName": "one", "RefreshTokenValidity": 1},
        {"UserPoolId": "eu-west-1_p", "ClientName": "two", "RefreshTokenValidity": 2},
    ),
    (
        "AWS::Cognito::IdentityPool",
        {"IdentityPoolName": "one", "AllowUnauthenticatedIdentities": True},
        {"IdentityPoolName": "two", "AllowUnauthenticatedIdentities": False},
    ),
    (
        "AWS::IAM::Role",
        {
            "AssumeRolePolicyDocument": TRUST,
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/One-Permission"],
            "Policies": [{"PolicyName": "p", "PolicyDocument": policy("s3:GetObject")}],
        },
        {
            "AssumeRolePolicyDocument": TRUST,
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/Two-Permission"],
            "Policies": [
                {"PolicyName": "p", "PolicyDocument": policy("s3:PutObject")},
                {"PolicyName": "q", "PolicyDocument": policy("s3:ListBucket")},
            ],
        },
    ),
    ("AWS::Logs::LogGroup", {"RetentionInDays": 1}, {"RetentionInDays": 3}),
    ("AWS::CloudWatch::Alarm", {**ALARM, "Threshold": 1}, {**ALARM, "Threshold": 2}),
    ("AWS::S3::Bucket", {"BucketName": "bucket-one"}, {"BucketName": "bucket-two"}),
]


@pytest.fixture(autouse=True)
def packages(aws: Any) -> None:
    for key in ("one", "two"):
        aws.of("object")[f"shelf/{key}.zip"] = b""


def with_failure(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    bad = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "bad"}, "DependsOn": "It"}
    return {"Resources": {"It": {"Type": kind, "Properties": properties}, "Bad": bad}}


def alone(kind: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"Resources": {"It": {"Type": kind, "Properties": properties}}}


@pytest.mark.parametrize(("kind", "before", "after"), PAIRS)
def test_an_update_that_another_resource_fails_is_taken_back(
    drive: Any, aws: Any, kind: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    refusal = ServiceError("InvalidParameterException", "no", 400)
    aws.refuse("CreateLogGroup", refusal, lambda params: params["logGroupName"] == "bad")
    capabilities = ["CAPABILITY_NAMED_IAM"]

    async def story(console: Any) -> None:
        await console.create(alone(kind, before), Capabilities=capabilities)
        things = copy.deepcopy(aws.things)
        stack = await console.update(with_failure(kind, after), Capabilities=capabilities)
        assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
        # A call that changes one setting may leave its default where nothing was.
        left = {name: {**thing, "ProvisionedThroughput": None} for name, thing in aws.of("table").items()}
        was = {name: {**thing, "ProvisionedThroughput": None} for name, thing in things.get("table", {}).items()}
        assert left == was
        assert {**aws.things, "table": None} == {**things, "table": None}

    drive(story)


@pytest.mark.parametrize(("kind", "before", "after"), PAIRS)
def test_an_update_that_succeeds_shows(
    drive: Any, aws: Any, kind: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    async def story(console: Any) -> None:
        await console.create(alone(kind, before), Capabilities=["CAPABILITY_NAMED_IAM"])
        things = copy.deepcopy(aws.things)
        stack = await console.update(alone(kind, after), Capabilities=["CAPABILITY_NAMED_IAM"])
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        assert aws.things != things
        await console.do("DeleteStack", StackName="notes")
        assert {kind for kind, left in aws.things.items() if left} == {"object"}

    drive(story)
