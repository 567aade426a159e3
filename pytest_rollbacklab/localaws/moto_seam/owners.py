"""Whose is it: the account and region of what a client names without signing, and the owner of an access key.

AWS knows this from its directories; moto keeps it inside its backends, and no API asks across accounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from moto.backends import get_backend

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["MotoKey", "find_access_key", "scope_of_identity_pool", "scope_of_user_pool", "scope_of_user_pool_client"]


@dataclass(frozen=True, kw_only=True, slots=True)
class MotoKey:
    """An access key that moto issued: STS AssumeRole's, or an IAM user's."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None
    expires_at: float | None
    """Epoch seconds; None for a user's key."""
    account_id: str
    principal_arn: str
    user_id: str
    role_arn: str | None
    session_policy: str | None = None


def find_access_key(access_key_id: str) -> MotoKey | None:
    """Return the key that moto issued under this id."""
    return _assumed(access_key_id) or _of_user(access_key_id)


def scope_of_user_pool(user_pool_id: str) -> Scope | None:
    return next((scope for scope, backend in _all("cognito-idp") if user_pool_id in backend.user_pools), None)


def scope_of_user_pool_client(client_id: str) -> Scope | None:
    return next(
        (
            scope
            for scope, backend in _all("cognito-idp")
            if any(client_id in pool.clients for pool in backend.user_pools.values())
        ),
        None,
    )


def scope_of_identity_pool(identity_pool_id: str) -> Scope | None:
    return next(
        (scope for scope, backend in _all("cognito-identity") if identity_pool_id in backend.identity_pools), None
    )


def _all(service: str) -> Iterator[tuple[Scope, Any]]:
    for account_id, regions in list(get_backend(service).items()):
        for region, backend in list(regions.items()):
            yield Scope(account_id=account_id, region=region), backend


def _assumed(access_key_id: str) -> MotoKey | None:
    for scope, backend in _all("sts"):
        role = backend.get_assumed_role_from_access_key(access_key_id)
        if role is not None:
            return MotoKey(
                access_key_id=access_key_id,
                secret_access_key=role.secret_access_key,
                session_token=role.session_token,
                expires_at=role.expiration.replace(tzinfo=UTC).timestamp(),
                account_id=scope.account_id,
                principal_arn=role.arn,
                user_id=role.user_id,
                role_arn=role.role_arn,
                session_policy=role.policy,
            )
    return None


def _of_user(access_key_id: str) -> MotoKey | None:
    for scope, backend in _all("iam"):
        for user in list(backend.users.values()):
            key = next((key for key in user.access_keys if key.access_key_id == access_key_id), None)
            if key is not None and key.status == "Active":
                return MotoKey(
                    access_key_id=access_key_id,
                    secret_access_key=key.secret_access_key,
                    session_token=None,
                    expires_at=None,
                    account_id=scope.account_id,
                    principal_arn=user.arn,
                    user_id=user.id,
                    role_arn=None,
                )
    return None
