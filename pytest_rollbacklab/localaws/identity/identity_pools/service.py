"""Cognito identity pools' corrections of moto: identities, roles and credentials.

The pools themselves stay with moto. Tokens of Cognito's own (GetOpenIdToken and what belongs to developer-authenticated
identities) are refused by name: moto would answer them with random text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Call, Operation, Scope, Service
from pytest_rollbacklab.localaws.identity.credentials import CognitoCaller, CredentialStore
from pytest_rollbacklab.localaws.identity.identity_pools import refusals
from pytest_rollbacklab.localaws.identity.identity_pools.identities import PoolIdentity
from pytest_rollbacklab.localaws.identity.identity_pools.kept import KeptIdentities
from pytest_rollbacklab.localaws.identity.identity_pools.logins import Login, Logins
from pytest_rollbacklab.localaws.identity.identity_pools.pool import IdentityPool, read_pool
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper, Part

__all__ = ["IdentityPools"]

_SESSION_NAME = "CognitoIdentityCredentials"
_CREDENTIALS_S = 3600
_PAGE = 60
_NOT_EMULATED = (
    "GetOpenIdToken",
    "GetOpenIdTokenForDeveloperIdentity",
    "LookupDeveloperIdentity",
    "MergeDeveloperIdentities",
    "UnlinkDeveloperIdentity",
    "UnlinkIdentity",
)


class IdentityPools:
    """Cognito identity pools, as far as moto is corrected.

    Args:
        aws: Where IAM is.
        moto: Where the pools are, identity pools and user pools.
        credentials: Where keys are issued.
        jwks_of: Gives a user pool's public keys, a JSON Web Key Set: scope, user pool id.
        clock: The time, epoch seconds.
        keeper: Hears of every change.
    """

    def __init__(
        self,
        *,
        aws: Aws,
        moto: Aws,
        credentials: CredentialStore,
        jwks_of: Callable[[Scope, str], Mapping[str, Any]],
        clock: Callable[[], float],
        keeper: Keeper | None = None,
    ) -> None:
        self._moto = moto
        self._credentials = credentials
        self._clock = clock
        self._logins = Logins(moto=moto, jwks_of=jwks_of, clock=clock)
        kept = KeptIdentities(aws=aws, keeper=keeper or Forgetful())
        self.parts: tuple[Part, ...] = (kept,)
        self._identities, self._roles = kept.identities, kept.roles
        operations: dict[str, Operation] = {
            "GetId": self._get_id,
            "GetCredentialsForIdentity": self._get_credentials_for_identity,
            "DescribeIdentity": self._describe_identity,
            "ListIdentities": self._list_identities,
            "DeleteIdentities": self._delete_identities,
            "SetIdentityPoolRoles": self._set_identity_pool_roles,
            "GetIdentityPoolRoles": self._get_identity_pool_roles,
            "DeleteIdentityPool": self._delete_identity_pool,
        }
        operations |= dict.fromkeys(_NOT_EMULATED, _refuse)
        self.service = Service(name="cognito-identity", operations=operations, rest_on_moto=True)

    def scope_of(self, identity_id: str) -> Scope | None:
        """Tell whose an identity is, for calls that are not signed; None when there is no such identity."""
        return next((scope for scope, identities in self._identities.items() if identity_id in identities), None)

    async def _get_id(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool = await self._pool(call, params)
        logins = await self._logins.verify(call.scope, pool, params.get("Logins") or {})
        if not logins and not pool.takes_guests:
            raise refusals.no_guests()
        identity = self._identities.of(call.scope).of_logins(pool.pool_id, logins, self._clock())
        return {"IdentityId": identity.identity_id}

    async def _get_credentials_for_identity(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("CustomRoleArn"):
            raise refusals.not_emulated("CustomRoleArn")
        identities = self._identities.of(call.scope)
        pool = await read_pool(self._moto, call.scope, identities.get(params["IdentityId"]).pool_id)
        logins = await self._logins.verify(call.scope, pool, params.get("Logins") or {})
        identity = identities.get(params["IdentityId"])
        if logins:
            identity = identities.with_logins(identity, logins, self._clock())
        elif identity.logins:
            raise refusals.forbidden(identity.identity_id)
        elif not pool.takes_guests:
            raise refusals.no_guests()
        return await self._issue(call.scope, _caller(identity, logins))

    async def _issue(self, scope: Scope, caller: CognitoCaller) -> dict[str, Any]:
        role = await self._roles.of(scope).role_for(scope, caller)
        issued = self._credentials.issue(
            scope,
            role_arn=role.arn,
            role_id=role.role_id,
            session_name=_SESSION_NAME,
            duration_s=_CREDENTIALS_S,
            cognito=caller,
        )
        return {
            "IdentityId": caller.identity_id,
            "Credentials": {
                "AccessKeyId": issued.access_key_id,
                "SecretKey": issued.secret_access_key,
                "SessionToken": issued.session_token,
                "Expiration": issued.expires_at,
            },
        }

    def _describe_identity(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return _description(self._identities.of(call.scope).get(params["IdentityId"]))

    async def _list_identities(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool = await self._pool(call, params)
        start = int(params.get("NextToken") or 0)
        end = start + min(params.get("MaxResults") or _PAGE, _PAGE)
        found = self._identities.of(call.scope).of_pool(pool.pool_id)
        page = {"IdentityPoolId": pool.pool_id, "Identities": [_description(one) for one in found[start:end]]}
        return page | ({"NextToken": str(end)} if end < len(found) else {})

    def _delete_identities(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        identities = self._identities.of(call.scope)
        for identity_id in params["IdentityIdsToDelete"]:
            identities.delete(identity_id)
        return {"UnprocessedIdentityIds": []}

    async def _set_identity_pool_roles(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool = await self._pool(call, params)
        self._roles.of(call.scope).set(pool.pool_id, params["Roles"], params.get("RoleMappings") or {})
        return {}

    async def _get_identity_pool_roles(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool = await self._pool(call, params)
        return {"IdentityPoolId": pool.pool_id, "Roles": self._roles.of(call.scope).get(pool.pool_id)}

    async def _delete_identity_pool(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool = await self._pool(call, params)
        await self._moto.call(call.scope, "cognito-identity", "DeleteIdentityPool", {"IdentityPoolId": pool.pool_id})
        self._roles.of(call.scope).forget(pool.pool_id)
        identities = self._identities.of(call.scope)
        for identity in identities.of_pool(pool.pool_id):
            identities.delete(identity.identity_id)
        return {}

    async def _pool(self, call: Call, params: dict[str, Any]) -> IdentityPool:
        return await read_pool(self._moto, call.scope, params["IdentityPoolId"])


def _caller(identity: PoolIdentity, logins: tuple[Login, ...]) -> CognitoCaller:
    return CognitoCaller(
        identity_id=identity.identity_id,
        identity_pool_id=identity.pool_id,
        authentication_type="authenticated" if logins else "unauthenticated",
        provider=logins[0].authentication_provider if logins else None,
    )


def _description(identity: PoolIdentity) -> dict[str, Any]:
    return {
        "IdentityId": identity.identity_id,
        "Logins": [login.provider for login in identity.logins],
        "CreationDate": identity.created_at,
        "LastModifiedDate": identity.modified_at,
    }


def _refuse(call: Call, _: dict[str, Any]) -> dict[str, Any]:
    raise refusals.not_emulated(call.operation)
