"""Authorizers as they are asked: what of them can be known beforehand is known here."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.apis.authorizer import Authorizer
from pytest_rollbacklab.localaws.gateway.apis.function_uri import FunctionUri

__all__ = ["DeployedAuthorizer", "FunctionAuthorizer", "UserPool", "UserPoolAuthorizer", "compile_authorizer"]

_HEADER = "method.request.header."


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionAuthorizer:
    """A function that says who may call (TOKEN and REQUEST)."""

    id: str
    uri: FunctionUri
    is_token: bool
    sources: tuple[str, ...]
    """``method.request.header.Authorization`` ..."""
    expression: re.Pattern[str] | None
    """What a token must look like."""
    ttl_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UserPool:
    """A user pool whose tokens are taken."""

    scope: Scope
    id: str

    @property
    def issuer(self) -> str:
        return f"https://cognito-idp.{self.scope.region}.amazonaws.com/{self.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class UserPoolAuthorizer:
    """User pools whose tokens let their bearers call (COGNITO_USER_POOLS)."""

    id: str
    header: str
    """Where the token is."""
    pools: tuple[UserPool, ...]
    expression: re.Pattern[str] | None
    """What the token's audience must look like."""
    scopes: tuple[str, ...]
    """Of the method; with one or more, it is an access token that is wanted."""


DeployedAuthorizer = FunctionAuthorizer | UserPoolAuthorizer


def compile_authorizer(authorizer: Authorizer, *, scopes: tuple[str, ...] = ()) -> DeployedAuthorizer:
    """Return an authorizer that is ready to be asked.

    Args:
        scopes: Those that the method wants.
    """
    expression = re.compile(authorizer.validation_expression) if authorizer.validation_expression else None
    if authorizer.type == "COGNITO_USER_POOLS":
        return UserPoolAuthorizer(
            id=authorizer.id,
            header=str(authorizer.identity_source).removeprefix(_HEADER),
            pools=tuple(_pool(arn) for arn in authorizer.provider_arns),
            expression=expression,
            scopes=scopes,
        )
    assert authorizer.uri is not None  # checked_authorizer sees to it
    return FunctionAuthorizer(
        id=authorizer.id,
        uri=FunctionUri.parse(authorizer.uri),
        is_token=authorizer.type == "TOKEN",
        sources=authorizer.sources,
        expression=expression,
        ttl_s=authorizer.ttl_s,
    )


def _pool(arn: str) -> UserPool:
    _, _, _, region, account_id, resource = arn.split(":", 5)
    return UserPool(scope=Scope(account_id=account_id, region=region), id=resource.partition("/")[2])
