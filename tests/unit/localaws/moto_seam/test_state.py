"""What moto holds is there again after a restart: each service that apps are made of, through its own API."""

from __future__ import annotations

import contextlib
import json
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
from moto.backends import get_backend

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.moto_seam import owners

ACCOUNT, OTHER = "600000000001", "600000000002"
HERE = Scope(account_id=ACCOUNT, region="eu-west-1")
THERE = Scope(account_id=OTHER, region="eu-west-1")
TRUST = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}
)
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})


@dataclass(frozen=True, kw_only=True)
class Case:
    """Calls that make something, and one that reads it; ``$name`` is what an earlier answer said."""

    service: str
    writes: tuple[tuple[str, dict[str, Any]], ...]
    read: tuple[str, dict[str, Any]]
    keep: dict[str, str] = field(default_factory=dict)
    """Names for later: where in the answers of the writes they are, as ``Queue.Arn``."""


HASH = {"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST"}
HASH["AttributeDefinitions"] = [{"AttributeName": "id", "AttributeType": "S"}]
CASES = (
    Case(
        service="dynamodb",
        writes=(
            ("CreateTable", {"TableName": "notes", **HASH}),
            (
                "UpdateTimeToLive",
                {"TableName": "notes", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t"}},
            ),
        ),
        read=("DescribeTable", {"TableName": "notes"}),
    ),
    Case(
        service="s3",
        writes=(
            (
                "CreateBucket",
                {"Bucket": "kept-bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}},
            ),
            ("PutBucketTagging", {"Bucket": "kept-bucket", "Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}}),
        ),
        read=("GetBucketTagging", {"Bucket": "kept-bucket"}),
    ),
    Case(
        service="iam",
        writes=(
            ("CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}),
            ("PutRolePolicy", {"RoleName": "r", "PolicyName": "p", "PolicyDocument": ALLOW}),
            ("AttachRolePolicy", {"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ),
        read=("GetAccountAuthorizationDetails", {}),
    ),
    Case(
        service="cognito-idp",
        writes=(
            ("CreateUserPool", {"PoolName": "users"}),
            ("CreateUserPoolClient", {"UserPoolId": "$pool", "ClientName": "web"}),
            ("AdminCreateUser", {"UserPoolId": "$pool", "Username": "ann"}),
        ),
        read=("ListUsers", {"UserPoolId": "$pool"}),
        keep={"pool": "UserPool.Id"},
    ),
    Case(
        service="cognito-identity",
        writes=(("CreateIdentityPool", {"IdentityPoolName": "p", "AllowUnauthenticatedIdentities": True}),),
        read=("DescribeIdentityPool", {"IdentityPoolId": "$pool"}),
        keep={"pool": "IdentityPoolId"},
    ),
    Case(
        service="sqs",
        writes=(
            ("CreateQueue", {"QueueName": "q"}),
            ("SendMessage", {"QueueUrl": "$url", "MessageBody": "hello"}),
        ),
        read=("GetQueueAttributes", {"QueueUrl": "$url", "AttributeNames": ["All"]}),
        keep={"url": "QueueUrl"},
    ),
    Case(
        service="sns",
        writes=(
            ("CreateTopic", {"Name": "t"}),
            ("Subscribe", {"TopicArn": "$arn", "Protocol": "email", "Endpoint": "ann@example.com"}),
        ),
        read=("ListSubscriptionsByTopic", {"TopicArn": "$arn"}),
        keep={"arn": "TopicArn"},
    ),
    Case(
        service="ssm",
        writes=(
            ("PutParameter", {"Name": "/app/x", "Value": "1", "Type": "String"}),
            ("PutParameter", {"Name": "/app/x", "Value": "2", "Type": "String", "Overwrite": True}),
            (
                "AddTagsToResource",
                {"ResourceType": "Parameter", "ResourceId": "/app/x", "Tags": [{"Key": "a", "Value": "b"}]},
            ),
        ),
        read=("GetParameterHistory", {"Name": "/app/x"}),
    ),
    Case(
        service="events",
        writes=(
            ("PutRule", {"Name": "r", "ScheduleExpression": "rate(1 hour)"}),
            ("PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:sqs:eu-west-1:600000000001:q"}]}),
        ),
        read=("ListTargetsByRule", {"Rule": "r"}),
    ),
    Case(
        service="kms",
        writes=(("CreateKey", {}), ("CreateAlias", {"AliasName": "alias/a", "TargetKeyId": "$key"})),
        read=("DescribeKey", {"KeyId": "alias/a"}),
        keep={"key": "KeyMetadata.KeyId"},
    ),
    Case(
        service="secretsmanager",
        writes=(("CreateSecret", {"Name": "s", "SecretString": "shh"}),),
        read=("GetSecretValue", {"SecretId": "s"}),
    ),
    Case(
        service="kinesis",
        writes=(("CreateStream", {"StreamName": "s", "ShardCount": 1}),),
        read=("DescribeStream", {"StreamName": "s"}),
    ),
    Case(
        service="stepfunctions",
        writes=(
            (
                "CreateStateMachine",
                {
                    "name": "m",
                    "roleArn": "arn:aws:iam::600000000001:role/r",
                    "definition": '{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}',
                },
            ),
        ),
        read=("ListStateMachines", {}),
    ),
    Case(
        service="route53",
        writes=(("CreateHostedZone", {"Name": "example.com", "CallerReference": "1"}),),
        read=("ListHostedZones", {}),
    ),
    Case(
        service="ecr",
        writes=(("CreateRepository", {"repositoryName": "r"}),),
        read=("DescribeRepositories", {}),
    ),
    Case(
        service="scheduler",
        writes=(
            (
                "CreateSchedule",
                {
                    "Name": "s",
                    "ScheduleExpression": "rate(1 hour)",
                    "FlexibleTimeWindow": {"Mode": "OFF"},
                    "Target": {
                        "Arn": "arn:aws:sqs:eu-west-1:600000000001:q",
                        "RoleArn": "arn:aws:iam::600000000001:role/r",
                    },
                },
            ),
        ),
        read=("GetSchedule", {"Name": "s"}),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.service)
def test_a_service_is_what_it_was(world: Any, case: Case, caplog: pytest.LogCaptureFixture) -> None:
    names: dict[str, str] = {}
    for operation, params in case.writes:
        answer: Any = world.call(case.service, operation, **_filled(params, names))
        for name, path in case.keep.items():
            with contextlib.suppress(KeyError):
                found = answer
                for step in path.split("."):
                    found = found[step]
                names[name] = found
    operation, params = case.read
    before = world.call(case.service, operation, **_filled(params, names))
    world.restart()
    assert world.call(case.service, operation, **_filled(params, names)) == before
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def _filled(params: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {name: names[value[1:]] if str(value).startswith("$") else value for name, value in params.items()}


def test_each_write_is_kept_without_a_further_one(world: Any) -> None:
    """Nothing is taken for a read that writes: what was answered last is there."""
    url = world.call("sqs", "CreateQueue", QueueName="q")["QueueUrl"]
    world.restart()
    world.call("sqs", "SendMessage", QueueUrl=url, MessageBody="hello")
    world.restart()
    received = world.call("sqs", "ReceiveMessage", QueueUrl=url)["Messages"]
    assert [message["Body"] for message in received] == ["hello"]
    world.restart()
    world.call("sqs", "DeleteMessage", QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
    world.restart()
    counts = world.call("sqs", "GetQueueAttributes", QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessages"] == "0"
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "0"


def test_what_one_service_hands_on_to_another_is_kept(world: Any) -> None:
    url = world.call("sqs", "CreateQueue", QueueName="q")["QueueUrl"]
    topic = world.call("sns", "CreateTopic", Name="t")["TopicArn"]
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
    world.call("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue)
    world.call("sns", "Publish", TopicArn=topic, Message="hello")
    world.restart()
    (message,) = world.call("sqs", "ReceiveMessage", QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == "hello"


def test_credentials_of_moto_still_work(world: Any) -> None:
    role = world.call("iam", "CreateRole", THERE, RoleName="r", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    world.call("iam", "CreateUser", UserName="ann")
    of_user = world.call("iam", "CreateAccessKey", UserName="ann")["AccessKey"]["AccessKeyId"]
    # the role is in another account than the caller
    assumed = world.call("sts", "AssumeRole", RoleArn=role, RoleSessionName="s")["Credentials"]["AccessKeyId"]
    before = (owners.find_access_key(of_user), owners.find_access_key(assumed))
    assert None not in before
    world.restart()
    assert (owners.find_access_key(of_user), owners.find_access_key(assumed)) == before


def test_what_kms_has_encrypted_can_be_decrypted(world: Any) -> None:
    key = world.call("kms", "CreateKey")["KeyMetadata"]["KeyId"]
    blob = world.call("kms", "Encrypt", KeyId=key, Plaintext=b"shh")["CiphertextBlob"]
    world.restart()
    assert world.call("kms", "Decrypt", CiphertextBlob=blob)["Plaintext"] == b"shh"


def test_a_refused_call_keeps_nothing(world: Any) -> None:
    world.call("sqs", "CreateQueue", QueueName="q")
    size = (world.path / "journal").stat().st_size
    with pytest.raises(Exception, match="NonExistentQueue"):
        world.call("sqs", "SendMessage", QueueUrl="http://localhost/600000000001/none", MessageBody="x")
    assert (world.path / "journal").stat().st_size == size


def test_reading_writes_nothing(world: Any) -> None:
    world.call("iam", "CreateUser", UserName="ann")
    size = (world.path / "journal").stat().st_size
    world.call("iam", "GetUser", UserName="ann")
    world.call("iam", "ListUsers")
    assert (world.path / "journal").stat().st_size == size


def test_what_cannot_be_kept_is_named_once_and_starts_empty(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    world.call("ssm", "PutParameter", Name="/x", Value="1", Type="String")
    get_backend("ssm")[ACCOUNT]["eu-west-1"].strange = (piece for piece in ())
    world.call("ssm", "PutParameter", Name="/y", Value="1", Type="String")
    world.call("ssm", "PutParameter", Name="/z", Value="1", Type="String")
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said == "ssm is not kept, and will be empty after a restart: cannot pickle 'generator' object"
    world.restart()
    assert world.call("ssm", "DescribeParameters")["Parameters"] == []


def test_what_moto_does_not_serve_is_refused_as_without_keeping(world: Any) -> None:
    request = HttpRequest(method="POST", target="/", headers=(), body=b"", source_ip="127.0.0.1")
    with pytest.raises(Exception, match="does not emulate the service 'teleport'"):
        world.client.dispatch(request, signing_name="teleport", scope=HERE)
