"""An identity pool as far as it decides who gets in, read from where moto keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.identity_pools import refusals

__all__ = ["IdentityPool", "Provider", "read_pool"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """A user pool's app client whose tokens the identity pool takes."""

    name: str
    """``cognito-idp.REGION.amazonaws.com/POOL``."""
    client_id: str
    checks_user: bool
    """``ServerSideTokenCheck``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdentityPool:
    """What of an identity pool matters for getting in."""

    pool_id: str
    takes_guests: bool
    providers: tuple[Provider, ...]
    other_providers: tuple[str, ...]
    """Names of providers that are not user pools: Google, SAML, OpenID Connect, developers' own."""


async def read_pool(moto: Aws, scope: Scope, pool_id: str) -> IdentityPool:
    """Read an identity pool.

    Raises:
        ServiceError: ResourceNotFoundException.
    """
    try:
        pool = await moto.call(scope, "cognito-identity", "DescribeIdentityPool", {"IdentityPoolId": pool_id})
    except ServiceError as error:
        if error.code == "ResourceNotFoundException":
            raise refusals.no_such_pool(pool_id) from error
        raise
    return IdentityPool(
        pool_id=pool_id,
        takes_guests=bool(pool.get("AllowUnauthenticatedIdentities")),
        providers=tuple(_provider(provider) for provider in pool.get("CognitoIdentityProviders") or ()),
        other_providers=(
            *(pool.get("SupportedLoginProviders") or ()),
            *(pool.get("OpenIdConnectProviderARNs") or ()),
            *(pool.get("SamlProviderARNs") or ()),
            *filter(None, [pool.get("DeveloperProviderName")]),
        ),
    )


def _provider(provider: Mapping[str, Any]) -> Provider:
    return Provider(
        name=provider["ProviderName"],
        client_id=provider["ClientId"],
        checks_user=bool(provider.get("ServerSideTokenCheck")),
    )
