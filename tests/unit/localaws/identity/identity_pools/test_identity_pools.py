"""Identity pools: a genuine login gives an identity and credentials of its own; anything else is refused."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from pytest_rollbacklab.localaws.api import Call, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.credentials import CredentialStore
from pytest_rollbacklab.localaws.identity.identity_pools.service import IdentityPools
from pytest_rollbacklab.localaws.moto_seam.client import MotoClient

KEY = RSAKey.generate_key(2048, {"kid": "pool"})
FORGED = RSAKey.generate_key(2048, {"kid": "pool"})
USER_POOL = "eu-west-1_P00L"
PROVIDER = f"cognito-idp.eu-west-1.amazonaws.com/{USER_POOL}"
NOW = 1_700_000_000
WRONG_LOGINS = "Logins don't match. Please include at least one valid login for this identity or identity pool."
NO_GUESTS = "Unauthenticated access is not supported for this identity pool."
INVALID_ROLES = "Invalid identity pool configuration. Check assigned IAM roles for this pool."


def token(key: RSAKey = KEY, **changes: Any) -> str:
    claims = {
        "iss": f"https://{PROVIDER}",
        "aud": "web",
        "sub": "ann-sub",
        "token_use": "id",
        "cognito:username": "ann",
        "exp": NOW + 3600,
    } | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "pool"}, claims, key)


ANN = {PROVIDER: token()}
BOB = {PROVIDER: token(sub="bob-sub")}


def trust(pool_id: str, kind: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {"cognito-identity.amazonaws.com:aud": pool_id},
                "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": kind},
            },
        },
    }


class Cognito:
    """Identity pools in an account of their own; moto keeps the pools and the roles."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self.scope = Scope(account_id=f"{secrets.randbelow(10**12):012}", region="eu-west-1")
        self.moto = MotoClient()
        self.credentials = CredentialStore(clock=lambda: self.now)
        self.asked_for_keys_of: list[tuple[Scope, str]] = []
        self.pools = IdentityPools(
            aws=self.moto,
            moto=self.moto,
            credentials=self.credentials,
            jwks_of=self.jwks_of,
            clock=lambda: self.now,
        )
        self.pool_id = ""

    def jwks_of(self, scope: Scope, user_pool_id: str) -> Mapping[str, Any]:
        self.asked_for_keys_of.append((scope, user_pool_id))
        return dict(KeySet([KEY]).as_dict(private=False))

    def direct(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        return asyncio.run(self.moto.call(self.scope, service, operation, params))

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        call = Call(scope=self.scope, service="cognito-identity", operation=operation, access_key="", request_id="r")

        async def perform() -> dict[str, Any]:
            result = self.pools.service.operations[operation](call, params)
            return result if isinstance(result, dict) else await result

        return asyncio.run(perform())

    def pool(self, *, guests: bool = True, provider: Mapping[str, Any] | None = None, **options: Any) -> Cognito:
        """Make a pool that takes tokens of one app client, with a role for each kind of identity that trusts it."""
        named = {"ProviderName": PROVIDER, "ClientId": "web"} | dict(provider or {})
        made = self.direct(
            "cognito-identity",
            "CreateIdentityPool",
            IdentityPoolName="notes",
            AllowUnauthenticatedIdentities=guests,
            CognitoIdentityProviders=[named],
            **options,
        )
        self.pool_id = made["IdentityPoolId"]
        roles = {kind: self.role(kind, trust(self.pool_id, kind)) for kind in ("authenticated", "unauthenticated")}
        self.call("SetIdentityPoolRoles", IdentityPoolId=self.pool_id, Roles=roles)
        return self

    def role(self, name: str, document: Mapping[str, Any]) -> str:
        made = self.direct(
            "iam", "CreateRole", Path="/app/", RoleName=name, AssumeRolePolicyDocument=json.dumps(document)
        )
        return str(made["Role"]["Arn"])

    def get_id(self, logins: Mapping[str, str] | None = None) -> str:
        params = {"Logins": dict(logins)} if logins else {}
        return str(self.call("GetId", IdentityPoolId=self.pool_id, **params)["IdentityId"])

    def credentials_for(self, identity_id: str, logins: Mapping[str, str] | None = None) -> dict[str, Any]:
        params = {"Logins": dict(logins)} if logins else {}
        answer = self.call("GetCredentialsForIdentity", IdentityId=identity_id, **params)
        assert answer["IdentityId"] == identity_id
        found: dict[str, Any] = answer["Credentials"]
        return found


@pytest.fixture
def cognito() -> Cognito:
    return Cognito()


def refusal(attempt: Any, *args: Any, **kwargs: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        attempt(*args, **kwargs)
    return caught.value.code, caught.value.message


# --- identities ---


def test_a_login_leads_to_one_identity_for_ever(cognito: Cognito) -> None:
    cognito.pool()
    identity_id = cognito.get_id(ANN)
    assert re.fullmatch(r"eu-west-1:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identity_id)
    assert cognito.get_id({PROVIDER: token(exp=NOW + 60)}) == identity_id
    assert cognito.get_id(BOB) != identity_id


def test_the_same_login_has_another_identity_in_another_pool(cognito: Cognito) -> None:
    first = cognito.pool().get_id(ANN)
    second = cognito.direct(
        "cognito-identity",
        "CreateIdentityPool",
        IdentityPoolName="other",
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[{"ProviderName": PROVIDER, "ClientId": "web"}],
    )
    cognito.pool_id = second["IdentityPoolId"]
    assert cognito.get_id(ANN) != first


def test_each_guest_is_another_one(cognito: Cognito) -> None:
    cognito.pool()
    assert cognito.get_id() != cognito.get_id()


def test_a_pool_that_takes_no_guests(cognito: Cognito) -> None:
    cognito.pool(guests=False)
    assert refusal(cognito.get_id) == ("NotAuthorizedException", NO_GUESTS)


def test_an_identity_tells_of_its_logins(cognito: Cognito) -> None:
    cognito.pool()
    identity_id = cognito.get_id(ANN)
    assert cognito.call("DescribeIdentity", IdentityId=identity_id) == {
        "IdentityId": identity_id,
        "Logins": [PROVIDER],
        "CreationDate": float(NOW),
        "LastModifiedDate": float(NOW),
    }


def test_identities_are_listed_in_pages(cognito: Cognito) -> None:
    cognito.pool()
    made = [cognito.get_id() for _ in range(3)]
    first = cognito.call("ListIdentities", IdentityPoolId=cognito.pool_id, MaxResults=2)
    assert [one["IdentityId"] for one in first["Identities"]] == made[:2]
    rest = cognito.call("ListIdentities", IdentityPoolId=cognito.pool_id, MaxResults=2, NextToken=first["NextToken"])
    assert [one["IdentityId"] for one in rest["Identities"]] == made[2:]
    assert "NextToken" not in rest


def test_an_identity_that_was_deleted_is_not_found_and_its_login_leads_to_a_new_one(cognito: Cognito) -> None:
    cognito.pool()
    identity_id = cognito.get_id(ANN)
    assert cognito.call("DeleteIdentities", IdentityIdsToDelete=[identity_id]) == {"UnprocessedIdentityIds": []}
    expected = ("ResourceNotFoundException", f"Identity '{identity_id}' not found.")
    assert refusal(cognito.credentials_for, identity_id, ANN) == expected
    assert refusal(cognito.call, "DescribeIdentity", IdentityId=identity_id) == expected
    assert cognito.get_id(ANN) != identity_id


def test_whose_an_identity_is_can_be_told(cognito: Cognito) -> None:
    identity_id = cognito.pool().get_id(ANN)
    assert cognito.pools.scope_of(identity_id) == cognito.scope
    assert cognito.pools.scope_of("eu-west-1:unknown") is None


def test_a_pool_that_does_not_exist(cognito: Cognito) -> None:
    cognito.pool_id = "eu-west-1:nope"
    assert refusal(cognito.get_id, ANN) == ("ResourceNotFoundException", "IdentityPool 'eu-west-1:nope' not found.")


def test_a_pool_that_was_deleted_takes_its_identities_and_roles_along(cognito: Cognito) -> None:
    identity_id = cognito.pool().get_id(ANN)
    cognito.call("DeleteIdentityPool", IdentityPoolId=cognito.pool_id)
    assert cognito.pools.scope_of(identity_id) is None
    expected = ("ResourceNotFoundException", f"IdentityPool '{cognito.pool_id}' not found.")
    assert refusal(cognito.call, "GetIdentityPoolRoles", IdentityPoolId=cognito.pool_id) == expected


# --- credentials ---


def test_credentials_are_a_session_of_the_authenticated_role_that_carries_the_identity(cognito: Cognito) -> None:
    identity_id = cognito.pool().get_id(ANN)
    given = cognito.credentials_for(identity_id, ANN)
    issued = cognito.credentials.find(given["AccessKeyId"])
    assert issued is not None
    assert (issued.secret_access_key, issued.session_token) == (given["SecretKey"], given["SessionToken"])
    assert given["Expiration"] == issued.expires_at == NOW + 3600
    account = cognito.scope.account_id
    principal = issued.principal
    assert principal.arn == f"arn:aws:sts::{account}:assumed-role/authenticated/CognitoIdentityCredentials"
    assert principal.role_arn == f"arn:aws:iam::{account}:role/app/authenticated"
    role_id = cognito.direct("iam", "GetRole", RoleName="authenticated")["Role"]["RoleId"]
    assert principal.user_id == f"{role_id}:CognitoIdentityCredentials"
    assert principal.cognito is not None
    assert principal.cognito.identity_id == identity_id
    assert principal.cognito.identity_pool_id == cognito.pool_id
    assert principal.cognito.authentication_type == "authenticated"
    assert principal.cognito.provider == f"{PROVIDER},{PROVIDER}:CognitoSignIn:ann-sub"


def test_credentials_are_other_ones_each_time(cognito: Cognito) -> None:
    identity_id = cognito.pool().get_id(ANN)
    first, second = (cognito.credentials_for(identity_id, ANN) for _ in range(2))
    assert first["AccessKeyId"] != second["AccessKeyId"]
    assert first["SessionToken"] != second["SessionToken"]


def test_a_guests_credentials_are_of_the_unauthenticated_role(cognito: Cognito) -> None:
    given = cognito.pool().credentials_for(cognito.get_id())
    issued = cognito.credentials.find(given["AccessKeyId"])
    assert issued is not None
    assert "/unauthenticated/" in issued.principal.arn
    assert issued.principal.cognito is not None
    assert issued.principal.cognito.authentication_type == "unauthenticated"
    assert issued.principal.cognito.provider is None


def test_a_guest_keeps_the_identity_when_logging_in(cognito: Cognito) -> None:
    cognito.pool()
    guest = cognito.get_id()
    issued = cognito.credentials.find(cognito.credentials_for(guest, ANN)["AccessKeyId"])
    assert issued is not None
    assert "/authenticated/" in issued.principal.arn
    assert cognito.get_id(ANN) == guest
    assert refusal(cognito.credentials_for, guest)[0] == "NotAuthorizedException"


def test_anothers_identity_is_not_given(cognito: Cognito) -> None:
    cognito.pool()
    anns = cognito.get_id(ANN)
    cognito.get_id(BOB)
    assert refusal(cognito.credentials_for, anns, BOB) == ("NotAuthorizedException", WRONG_LOGINS)
    assert refusal(cognito.credentials_for, anns, {PROVIDER: token(sub="new")}) == (
        "NotAuthorizedException",
        WRONG_LOGINS,
    )
    assert refusal(cognito.credentials_for, anns) == (
        "NotAuthorizedException",
        f"Access to Identity '{anns}' is forbidden.",
    )


def test_a_guests_identity_is_not_taken_over_by_a_login_that_has_one(cognito: Cognito) -> None:
    cognito.pool()
    cognito.get_id(ANN)
    assert refusal(cognito.credentials_for, cognito.get_id(), ANN) == ("NotAuthorizedException", WRONG_LOGINS)


def test_guests_lose_their_credentials_when_the_pool_takes_them_no_longer(cognito: Cognito) -> None:
    cognito.pool()
    guest = cognito.get_id()
    cognito.direct(
        "cognito-identity",
        "UpdateIdentityPool",
        IdentityPoolId=cognito.pool_id,
        IdentityPoolName="notes",
        AllowUnauthenticatedIdentities=False,
    )
    assert refusal(cognito.credentials_for, guest) == ("NotAuthorizedException", NO_GUESTS)


# --- tokens that are not believed ---


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        (token(FORGED), "Invalid login token. Couldn't verify signed token."),
        ("eyJhbGciOiJub25lIn0.e30.", "Invalid login token. Couldn't verify signed token."),
        ("no.t.oken", "Invalid login token. Not a valid OpenId Connect identity token."),
        ("nonsense", "Invalid login token. Not a valid OpenId Connect identity token."),
        (token(exp=NOW), f"Invalid login token. Token expired: {NOW} >= {NOW}"),
        (
            token(iss="https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_OTHER"),
            "Invalid login token. Issuer doesn't match providerName",
        ),
        (token(aud=None, token_use="access"), "Invalid login token. Missing a required claim: aud"),
        (token(aud="another client"), "Token is not from a supported provider of this identity pool."),
    ],
)
def test_a_forged_or_foreign_token_is_refused(cognito: Cognito, forged: str, message: str) -> None:
    cognito.pool()
    expected = ("NotAuthorizedException", message)
    assert refusal(cognito.get_id, {PROVIDER: forged}) == expected
    assert refusal(cognito.credentials_for, cognito.get_id(ANN), {PROVIDER: forged}) == expected


def test_a_token_expires_while_its_identity_stays(cognito: Cognito) -> None:
    identity_id = cognito.pool().get_id(ANN)
    cognito.now += 3600
    assert refusal(cognito.credentials_for, identity_id, ANN) == (
        "NotAuthorizedException",
        f"Invalid login token. Token expired: {NOW + 3600} >= {NOW + 3600}",
    )


def test_a_provider_that_the_pool_does_not_name_is_refused(cognito: Cognito) -> None:
    cognito.pool()
    elsewhere = {"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_OTHER": token()}
    message = "Token is not from a supported provider of this identity pool."
    assert refusal(cognito.get_id, elsewhere) == ("NotAuthorizedException", message)
    assert refusal(cognito.get_id, {"accounts.google.com": "x"}) == ("NotAuthorizedException", message)


def test_a_provider_that_is_not_emulated_is_refused_by_name(cognito: Cognito) -> None:
    cognito.pool(SupportedLoginProviders={"accounts.google.com": "app"})
    assert refusal(cognito.get_id, {"accounts.google.com": "x"}) == (
        "NotImplemented",
        "the local AWS does not emulate the provider accounts.google.com of Cognito identity pools",
    )


def test_a_token_is_verified_with_the_keys_of_its_own_user_pool(cognito: Cognito) -> None:
    user_pool = "us-east-1_FAR"
    provider = f"cognito-idp.us-east-1.amazonaws.com/{user_pool}"
    cognito.pool(provider={"ProviderName": provider})
    cognito.get_id({provider: token(iss=f"https://{provider}")})
    assert cognito.asked_for_keys_of == [(Scope(account_id=cognito.scope.account_id, region="us-east-1"), user_pool)]


def test_a_pool_that_asks_the_user_pool_refuses_users_who_are_gone_or_disabled(cognito: Cognito) -> None:
    user_pool = cognito.direct("cognito-idp", "CreateUserPool", PoolName="p")["UserPool"]["Id"]
    provider = f"cognito-idp.eu-west-1.amazonaws.com/{user_pool}"
    cognito.pool(provider={"ProviderName": provider, "ServerSideTokenCheck": True})
    login = {provider: token(iss=f"https://{provider}")}
    assert refusal(cognito.get_id, login)[1] == "Invalid login token. Its user does not exist any more."
    cognito.direct("cognito-idp", "AdminCreateUser", UserPoolId=user_pool, Username="ann")
    assert cognito.get_id(login)
    cognito.direct("cognito-idp", "AdminDisableUser", UserPoolId=user_pool, Username="ann")
    assert refusal(cognito.get_id, login)[1] == "Invalid login token. Its user is disabled."


# --- roles ---


def test_the_roles_are_kept(cognito: Cognito) -> None:
    cognito.pool()
    account = cognito.scope.account_id
    assert cognito.call("GetIdentityPoolRoles", IdentityPoolId=cognito.pool_id) == {
        "IdentityPoolId": cognito.pool_id,
        "Roles": {
            "authenticated": f"arn:aws:iam::{account}:role/app/authenticated",
            "unauthenticated": f"arn:aws:iam::{account}:role/app/unauthenticated",
        },
    }


def test_a_pool_without_a_role_gives_no_credentials(cognito: Cognito) -> None:
    identity_id = cognito.pool().get_id(ANN)
    cognito.call("SetIdentityPoolRoles", IdentityPoolId=cognito.pool_id, Roles={})
    assert refusal(cognito.credentials_for, identity_id, ANN) == (
        "InvalidIdentityPoolConfigurationException",
        INVALID_ROLES,
    )


def test_a_role_that_does_not_exist_gives_no_credentials(cognito: Cognito) -> None:
    identity_id = cognito.pool().get_id(ANN)
    cognito.direct("iam", "DeleteRole", RoleName="authenticated")
    assert refusal(cognito.credentials_for, identity_id, ANN)[1] == INVALID_ROLES


@pytest.mark.parametrize(
    "change",
    [
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        {"Action": "sts:AssumeRole"},
        {"Condition": {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:another"}}},
        {"Condition": {"ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "unauthenticated"}}},
    ],
)
def test_a_role_that_does_not_trust_the_pool_gives_no_credentials(cognito: Cognito, change: dict[str, Any]) -> None:
    identity_id = cognito.pool().get_id(ANN)
    document = trust(cognito.pool_id, "authenticated")
    document["Statement"] |= change
    cognito.direct("iam", "UpdateAssumeRolePolicy", RoleName="authenticated", PolicyDocument=json.dumps(document))
    assert refusal(cognito.credentials_for, identity_id, ANN)[1] == INVALID_ROLES


def test_role_mappings_are_refused_by_name(cognito: Cognito) -> None:
    cognito.pool()
    mappings = {f"{PROVIDER}:web": {"Type": "Token"}}
    assert refusal(
        cognito.call, "SetIdentityPoolRoles", IdentityPoolId=cognito.pool_id, Roles={}, RoleMappings=mappings
    ) == ("NotImplemented", "the local AWS does not emulate RoleMappings of Cognito identity pools")


def test_a_kind_of_identity_that_does_not_exist_is_refused(cognito: Cognito) -> None:
    cognito.pool()
    assert refusal(cognito.call, "SetIdentityPoolRoles", IdentityPoolId=cognito.pool_id, Roles={"admin": "arn"}) == (
        "InvalidParameterException",
        "'admin' is no key of Roles; they are authenticated and unauthenticated.",
    )


def test_a_role_of_the_callers_choice_is_refused_by_name(cognito: Cognito) -> None:
    identity_id = cognito.pool().get_id(ANN)
    assert refusal(cognito.call, "GetCredentialsForIdentity", IdentityId=identity_id, CustomRoleArn="arn") == (
        "NotImplemented",
        "the local AWS does not emulate CustomRoleArn of Cognito identity pools",
    )


@pytest.mark.parametrize("operation", ["GetOpenIdToken", "GetOpenIdTokenForDeveloperIdentity", "UnlinkIdentity"])
def test_an_operation_that_is_not_emulated_is_refused_by_name(cognito: Cognito, operation: str) -> None:
    assert refusal(cognito.call, operation) == (
        "NotImplemented",
        f"the local AWS does not emulate {operation} of Cognito identity pools",
    )
