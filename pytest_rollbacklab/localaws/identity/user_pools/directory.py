"""User pools, app clients and users, read from where moto keeps them.

Read anew for every sign-in, because any of them may have been changed a moment ago; only which pool a client belongs
to, which never changes, is remembered. Passwords are not read here: no API gives them out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.user_pools import refusals
from pytest_rollbacklab.localaws.identity.user_pools.app_client import AppClient

__all__ = ["Directory", "User", "UserPool"]

_PAGE = 60
_VERIFIED = {"email": "email_verified", "phone_number": "phone_number_verified"}


@dataclass(frozen=True, kw_only=True, slots=True)
class UserPool:
    """What of a user pool matters for signing in."""

    pool_id: str
    username_attributes: tuple[str, ...]
    """Users have no name of their own and are called by these."""
    alias_attributes: tuple[str, ...]
    """Users may be called by these as well, once verified."""
    required_attributes: tuple[str, ...]
    mfa: str
    """OFF, OPTIONAL or ON."""
    auto_verified: tuple[str, ...] = ()
    """Attributes that a code is sent to when a user signs up."""
    password_policy: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """What comes after the region in the id: SRP's name of the pool."""
        return self.pool_id.partition("_")[2]

    def name_for_tokens(self, user: User) -> str:
        """Return the name under which moto makes right tokens: it becomes their email, where that stands for names."""
        by_email = "email" in self.username_attributes
        return user.attributes.get("email", user.username) if by_email else user.username


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """A user of a pool."""

    username: str
    """The one that Cognito gave or took: SRP's name of the user."""
    enabled: bool
    status: str
    """CONFIRMED, UNCONFIRMED, FORCE_CHANGE_PASSWORD, RESET_REQUIRED."""
    attributes: Mapping[str, str]

    @property
    def verified(self) -> tuple[str, ...]:
        """The attributes that a message is known to reach."""
        return tuple(name for name, flag in _VERIFIED.items() if self.attributes.get(flag, "").lower() == "true")


class Directory:
    """Reads user pools.

    Args:
        moto: Where they are.
    """

    def __init__(self, *, moto: Aws) -> None:
        self._moto = moto
        self._pool_of: dict[tuple[Scope, str], str] = {}

    async def client_of(self, scope: Scope, client_id: str, pool_id: str | None = None) -> tuple[UserPool, AppClient]:
        """Return an app client and its user pool.

        Args:
            pool_id: The user pool, where the call names it.

        Raises:
            ServiceError: ResourceNotFoundException, there is no such client, or no such pool.
        """
        pool_id = pool_id or await self._find_pool(scope, client_id)
        pool = (await self._call(scope, "DescribeUserPool", UserPoolId=pool_id))["UserPool"]
        try:
            client = await self._call(scope, "DescribeUserPoolClient", UserPoolId=pool_id, ClientId=client_id)
        except ServiceError as error:
            raise refusals.no_such_client(client_id) from error
        return _pool(pool), _client(client["UserPoolClient"])

    async def pool(self, scope: Scope, pool_id: str) -> UserPool:
        """Return a user pool.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        return _pool((await self._call(scope, "DescribeUserPool", UserPoolId=pool_id))["UserPool"])

    async def find_user(self, scope: Scope, pool: UserPool, called: str) -> User | None:
        """Return the user who is called so, by name, by an attribute that stands for it, or by a verified alias."""
        try:
            return _user(await self._call(scope, "AdminGetUser", UserPoolId=pool.pool_id, Username=called))
        except ServiceError as error:
            if error.code != "UserNotFoundException":
                raise
        for attribute in pool.alias_attributes:
            user = await self._find_by_alias(scope, pool, attribute, called)
            if user is not None:
                return user
        return None

    async def _find_by_alias(self, scope: Scope, pool: UserPool, attribute: str, called: str) -> User | None:
        answer = await self._call(scope, "ListUsers", UserPoolId=pool.pool_id, Filter=f'{attribute} = "{called}"')
        for found in answer.get("Users", ()):
            user = _user(found | {"UserAttributes": found.get("Attributes", ())})
            verified = _VERIFIED.get(attribute)
            if verified is None or user.attributes.get(verified, "").lower() == "true":
                return user
        return None

    async def _find_pool(self, scope: Scope, client_id: str) -> str:
        known = self._pool_of.get((scope, client_id))
        if known is not None:
            return known
        async for pool_id in self._pool_ids(scope):
            try:
                await self._call(scope, "DescribeUserPoolClient", UserPoolId=pool_id, ClientId=client_id)
            except ServiceError:
                continue
            self._pool_of[scope, client_id] = pool_id
            return pool_id
        raise refusals.no_such_client(client_id)

    async def _pool_ids(self, scope: Scope) -> AsyncIterator[str]:
        more: dict[str, str] = {}
        while True:
            answer = await self._call(scope, "ListUserPools", MaxResults=_PAGE, **more)
            for pool in answer.get("UserPools", ()):
                yield pool["Id"]
            if not answer.get("NextToken"):
                return
            more = {"NextToken": answer["NextToken"]}

    async def _call(self, scope: Scope, operation: str, **params: Any) -> dict[str, Any]:
        return await self._moto.call(scope, "cognito-idp", operation, params)


def _pool(pool: Mapping[str, Any]) -> UserPool:
    return UserPool(
        pool_id=pool["Id"],
        username_attributes=tuple(pool.get("UsernameAttributes") or ()),
        alias_attributes=tuple(pool.get("AliasAttributes") or ()),
        required_attributes=tuple(
            attribute["Name"]
            for attribute in pool.get("SchemaAttributes") or ()
            if attribute.get("Required") and attribute["Name"] != "sub"
        ),
        mfa=pool.get("MfaConfiguration") or "OFF",
        auto_verified=tuple(pool.get("AutoVerifiedAttributes") or ()),
        password_policy=(pool.get("Policies") or {}).get("PasswordPolicy"),
    )


def _client(client: Mapping[str, Any]) -> AppClient:
    return AppClient(
        client_id=client["ClientId"],
        secret=client.get("ClientSecret"),
        explicit_auth_flows=tuple(client.get("ExplicitAuthFlows") or ()),
        hides_unknown_users=client.get("PreventUserExistenceErrors") == "ENABLED",
    )


def _user(user: Mapping[str, Any]) -> User:
    return User(
        username=user["Username"],
        enabled=user.get("Enabled", True),
        status=user["UserStatus"],
        attributes={attribute["Name"]: attribute["Value"] for attribute in user.get("UserAttributes") or ()},
    )
