"""Identities of one account and region, and which login leads to which.

A login leads to one identity of a pool, for ever: that is what lets data be keyed by the identity id. A guest gets a
new identity each time, and keeps it when logging in for the first time.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pytest_rollbacklab.localaws.identity.identity_pools import refusals
from pytest_rollbacklab.localaws.identity.identity_pools.logins import Login

__all__ = ["Identities", "PoolIdentity"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolIdentity:
    """An identity of an identity pool."""

    identity_id: str
    """``REGION:uuid``."""
    pool_id: str
    logins: tuple[Login, ...]
    """None for a guest."""
    created_at: float
    """Epoch seconds."""
    modified_at: float


class Identities:
    """The identities of one region of an account.

    Args:
        changed: Told the id of each identity that is made, changed or deleted.
    """

    def __init__(self, region: str, changed: Callable[[str], None]) -> None:
        self._region = region
        self._changed = changed
        self._identities: dict[str, PoolIdentity] = {}
        self._by_login: dict[tuple[str, Login], str] = {}

    def __contains__(self, identity_id: str) -> bool:
        return identity_id in self._identities

    def get(self, identity_id: str) -> PoolIdentity:
        """Return an identity.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        if identity_id not in self._identities:
            raise refusals.no_such_identity(identity_id)
        return self._identities[identity_id]

    def of_pool(self, pool_id: str) -> list[PoolIdentity]:
        """Return a pool's identities in the order in which they were made."""
        return [identity for identity in self._identities.values() if identity.pool_id == pool_id]

    def of_logins(self, pool_id: str, logins: tuple[Login, ...], now: float) -> PoolIdentity:
        """Return the identity that logins lead to, a new one for new logins and for a guest.

        Raises:
            ServiceError: NotAuthorizedException, the logins lead to several.
        """
        known = [self._by_login[pool_id, login] for login in logins if (pool_id, login) in self._by_login]
        if known:
            return self.with_logins(self._identities[known[0]], logins, now)
        identity = PoolIdentity(
            identity_id=f"{self._region}:{uuid.uuid4()}",
            pool_id=pool_id,
            logins=(),
            created_at=now,
            modified_at=now,
        )
        self._identities[identity.identity_id] = identity
        return self._link(identity, logins, now)

    def with_logins(self, identity: PoolIdentity, logins: tuple[Login, ...], now: float) -> PoolIdentity:
        """Return the identity, with what of the logins is new linked to it.

        Raises:
            ServiceError: NotAuthorizedException, a login is another's, or none is this identity's.
        """
        owners = [self._by_login.get((identity.pool_id, login)) for login in logins]
        strangers = any(owner not in (None, identity.identity_id) for owner in owners)
        if strangers or (identity.logins and identity.identity_id not in owners):
            raise refusals.other_logins()
        new = [login for login, owner in zip(logins, owners, strict=True) if owner is None]
        return self._link(identity, new, now) if new else identity

    def delete(self, identity_id: str) -> None:
        """Forget an identity and where its logins led."""
        self._identities.pop(identity_id, None)
        self._by_login = {login: owner for login, owner in self._by_login.items() if owner != identity_id}
        self._changed(identity_id)

    def find(self, identity_id: str) -> PoolIdentity | None:
        """Return an identity; None when there is no such identity."""
        return self._identities.get(identity_id)

    def put_back(self, identity: PoolIdentity) -> None:
        """Put back an identity that there was."""
        self._identities[identity.identity_id] = identity
        self._by_login |= {(identity.pool_id, login): identity.identity_id for login in identity.logins}

    def _link(self, identity: PoolIdentity, logins: Sequence[Login], now: float) -> PoolIdentity:
        linked = replace(identity, logins=(*identity.logins, *logins), modified_at=now)
        self.put_back(linked)
        self._changed(linked.identity_id)
        return linked
