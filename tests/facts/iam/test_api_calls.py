"""What roles and users may do through AWS's own APIs, asked of a running local AWS through boto3.

Sentences: "Troubleshoot access denied error messages" of the IAM user guide.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from pytest_rollbacklab.target import EmbeddedCloud, embedded_cloud

ACCOUNT = "123456789012"
ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/app"
SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/app/drill"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/notes"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
ITEM = {"id": {"S": "1"}}


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    with embedded_cloud() as cloud:
        yield cloud


def client(cloud: EmbeddedCloud, service: str, key: str = ACCOUNT, secret: str = "x", token: str | None = None) -> Any:
    return boto3.client(
        service,
        endpoint_url=cloud.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(proxies={}, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


class Role:
    """The role ``app``, and sessions of it."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self._cloud = cloud
        self._iam = client(cloud, "iam")
        self._iam.create_role(RoleName="app", AssumeRolePolicyDocument=json.dumps(TRUST))

    def may(self, *actions: str, resource: Any = "*", effect: str = "Allow", name: str = "own", **more: Any) -> None:
        statement = {"Effect": effect, "Action": list(actions), "Resource": resource, **more}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._iam.put_role_policy(RoleName="app", PolicyName=name, PolicyDocument=document)

    def limit(self, *actions: str) -> None:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn = self._iam.create_policy(PolicyName="limit", PolicyDocument=document)["Policy"]["Arn"]
        self._iam.put_role_permissions_boundary(RoleName="app", PermissionsBoundary=arn)

    def session(self, **options: Any) -> Callable[[str], Any]:
        answer = client(self._cloud, "sts").assume_role(RoleArn=ROLE_ARN, RoleSessionName="drill", **options)
        keys = answer["Credentials"]
        return lambda service: client(
            self._cloud, service, keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]
        )

    def gone(self) -> None:
        for name in self._iam.list_role_policies(RoleName="app")["PolicyNames"]:
            self._iam.delete_role_policy(RoleName="app", PolicyName=name)
        boundary = self._iam.get_role(RoleName="app")["Role"].get("PermissionsBoundary")
        self._iam.delete_role(RoleName="app")
        if boundary:
            self._iam.delete_policy(PolicyArn=boundary["PermissionsBoundaryArn"])


@pytest.fixture
def role(cloud: EmbeddedCloud) -> Iterator[Role]:
    role = Role(cloud)
    yield role
    role.gone()


@pytest.fixture(scope="module", autouse=True)
def table(cloud: EmbeddedCloud) -> Any:
    dynamodb = client(cloud, "dynamodb")
    dynamodb.create_table(
        TableName="notes",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return dynamodb


def refusal(call: Callable[..., Any], **params: Any) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as raised:
        call(**params)
    told = raised.value.response
    return told["Error"]["Code"], told["Error"]["Message"], told["ResponseMetadata"]["HTTPStatusCode"]


def denied(action: str, resource: str, because: str = "") -> str:
    because = because or f"because no identity-based policy allows the {action} action"
    return f"User: {SESSION_ARN} is not authorized to perform: {action} on resource: {resource} {because}"


def test_a_role_may_what_its_policies_allow_from_the_very_next_call(role: Role, table: Any) -> None:
    dynamodb = role.session()("dynamodb")
    told = ("AccessDeniedException", denied("dynamodb:PutItem", TABLE_ARN), 400)
    assert refusal(dynamodb.put_item, TableName="notes", Item=ITEM) == told
    assert "Item" not in table.get_item(TableName="notes", Key=ITEM)
    role.may("dynamodb:PutItem", resource=TABLE_ARN)
    dynamodb.put_item(TableName="notes", Item=ITEM)
    role.may("dynamodb:GetItem", resource=TABLE_ARN)
    assert refusal(dynamodb.put_item, TableName="notes", Item=ITEM) == told


def test_the_administrators_own_calls_are_free(cloud: EmbeddedCloud, table: Any) -> None:
    assert table.describe_table(TableName="notes")["Table"]["TableStatus"] == "ACTIVE"
    assert client(cloud, "dynamodb", key="AKIDWHOEVER").list_tables()["TableNames"] == ["notes"]


def test_an_explicit_deny_wins(role: Role) -> None:
    role.may("dynamodb:*")
    role.may("dynamodb:DeleteItem", effect="Deny", name="no")
    dynamodb = role.session()("dynamodb")
    dynamodb.put_item(TableName="notes", Item=ITEM)
    because = "with an explicit deny in an identity-based policy"
    told = ("AccessDeniedException", denied("dynamodb:DeleteItem", TABLE_ARN, because), 400)
    assert refusal(dynamodb.delete_item, TableName="notes", Key=ITEM) == told


def test_a_boundary_and_a_sessions_policy_limit_what_is_allowed(role: Role) -> None:
    role.may("dynamodb:*", "sqs:*")
    role.limit("dynamodb:GetItem", "dynamodb:PutItem", "sts:*")
    only_reads = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "dynamodb:Get*", "Resource": "*"}],
    }
    dynamodb = role.session(Policy=json.dumps(only_reads))("dynamodb")
    dynamodb.get_item(TableName="notes", Key=ITEM)
    told = denied("dynamodb:PutItem", TABLE_ARN, "because no session policy allows the dynamodb:PutItem action")
    assert refusal(dynamodb.put_item, TableName="notes", Item=ITEM)[1] == told
    because = "because no permissions boundary allows the dynamodb:Scan action"
    assert refusal(dynamodb.scan, TableName="notes")[1] == denied("dynamodb:Scan", TABLE_ARN, because)


def test_each_table_of_a_transaction_is_asked_for(role: Role) -> None:
    role.may("dynamodb:PutItem", resource=TABLE_ARN)
    dynamodb = role.session()("dynamodb")
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": "notes", "Item": ITEM}}])
    items = [{"Put": {"TableName": "notes", "Item": ITEM}}, {"Delete": {"TableName": "others", "Key": ITEM}}]
    told = denied("dynamodb:DeleteItem", TABLE_ARN.replace("notes", "others"))
    assert refusal(dynamodb.transact_write_items, TransactItems=items)[1] == told


def test_a_policy_may_keep_a_caller_to_keys_of_its_own(role: Role) -> None:
    condition = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["mine"]}}
    role.may("dynamodb:PutItem", "dynamodb:Query", resource=TABLE_ARN, Condition=condition)
    dynamodb = role.session()("dynamodb")
    dynamodb.put_item(TableName="notes", Item={"id": {"S": "mine"}})
    query = {"TableName": "notes", "KeyConditionExpression": "#i = :i", "ExpressionAttributeNames": {"#i": "id"}}
    assert dynamodb.query(**query, ExpressionAttributeValues={":i": {"S": "mine"}})["Count"] == 1
    assert refusal(dynamodb.put_item, TableName="notes", Item={"id": {"S": "yours"}})[0] == "AccessDeniedException"
    assert (
        refusal(dynamodb.query, **query, ExpressionAttributeValues={":i": {"S": "yours"}})[0] == "AccessDeniedException"
    )


def test_s3_refuses_in_xml_and_takes_a_buckets_own_policy(cloud: EmbeddedCloud, role: Role) -> None:
    admin = client(cloud, "s3")
    admin.create_bucket(Bucket="pictures")
    admin.put_object(Bucket="pictures", Key="a", Body=b"1")
    s3 = role.session()("s3")
    told = (
        f'User: {SESSION_ARN} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::pictures/a" '
        "because no identity-based policy allows the s3:GetObject action"
    )
    assert refusal(s3.get_object, Bucket="pictures", Key="a") == ("AccessDenied", told, 403)
    role.may("s3:GetObject", resource="arn:aws:s3:::pictures/*")
    assert s3.get_object(Bucket="pictures", Key="a")["Body"].read() == b"1"
    assert refusal(s3.put_object, Bucket="pictures", Key="b", Body=b"2")[0] == "AccessDenied"
    statement = {"Effect": "Allow", "Principal": {"AWS": ROLE_ARN}, "Action": "s3:PutObject"}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}
    everything = {"Resource": "arn:aws:s3:::pictures/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement | everything, deny | everything]}
    admin.put_bucket_policy(Bucket="pictures", Policy=json.dumps(policy))
    s3.put_object(Bucket="pictures", Key="b", Body=b"2")
    because = "with an explicit deny in a resource-based policy"
    assert refusal(s3.get_object, Bucket="pictures", Key="a")[1].endswith(because)


def test_queues_topics_and_functions_refuse_in_their_own_words(cloud: EmbeddedCloud, role: Role) -> None:
    queue = client(cloud, "sqs").create_queue(QueueName="jobs")["QueueUrl"]
    topic = client(cloud, "sns").create_topic(Name="news")["TopicArn"]
    session = role.session()
    code, told, _ = refusal(session("sqs").send_message, QueueUrl=queue, MessageBody="x")
    assert code in ("AccessDenied", "AccessDeniedException")
    assert told == denied("sqs:sendmessage", f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs")
    assert refusal(session("sns").publish, TopicArn=topic, Message="x") == (
        "AuthorizationError", denied("SNS:Publish", topic), 403
    )  # fmt: skip
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
    assert refusal(session("lambda").invoke, FunctionName="f") == (
        "AccessDeniedException", denied("lambda:InvokeFunction", function), 403
    )  # fmt: skip
    role.may("sqs:SendMessage", "sns:Publish", resource=[f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", topic])
    session("sqs").send_message(QueueUrl=queue, MessageBody="x")
    session("sns").publish(TopicArn=topic, Message="x")


def test_a_secret_and_a_key_are_known_by_their_arns(cloud: EmbeddedCloud, role: Role) -> None:
    arn = client(cloud, "secretsmanager").create_secret(Name="db", SecretString="s3cret")["ARN"]
    kms = client(cloud, "kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName="alias/app", TargetKeyId=key["KeyId"])
    role.may("secretsmanager:GetSecretValue", "kms:Encrypt", resource=[arn[:-6] + "??????", key["Arn"]])
    session = role.session()
    assert session("secretsmanager").get_secret_value(SecretId="db")["SecretString"] == "s3cret"
    assert session("kms").encrypt(KeyId="alias/app", Plaintext=b"x")["KeyId"] == key["Arn"]
    assert refusal(session("kms").decrypt, CiphertextBlob=b"x", KeyId="alias/app")[0] == "AccessDeniedException"


def test_who_one_is_needs_no_permission(role: Role) -> None:
    assert role.session()("sts").get_caller_identity()["Arn"] == SESSION_ARN


def test_a_role_is_assumed_by_those_whom_it_trusts(cloud: EmbeddedCloud, role: Role) -> None:
    role.may("sts:AssumeRole")
    other = f"arn:aws:iam::{ACCOUNT}:role/other"
    iam = client(cloud, "iam")
    iam.create_role(RoleName="other", AssumeRolePolicyDocument=json.dumps(TRUST))
    sts = role.session()("sts")
    told = f"User: {SESSION_ARN} is not authorized to perform: sts:AssumeRole on resource: {other}"
    assert refusal(sts.assume_role, RoleArn=other, RoleSessionName="drill") == ("AccessDenied", told, 403)
    statement = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.update_assume_role_policy(RoleName="other", PolicyDocument=trust)
    sts.assume_role(RoleArn=other, RoleSessionName="drill")
    role.may("sts:GetSessionToken")
    assert refusal(sts.assume_role, RoleArn=other, RoleSessionName="drill")[0] == "AccessDenied"
    iam.delete_role(RoleName="other")


def test_a_strict_cloud_knows_no_administrator_but_the_accounts_number() -> None:
    with embedded_cloud(options=["--strict-iam"]) as strict:
        client(strict, "dynamodb").list_tables()
        told = "The security token included in the request is invalid."
        assert refusal(client(strict, "dynamodb", key="AKIDWHOEVER").list_tables) == (
            "UnrecognizedClientException", told, 400
        )  # fmt: skip
        assert refusal(client(strict, "iam", key="AKIDWHOEVER").list_roles) == ("InvalidClientTokenId", told, 403)


def test_a_user_is_held_to_its_policies_and_those_of_its_groups(cloud: EmbeddedCloud) -> None:
    iam = client(cloud, "iam")
    iam.create_user(UserName="ann")
    keys = iam.create_access_key(UserName="ann")["AccessKey"]
    dynamodb = client(cloud, "dynamodb", keys["AccessKeyId"], keys["SecretAccessKey"])
    told = refusal(dynamodb.scan, TableName="notes")[1]
    assert told.startswith(f"User: arn:aws:iam::{ACCOUNT}:user/ann is not authorized to perform: dynamodb:Scan")
    iam.create_group(GroupName="readers")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}]}
    iam.put_group_policy(GroupName="readers", PolicyName="p", PolicyDocument=json.dumps(document))
    iam.add_user_to_group(UserName="ann", GroupName="readers")
    dynamodb.scan(TableName="notes")
