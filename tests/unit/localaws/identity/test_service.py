"""Identity as a whole: from a password to a signed request that a role's policy allows."""

from __future__ import annotations

import asyncio
import json
import secrets
from datetime import UTC, datetime
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials

from pytest_rollbacklab.localaws.api import Call, Scope
from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.identity.credentials import CredentialStore
from pytest_rollbacklab.localaws.identity.policies import Policies
from pytest_rollbacklab.localaws.identity.service import Identity
from pytest_rollbacklab.localaws.identity.sigv4 import Verified, verify
from pytest_rollbacklab.localaws.moto_seam.backends import jwks_of, password_of
from pytest_rollbacklab.localaws.moto_seam.client import MotoClient

HOST = "127.0.0.1:4566"
TARGET = "/_aws/execute-api/abc/prod/notes"


class Cloud:
    """Identity in front of moto, in an account of its own."""

    def __init__(self) -> None:
        self.scope = Scope(account_id=f"{secrets.randbelow(10**12):012}", region="eu-west-1")
        self.moto = MotoClient()
        self.credentials = CredentialStore()
        self.identity = Identity(
            aws=self.moto,
            moto=self.moto,
            credentials=self.credentials,
            password_of=password_of,
            jwks_of=jwks_of,
        )
        self.services = {service.name: service for service in self.identity.services}

    async def call(self, service: str, operation: str, *, access_key: str = "", **params: Any) -> dict[str, Any]:
        own = self.services.get(service)
        if own is None or operation not in own.operations:
            assert own is None or own.rest_on_moto
            return await self.moto.call(self.scope, service, operation, params)
        call = Call(scope=self.scope, service=service, operation=operation, access_key=access_key, request_id="r")
        result = own.operations[operation](call, params)
        return result if isinstance(result, dict) else await result

    async def app(self) -> tuple[str, str, str]:
        """Make a user pool with a user, a client, and an identity pool whose users may invoke the API."""
        pool_id = (await self.call("cognito-idp", "CreateUserPool", PoolName="notes"))["UserPool"]["Id"]
        made = await self.call(
            "cognito-idp",
            "CreateUserPoolClient",
            UserPoolId=pool_id,
            ClientName="web",
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        )
        client_id = made["UserPoolClient"]["ClientId"]
        user = {"UserPoolId": pool_id, "Username": "ann"}
        await self.call("cognito-idp", "AdminCreateUser", **user)
        await self.call("cognito-idp", "AdminSetUserPassword", **user, Password="Passw0rd!", Permanent=True)
        provider = f"cognito-idp.eu-west-1.amazonaws.com/{pool_id}"
        made = await self.call(
            "cognito-identity",
            "CreateIdentityPool",
            IdentityPoolName="notes",
            AllowUnauthenticatedIdentities=False,
            CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": client_id}],
        )
        await self.role(made["IdentityPoolId"])
        return client_id, made["IdentityPoolId"], provider

    async def role(self, identity_pool_id: str) -> None:
        trust = {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Principal": {"Federated": "cognito-identity.amazonaws.com"},
                "Action": "sts:AssumeRoleWithWebIdentity",
            },
        }
        role = await self.call("iam", "CreateRole", RoleName="users", AssumeRolePolicyDocument=json.dumps(trust))
        permission = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "arn:aws:execute-api:*:*:abc/*"}
        await self.call(
            "iam",
            "PutRolePolicy",
            RoleName="users",
            PolicyName="calls",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": permission}),
        )
        await self.call(
            "cognito-identity",
            "SetIdentityPoolRoles",
            IdentityPoolId=identity_pool_id,
            Roles={"authenticated": role["Role"]["Arn"]},
        )

    async def sign_in(self) -> dict[str, Any]:
        """Go from the password to credentials."""
        client_id, identity_pool_id, provider = await self.app()
        signed_in = await self.call(
            "cognito-idp",
            "InitiateAuth",
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ann", "PASSWORD": "Passw0rd!"},
        )
        logins = {provider: signed_in["AuthenticationResult"]["IdToken"]}
        found = await self.call("cognito-identity", "GetId", IdentityPoolId=identity_pool_id, Logins=logins)
        return await self.call("cognito-identity", "GetCredentialsForIdentity", **found, Logins=logins)


def signed(credentials: dict[str, Any]) -> HttpRequest:
    request = AWSRequest(method="GET", url=f"http://{HOST}{TARGET}", headers={"Host": HOST})
    key = BotoCredentials(credentials["AccessKeyId"], credentials["SecretKey"], credentials["SessionToken"])
    SigV4Auth(key, "execute-api", "eu-west-1").add_auth(request)
    return HttpRequest(
        method="GET", target=TARGET, headers=tuple(request.headers.items()), body=b"", source_ip="127.0.0.1"
    )


def test_from_a_password_to_a_request_that_is_allowed() -> None:
    async def scenario() -> None:
        cloud = Cloud()
        answer = await cloud.sign_in()
        assert cloud.identity.scope_of(answer["IdentityId"]) == cloud.scope

        verified = verify(
            signed(answer["Credentials"]),
            service="execute-api",
            find=cloud.credentials.find,
            now=datetime.now(UTC),
            region="eu-west-1",
        )
        assert isinstance(verified, Verified)
        principal = verified.credentials.principal
        assert principal.cognito is not None
        assert principal.cognito.identity_id == answer["IdentityId"]

        policies = Policies(aws=cloud.moto)
        api = f"arn:aws:execute-api:eu-west-1:{cloud.scope.account_id}:abc/prod/GET/notes"
        allowed = await policies.allows(principal, "execute-api:Invoke", api, {})
        assert allowed.reason == "allowed by statement 1 of inline policy calls of role users"
        await cloud.call("iam", "DeleteRolePolicy", RoleName="users", PolicyName="calls")
        policies.forget(cloud.scope)
        assert not (await policies.allows(principal, "execute-api:Invoke", api, {})).allowed

    asyncio.run(scenario())


def test_sts_knows_whose_an_issued_key_is() -> None:
    async def scenario() -> None:
        cloud = Cloud()
        role_arn = f"arn:aws:iam::{cloud.scope.account_id}:role/create"
        key = cloud.credentials.issue(
            cloud.scope, role_arn=role_arn, role_id="AROAEXAMPLE", session_name="create", duration_s=60
        )
        assert await cloud.call("sts", "GetCallerIdentity", access_key=key.access_key_id) == {
            "UserId": "AROAEXAMPLE:create",
            "Account": cloud.scope.account_id,
            "Arn": f"arn:aws:sts::{cloud.scope.account_id}:assumed-role/create/create",
        }

    asyncio.run(scenario())


def test_sts_leaves_an_administrator_to_moto() -> None:
    async def scenario() -> None:
        cloud = Cloud()
        answer = await cloud.call("sts", "GetCallerIdentity", access_key=cloud.scope.account_id)
        assert answer["Account"] == cloud.scope.account_id

    asyncio.run(scenario())


def test_every_service_leaves_the_rest_to_moto() -> None:
    cloud = Cloud()
    assert sorted(cloud.services) == ["cognito-identity", "cognito-idp", "sts"]
    assert all(service.rest_on_moto for service in cloud.services.values())
