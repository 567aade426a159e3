"""What we lean on in moto, piece by piece: when a moto release moves one of these, this says which."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.moto_seam import backends, owners
from pytest_rollbacklab.localaws.moto_seam.client import MotoClient

HERE = Scope(account_id="300000000001", region="eu-west-1")
ELSEWHERE = Scope(account_id="300000000002", region="eu-west-1")
ALLOW_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
TRUST_ANYONE = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'
)


def call(service: str, operation: str, params: dict[str, Any] | None = None, scope: Scope = HERE) -> dict[str, Any]:
    return asyncio.run(MotoClient().call(scope, service, operation, params or {}))


@pytest.fixture
def bucket() -> str:
    name = "contract-bucket"
    if name not in {entry["Name"] for entry in call("s3", "ListBuckets")["Buckets"]}:
        call("s3", "CreateBucket", {"Bucket": name, "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}})
    return name


class TestS3:
    def test_keeps_bytes_under_keys_with_any_character(self, bucket: str) -> None:
        body = bytes(range(256))
        call("s3", "PutObject", {"Bucket": bucket, "Key": "a/b c%2F+é.bin", "Body": body})
        assert call("s3", "GetObject", {"Bucket": bucket, "Key": "a/b c%2F+é.bin"})["Body"] == body

    def test_a_conditional_put_loses_against_what_is_there(self, bucket: str) -> None:
        call("s3", "PutObject", {"Bucket": bucket, "Key": "once", "Body": b"first"})
        with pytest.raises(ServiceError) as refused:
            call("s3", "PutObject", {"Bucket": bucket, "Key": "once", "Body": b"second", "IfNoneMatch": "*"})
        assert (refused.value.code, refused.value.status) == ("PreconditionFailed", 412)
        assert call("s3", "GetObject", {"Bucket": bucket, "Key": "once"})["Body"] == b"first"

    def test_a_head_tells_the_size(self, bucket: str) -> None:
        call("s3", "PutObject", {"Bucket": bucket, "Key": "five", "Body": b"12345"})
        assert call("s3", "HeadObject", {"Bucket": bucket, "Key": "five"})["ContentLength"] == 5

    def test_a_missing_object_says_so(self, bucket: str) -> None:
        with pytest.raises(ServiceError, match="The specified key does not exist") as missing:
            call("s3", "GetObject", {"Bucket": bucket, "Key": "never"})
        assert (missing.value.code, missing.value.status) == ("NoSuchKey", 404)

    def test_accounts_do_not_see_each_others_objects(self, bucket: str) -> None:
        assert bucket not in {entry["Name"] for entry in call("s3", "ListBuckets", scope=ELSEWHERE)["Buckets"]}


class TestIam:
    def test_policies_come_back_as_documents(self) -> None:
        call("iam", "CreateRole", {"RoleName": "reader", "AssumeRolePolicyDocument": TRUST_ANYONE})
        call("iam", "PutRolePolicy", {"RoleName": "reader", "PolicyName": "all", "PolicyDocument": ALLOW_ALL})
        document = call("iam", "GetRolePolicy", {"RoleName": "reader", "PolicyName": "all"})["PolicyDocument"]
        assert document["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]

    def test_aws_own_managed_policies_are_there_when_named(self) -> None:
        call("iam", "CreateRole", {"RoleName": "logger", "AssumeRolePolicyDocument": TRUST_ANYONE})
        arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
        call("iam", "AttachRolePolicy", {"RoleName": "logger", "PolicyArn": arn})
        attached = call("iam", "ListAttachedRolePolicies", {"RoleName": "logger"})["AttachedPolicies"]
        assert attached == [{"PolicyName": "AWSLambdaBasicExecutionRole", "PolicyArn": arn}]
        policy = call("iam", "GetPolicy", {"PolicyArn": arn})["Policy"]
        document = call("iam", "GetPolicyVersion", {"PolicyArn": arn, "VersionId": policy["DefaultVersionId"]})
        assert "logs:PutLogEvents" in document["PolicyVersion"]["Document"]["Statement"][0]["Action"]
        with pytest.raises(ServiceError, match="NoSuchEntity"):
            call("iam", "AttachRolePolicy", {"RoleName": "logger", "PolicyArn": "arn:aws:iam::aws:policy/Nope"})

    def test_an_unknown_role_is_NoSuchEntity(self) -> None:
        with pytest.raises(ServiceError, match="Role nobody not found") as missing:
            call("iam", "GetRole", {"RoleName": "nobody"})
        assert (missing.value.code, missing.value.status) == ("NoSuchEntity", 404)


class TestKeys:
    def test_an_assumed_roles_key_is_found_with_its_secret_and_principal(self) -> None:
        arn = call("iam", "CreateRole", {"RoleName": "worker", "AssumeRolePolicyDocument": TRUST_ANYONE})["Role"]["Arn"]
        issued = call("sts", "AssumeRole", {"RoleArn": arn, "RoleSessionName": "session"})["Credentials"]
        key = owners.find_access_key(issued["AccessKeyId"])
        assert key is not None
        assert (key.secret_access_key, key.session_token) == (issued["SecretAccessKey"], issued["SessionToken"])
        assert key.principal_arn == f"arn:aws:sts::{HERE.account_id}:assumed-role/worker/session"
        assert key.expires_at == pytest.approx(issued["Expiration"].timestamp(), abs=1)

    def test_a_users_key_is_found_until_it_is_switched_off(self) -> None:
        call("iam", "CreateUser", {"UserName": "ann"})
        issued = call("iam", "CreateAccessKey", {"UserName": "ann"})["AccessKey"]
        key = owners.find_access_key(issued["AccessKeyId"])
        assert key is not None
        assert key.principal_arn == f"arn:aws:iam::{HERE.account_id}:user/ann"
        assert key.expires_at is None
        off = {"UserName": "ann", "AccessKeyId": issued["AccessKeyId"], "Status": "Inactive"}
        call("iam", "UpdateAccessKey", off)
        assert owners.find_access_key(issued["AccessKeyId"]) is None

    def test_an_unknown_key_is_nobodys(self) -> None:
        assert owners.find_access_key("AKIAIOSFODNN7EXAMPLE") is None


class TestCognito:
    def test_a_users_password_can_be_read_and_the_owners_found(self) -> None:
        pool_id = call("cognito-idp", "CreateUserPool", {"PoolName": "users"})["UserPool"]["Id"]
        client = call("cognito-idp", "CreateUserPoolClient", {"UserPoolId": pool_id, "ClientName": "web"})
        call("cognito-idp", "AdminCreateUser", {"UserPoolId": pool_id, "Username": "ann"})
        password = {"UserPoolId": pool_id, "Username": "ann", "Password": "Passw0rd!", "Permanent": True}
        call("cognito-idp", "AdminSetUserPassword", password)
        assert backends.password_of(HERE, pool_id, "ann") == "Passw0rd!"
        assert backends.password_of(HERE, pool_id, "bob") is None
        assert backends.password_of(HERE, "eu-west-1_none", "ann") is None
        assert owners.scope_of_user_pool(pool_id) == HERE
        assert owners.scope_of_user_pool_client(client["UserPoolClient"]["ClientId"]) == HERE
        assert owners.scope_of_user_pool_client("nobodys") is None
        assert backends.jwks_of(HERE, pool_id)["keys"][0]["kty"] == "RSA"

    def test_an_identity_pools_owner_is_found(self) -> None:
        pool = {"IdentityPoolName": "people", "AllowUnauthenticatedIdentities": False}
        pool_id = call("cognito-identity", "CreateIdentityPool", pool)["IdentityPoolId"]
        assert owners.scope_of_identity_pool(pool_id) == HERE
        assert owners.scope_of_identity_pool("eu-west-1:none") is None


class TestRouting:
    def test_a_service_that_moto_lacks_is_refused_by_name(self) -> None:
        request = HttpRequest(method="POST", target="/", headers=(), body=b"", source_ip="127.0.0.1")
        with pytest.raises(ServiceError, match="does not emulate the service 'teleport'") as refused:
            backends.dispatch(request, signing_name="teleport", scope=HERE)
        assert refused.value.status == 501

    def test_an_operation_that_moto_lacks_is_refused_by_name(self) -> None:
        with pytest.raises(ServiceError, match="cognito-idp: The list_devices action has not been implemented"):
            call("cognito-idp", "ListDevices", {"AccessToken": "x"})

    def test_dynamodb_answers_in_the_account_and_region_of_the_call(self) -> None:
        table = {
            "TableName": "notes",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        arn = call("dynamodb", "CreateTable", table)["TableDescription"]["TableArn"]
        assert arn == f"arn:aws:dynamodb:eu-west-1:{HERE.account_id}:table/notes"
        assert call("dynamodb", "ListTables", scope=ELSEWHERE)["TableNames"] == []
