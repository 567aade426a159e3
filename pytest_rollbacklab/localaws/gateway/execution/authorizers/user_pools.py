"""Tokens of user pools: verified against the pool's own keys before anything in them is believed.

Without scopes on the method an ID token is wanted, with scopes an access token that has one of them ("Control access to
REST APIs using Amazon Cognito user pools as an authorizer"). That a user was signed out or deleted in the meantime is
not noticed, as on AWS: a token says what it says until it expires.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.deployed.authorizers import UserPool, UserPoolAuthorizer
from pytest_rollbacklab.localaws.gateway.execution import caller_faults
from pytest_rollbacklab.localaws.gateway.execution.exchange import AuthorizerCall, Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault

__all__ = ["JwksOf", "UserPoolAuthorizers"]

JwksOf = Callable[[Scope, str], Mapping[str, Any]]
"""Gives a user pool's public keys, a JSON Web Key Set: scope, user pool id."""

_EXPIRED = "The incoming token has expired"
_BEARER = "Bearer "
_TIMES = ("exp", "iat")


class UserPoolAuthorizers:
    """Verifies user pools' tokens.

    Args:
        jwks_of: Gives a user pool's keys.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, jwks_of: JwksOf, clock: Callable[[], float]) -> None:
        self._jwks_of = jwks_of
        self._clock = clock
        self._keys: dict[UserPool, Any] = {}

    def verify(self, exchange: Exchange, authorizer: UserPoolAuthorizer) -> None:
        """Let a request pass whose token is good.

        Raises:
            Fault: 401: there is none, or it is not.
        """
        call = exchange.authorizer = AuthorizerCall(authorizer_id=authorizer.id)
        began = time.perf_counter()
        try:
            claims = self._claims(exchange, authorizer, call)
        except Fault as fault:
            call.status, call.error = fault.status, fault.message
            raise
        finally:
            call.latency_ms = round((time.perf_counter() - began) * 1000)
        call.status = 200
        call.claims = {name: _text(name, value) for name, value in claims.items()}
        call.principal_id = str(claims["sub"]) if "sub" in claims else None

    def _claims(self, exchange: Exchange, authorizer: UserPoolAuthorizer, call: AuthorizerCall) -> dict[str, Any]:
        header = exchange.request.header(authorizer.header)
        if not header:
            raise caller_faults.unauthorized(exchange.request_id)
        call.identity = header
        claims = self._verified(authorizer, header.removeprefix(_BEARER).strip())
        if claims is None or not _suits(claims, authorizer):
            raise caller_faults.unauthorized(exchange.request_id)
        if self._clock() >= claims.get("exp", 0):
            raise caller_faults.unauthorized(exchange.request_id, _EXPIRED)
        return claims

    def _verified(self, authorizer: UserPoolAuthorizer, token: str) -> dict[str, Any] | None:
        """Return the claims of a token that one of the pools has signed; None when none of them has."""
        from joserfc import jwt
        from joserfc.errors import JoseError

        for pool in authorizer.pools:
            try:
                claims = jwt.decode(token, self._keys_of(pool), algorithms=["RS256"]).claims
            except (JoseError, ValueError):
                continue
            if claims.get("iss") == pool.issuer:
                return dict(claims)
        return None

    def _keys_of(self, pool: UserPool) -> Any:
        from joserfc.jwk import KeySet

        if pool not in self._keys:
            keys: Any = self._jwks_of(pool.scope, pool.id)
            self._keys[pool] = KeySet.import_key_set(keys)
        return self._keys[pool]


def _suits(claims: Mapping[str, Any], authorizer: UserPoolAuthorizer) -> bool:
    """Tell whether a token is of the kind, the audience and the scopes that are wanted."""
    audience = claims.get("aud") or claims.get("client_id") or ""
    if authorizer.expression is not None and not authorizer.expression.fullmatch(str(audience)):
        return False
    if not authorizer.scopes:
        return claims.get("token_use") == "id"
    granted = str(claims.get("scope", "")).split()
    return claims.get("token_use") == "access" and any(scope in granted for scope in authorizer.scopes)


def _text(name: str, value: Any) -> str:
    """Return a claim as functions find it: text, whatever it was (as captured in events of user pools' callers)."""
    if name in _TIMES and isinstance(value, int | float):
        return f"{datetime.fromtimestamp(value, UTC):%a %b %d %H:%M:%S UTC %Y}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
