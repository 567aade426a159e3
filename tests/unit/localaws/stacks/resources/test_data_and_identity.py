"""DynamoDB, S3, Cognito, IAM, Logs, CloudWatch: their types over their APIs."""

from __future__ import annotations

import json
from typing import Any

from pytest_rollbacklab.localaws.api import ServiceError

KEYS = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
}
POLICY = {"Version": "2012-10-17", "Statement": []}


def one(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Resources": {"It": {"Type": kind, "Properties": properties}}}


def index(name: str, key: str, **rest: Any) -> dict[str, Any]:
    keys = [{"AttributeName": key, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": keys, "Projection": {"ProjectionType": "ALL"}, **rest}


def test_a_table_is_made_as_the_api_spells_it(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(
            one(
                "AWS::DynamoDB::Table",
                **KEYS,
                TableName="t",
                BillingMode="PAY_PER_REQUEST",
                StreamSpecification={"StreamViewType": "KEYS_ONLY"},
                SSESpecification={"SSEEnabled": True, "SSEType": "KMS"},
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
                ResourcePolicy={"PolicyDocument": POLICY},
            )
        )
        made = aws.last("CreateTable")
        assert made["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        assert made["SSESpecification"] == {"Enabled": True, "SSEType": "KMS"}
        assert json.loads(made["ResourcePolicy"]) == POLICY
        assert aws.last("UpdateContinuousBackups")["PointInTimeRecoverySpecification"] == {
            "PointInTimeRecoveryEnabled": True
        }

    drive(story)


def test_a_table_is_updated_one_kind_of_thing_at_a_time(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        kept = index("kept", "id")
        await console.create(
            one(
                "AWS::DynamoDB::Table",
                **KEYS,
                TableName="t",
                StreamSpecification={"StreamViewType": "KEYS_ONLY"},
                GlobalSecondaryIndexes=[kept, index("gone", "id"), index("remade", "id")],
                TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True},
                ResourcePolicy={"PolicyDocument": POLICY},
            )
        )
        aws.calls.clear()
        await console.update(
            one(
                "AWS::DynamoDB::Table",
                **KEYS,
                TableName="t",
                TableClass="STANDARD_INFREQUENT_ACCESS",
                GlobalSecondaryIndexes=[kept, index("remade", "other"), index("new", "id")],
            )
        )
        updates = [
            {name: value for name, value in params.items() if name not in {"TableName", "AttributeDefinitions"}}
            for operation, params in aws.calls
            if operation == "UpdateTable"
        ]
        assert updates == [
            {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
            {"StreamSpecification": {"StreamEnabled": False}},
            {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "gone"}}]},
            {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "remade"}}]},
            {"GlobalSecondaryIndexUpdates": [{"Create": index("remade", "other")}]},
            {"GlobalSecondaryIndexUpdates": [{"Create": index("new", "id")}]},
        ]
        assert aws.last("UpdateTimeToLive")["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": False}
        assert aws.names()[-2:] == ["DeleteResourcePolicy", "DescribeTable"]

    drive(story)


def test_a_stream_is_switched_off_before_its_view_changes(drive: Any, aws: Any) -> None:
    def table(view: str) -> dict[str, Any]:
        return one("AWS::DynamoDB::Table", **KEYS, TableName="t", StreamSpecification={"StreamViewType": view})

    async def story(console: Any) -> None:
        await console.create(table("KEYS_ONLY"))
        aws.calls.clear()
        await console.update(table("NEW_IMAGE"))
        assert [params["StreamSpecification"] for name, params in aws.calls if name == "UpdateTable"] == [
            {"StreamEnabled": False},
            {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        ]

    drive(story)


def test_the_parts_of_a_bucket_are_put_and_taken_away(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        await console.create(
            one(
                "AWS::S3::Bucket",
                BucketName="b",
                VersioningConfiguration={"Status": "Enabled"},
                PublicAccessBlockConfiguration={"BlockPublicAcls": "true"},
                BucketEncryption={
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}
                    ]
                },
                CorsConfiguration={
                    "CorsRules": [
                        {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposedHeaders": ["X"], "MaxAge": 5}
                    ]
                },
                Tags=[{"Key": "k", "Value": "v"}],
            )
        )
        assert aws.last("CreateBucket")["CreateBucketConfiguration"] == {"LocationConstraint": "eu-west-1"}
        assert aws.last("PutPublicAccessBlock")["PublicAccessBlockConfiguration"] == {"BlockPublicAcls": True}
        assert aws.last("PutBucketEncryption")["ServerSideEncryptionConfiguration"] == {
            "Rules": [{"BucketKeyEnabled": True, "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        }
        assert aws.last("PutBucketCors")["CORSConfiguration"] == {
            "CORSRules": [
                {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["X"], "MaxAgeSeconds": 5}
            ]
        }
        assert aws.last("PutBucketTagging")["Tagging"] == {"TagSet": [{"Key": "k", "Value": "v"}]}
        aws.calls.clear()
        await console.update(one("AWS::S3::Bucket", BucketName="b"))
        assert aws.names() == [
            "DeleteBucketEncryption",
            "DeleteBucketCors",
            "DeletePublicAccessBlock",
            "DeleteBucketTagging",
            "PutBucketVersioning",
        ]
        assert aws.last("PutBucketVersioning")["VersioningConfiguration"] == {"Status": "Suspended"}

    drive(story)


def test_an_identity_pool_has_its_providers_and_roles(drive: Any, aws: Any) -> None:
    template = {
        "Resources": {
            "Users": {
                "Type": "AWS::Cognito::UserPool",
                "Properties": {"Schema": [{"Name": "email", "AttributeDataType": "String"}]},
            },
            "Client": {"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": {"Ref": "Users"}}},
            "Pool": {
                "Type": "AWS::Cognito::IdentityPool",
                "Properties": {
                    "AllowUnauthenticatedIdentities": "false",
                    "CognitoIdentityProviders": [
                        {"ClientId": {"Ref": "Client"}, "ProviderName": {"Fn::GetAtt": ["Users", "ProviderName"]}}
                    ],
                },
            },
            "Roles": {
                "Type": "AWS::Cognito::IdentityPoolRoleAttachment",
                "Properties": {
                    "IdentityPoolId": {"Ref": "Pool"},
                    "Roles": {"authenticated": "arn:aws:iam::1:role/a"},
                    "RoleMappings": {
                        "any": {
                            "IdentityProvider": "cognito-idp.x/y:z",
                            "Type": "Token",
                            "AmbiguousRoleResolution": "Deny",
                        }
                    },
                },
            },
        }
    }

    async def story(console: Any) -> None:
        await console.create(template)
        made = aws.last("CreateIdentityPool")
        assert made["AllowUnauthenticatedIdentities"] is False
        assert made["IdentityPoolName"].startswith("notes_Pool_")
        assert made["CognitoIdentityProviders"][0] == {
            "ClientId": "client2",
            "ProviderName": "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_pool1",
        }
        roles = aws.last("SetIdentityPoolRoles")
        assert roles["RoleMappings"] == {
            "cognito-idp.x/y:z": {"Type": "Token", "AmbiguousRoleResolution": "Deny"},
        }
        template["Resources"]["Users"]["Properties"]["Schema"].append({"Name": "team", "AttributeDataType": "String"})
        await console.update(template)
        assert aws.last("AddCustomAttributes")["CustomAttributes"] == [{"Name": "team", "AttributeDataType": "String"}]

    drive(story)


def test_an_inline_policy_is_put_to_and_taken_from_its_holders(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        for role in ("a", "b"):
            aws.of("role")[role] = {"inline": {}, "attached": []}
        policy = one("AWS::IAM::Policy", PolicyName="p", PolicyDocument=POLICY, Roles=["a"])
        await console.create(policy, Capabilities=["CAPABILITY_IAM"])
        assert aws.of("role")["a"]["inline"] == {"p": json.dumps(POLICY)}
        policy = one("AWS::IAM::Policy", PolicyName="q", PolicyDocument=POLICY, Roles=["b"])
        await console.update(policy, Capabilities=["CAPABILITY_IAM"])
        assert aws.of("role")["a"]["inline"] == {}
        assert aws.of("role")["b"]["inline"] == {"q": json.dumps(POLICY)}
        await console.do("DeleteStack", StackName="notes")
        assert aws.of("role")["b"]["inline"] == {}

    drive(story)


def test_a_managed_policy_keeps_no_more_versions_than_it_may(drive: Any, aws: Any) -> None:
    async def story(console: Any) -> None:
        aws.of("role")["a"] = {"inline": {}, "attached": []}
        for number in range(7):
            document = {"Version": "2012-10-17", "Statement": [{"Sid": str(number)}]}
            policy = one("AWS::IAM::ManagedPolicy", PolicyDocument=document, Roles=["a"])
            make = console.update if number else console.create
            stack = await make(policy, Capabilities=["CAPABILITY_IAM"])
            assert stack["StackStatus"].endswith("_COMPLETE")
        ((arn, versions),) = aws.of("policy").items()
        assert len(versions) == 5
        assert aws.of("role")["a"]["attached"] == [arn]
        await console.do("DeleteStack", StackName="notes")
        assert len(versions) == 1
        assert aws.names()[-1] == "DeletePolicy"

    drive(story)


def test_the_rest_of_a_role_is_updated_in_place(drive: Any, aws: Any) -> None:
    def role(**properties: Any) -> dict[str, Any]:
        return one("AWS::IAM::Role", AssumeRolePolicyDocument=POLICY, **properties)

    async def story(console: Any) -> None:
        capabilities = ["CAPABILITY_IAM"]
        tags = [{"Key": "k", "Value": "v"}]
        await console.create(
            role(Description="d", PermissionsBoundary="arn:aws:iam::1:policy/boundary", Tags=tags),
            Capabilities=capabilities,
        )
        aws.calls.clear()
        await console.update(role(MaxSessionDuration=7200), Capabilities=capabilities)
        assert aws.names() == ["UpdateRole", "DeleteRolePermissionsBoundary", "UntagRole"]
        assert aws.last("UpdateRole")["Description"] == ""
        assert aws.last("UpdateRole")["MaxSessionDuration"] == 7200
        await console.update(
            role(PermissionsBoundary="arn:aws:iam::1:policy/boundary", Tags=tags), Capabilities=capabilities
        )
        assert aws.names()[3:] == ["UpdateRole", "PutRolePermissionsBoundary", "TagRole"]

    drive(story)


def test_a_role_that_was_left_half_updated_is_brought_to_what_is_wanted_from_either_state(drive: Any, aws: Any) -> None:
    def role(*managed: str, **inline: Any) -> dict[str, Any]:
        return one(
            "AWS::IAM::Role",
            AssumeRolePolicyDocument=POLICY,
            ManagedPolicyArns=[f"arn:aws:iam::aws:policy/{name}-policy-of-aws" for name in managed],
            Policies=[
                {"PolicyName": name, "PolicyDocument": {**POLICY, "Id": value}} for name, value in inline.items()
            ],
        )

    async def story(console: Any) -> None:
        capabilities = ["CAPABILITY_IAM"]
        await console.create(role("One", p="1", q="1"), Capabilities=capabilities)
        refusal = ServiceError("LimitExceeded", "no more", 409)
        aws.refuse("PutRolePolicy", refusal, lambda params: params["PolicyName"] == "r")
        failing = role("Two", p="2", r="1")
        stack = await console.update(failing, Capabilities=capabilities, DisableRollback=True)
        assert stack["StackStatus"] == "UPDATE_FAILED"
        stack = await console.update(role("One", p="1"), Capabilities=capabilities)
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
        (there,) = aws.of("role").values()
        assert set(there["attached"]) == {"arn:aws:iam::aws:policy/One-policy-of-aws"}
        assert there["inline"] == {"p": json.dumps({**POLICY, "Id": "1"})}

    drive(story)


def test_an_alarm_is_put_whole(drive: Any, aws: Any) -> None:
    def alarm(threshold: Any, **rest: Any) -> dict[str, Any]:
        return one(
            "AWS::CloudWatch::Alarm",
            ComparisonOperator="GreaterThanThreshold",
            EvaluationPeriods="1",
            MetricName="5XXError",
            Namespace="AWS/ApiGateway",
            Threshold=threshold,
            **rest,
        )

    async def story(console: Any) -> None:
        await console.create(alarm("1", Tags=[{"Key": "k", "Value": "v"}]))
        ((name, made),) = aws.of("alarm").items()
        assert name.startswith("notes-It-")
        assert (made["Threshold"], made["EvaluationPeriods"]) == (1, 1)
        await console.update(alarm("2", Tags=[{"Key": "k", "Value": "w"}]))
        assert aws.of("alarm")[name]["Threshold"] == 2
        assert aws.last("TagResource")["ResourceARN"] == f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}"
        await console.do("DeleteStack", StackName="notes")
        assert aws.last("DeleteAlarms") == {"AlarmNames": [name]}

    drive(story)


def test_types_that_only_have_to_be_there_need_no_call(drive: Any, aws: Any) -> None:
    template = {
        "Resources": {
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Metadata": {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:x"}},
        },
        "Outputs": {"Handle": {"Value": {"Ref": "Handle"}}},
    }

    async def story(console: Any) -> None:
        stack = await console.create(template)
        assert stack["Outputs"][0]["OutputValue"].startswith(
            "https://cloudformation-waitcondition-eu-west-1.s3.amazonaws.com/notes-Handle-"
        )
        await console.do("DeleteStack", StackName="notes")
        assert aws.calls == []

    drive(story)
