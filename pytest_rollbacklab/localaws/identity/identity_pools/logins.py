"""Logins: tokens of user pools, verified before anything in them is believed.

The signature is checked against the user pool's own keys, then the time, the issuer and the audience. Only an ID token
passes: an access token has no audience. That its user was signed out everywhere in the meantime is not noticed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import DecodeError, JoseError
from joserfc.jwk import KeySet

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.identity_pools import refusals
from pytest_rollbacklab.localaws.identity.identity_pools.pool import IdentityPool, Provider

__all__ = ["Login", "Logins"]

_USER_POOL = re.compile(r"cognito-idp\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<pool_id>[\w-]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user whom a user pool signed in."""

    provider: str
    """``cognito-idp.REGION.amazonaws.com/POOL``."""
    subject: str

    @property
    def authentication_provider(self) -> str:
        """The login as ``cognitoAuthenticationProvider`` tells of it."""
        return f"{self.provider},{self.provider}:CognitoSignIn:{self.subject}"


class Logins:
    """Verifies logins.

    Args:
        moto: Where user pools are.
        jwks_of: Gives a user pool's public keys, a JSON Web Key Set: scope, user pool id.
        clock: The time, epoch seconds.
    """

    def __init__(
        self,
        *,
        moto: Aws,
        jwks_of: Callable[[Scope, str], Mapping[str, Any]],
        clock: Callable[[], float],
    ) -> None:
        self._moto = moto
        self._jwks_of = jwks_of
        self._clock = clock

    async def verify(self, scope: Scope, pool: IdentityPool, tokens: Mapping[str, str]) -> tuple[Login, ...]:
        """Verify the tokens of a call, by provider name.

        Raises:
            ServiceError: NotAuthorizedException, a token is forged, foreign, expired or none.
        """
        return tuple([await self._verify(scope, pool, name, token) for name, token in tokens.items()])

    async def _verify(self, scope: Scope, pool: IdentityPool, name: str, token: str) -> Login:
        if name in pool.other_providers:
            raise refusals.not_emulated(f"the provider {name}")
        accepted = [provider for provider in pool.providers if provider.name == name]
        user_pool = _USER_POOL.fullmatch(name)
        if not accepted or user_pool is None:
            raise refusals.unsupported_provider()
        home = Scope(account_id=scope.account_id, region=user_pool["region"])
        claims = self._claims(home, user_pool["pool_id"], token)
        provider = self._provider(accepted, claims)
        if provider.checks_user:
            await self._check_user(home, user_pool["pool_id"], claims)
        return Login(provider=name, subject=str(claims["sub"]))

    def _claims(self, home: Scope, user_pool_id: str, token: str) -> dict[str, Any]:
        keys: Any = self._jwks_of(home, user_pool_id)
        try:
            return jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"]).claims
        except DecodeError as error:
            raise refusals.invalid_token("Not a valid OpenId Connect identity token.") from error
        except JoseError as error:
            raise refusals.invalid_token("Couldn't verify signed token.") from error

    def _provider(self, accepted: list[Provider], claims: Mapping[str, Any]) -> Provider:
        now = int(self._clock())
        expires = claims.get("exp", 0)
        if now >= expires:
            raise refusals.invalid_token(f"Token expired: {now} >= {expires}")
        if claims.get("iss") != f"https://{accepted[0].name}":
            raise refusals.invalid_token("Issuer doesn't match providerName")
        audience = claims.get("aud")
        if audience is None:
            raise refusals.invalid_token("Missing a required claim: aud")
        provider = next((provider for provider in accepted if provider.client_id == audience), None)
        if provider is None:
            raise refusals.unsupported_provider()
        return provider

    async def _check_user(self, home: Scope, user_pool_id: str, claims: Mapping[str, Any]) -> None:
        named = {"UserPoolId": user_pool_id, "Username": claims["cognito:username"]}
        try:
            user = await self._moto.call(home, "cognito-idp", "AdminGetUser", named)
        except ServiceError as error:
            raise refusals.invalid_token("Its user does not exist any more.") from error
        if not user.get("Enabled", True):
            raise refusals.invalid_token("Its user is disabled.")
