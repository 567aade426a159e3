"""Identities and the roles of identity pools as a part of the local AWS that outlives its process.

Each identity is a key, since a guest adds one with every visit; the roles of each pool are another. Pools are moto's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, Scoped
from pytest_rollbacklab.localaws.identity.identity_pools.identities import Identities
from pytest_rollbacklab.localaws.identity.identity_pools.roles import Roles
from pytest_rollbacklab.localaws.keeping import Keeper

__all__ = ["KeptIdentities"]


class KeptIdentities:
    """Every identity, and every pool's roles: a ``keeping.Part``.

    Args:
        aws: Where IAM is.
        keeper: Hears of the changes.
    """

    name = "identity-pools"

    def __init__(self, *, aws: Aws, keeper: Keeper) -> None:
        self._aws = aws
        self._keeper = keeper
        self.identities: Scoped[Identities] = Scoped(self._make_identities)
        self.roles: Scoped[Roles] = Scoped(self._make_roles)

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return what is behind a key; None when it is gone."""
        kind, _, name = key.partition("/")
        return self.identities.of(scope).find(name) if kind == "identity" else self.roles.of(scope).get(name) or None

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put back what was behind a key; there are no events."""
        kind, _, name = key.partition("/")
        if kind == "identity":
            self.identities.of(scope).put_back(state)
        else:
            self.roles.of(scope).put_back(name, state)

    def _make_identities(self, scope: Scope) -> Identities:
        return Identities(scope.region, lambda name: self._keeper.changed(self, scope, f"identity/{name}"))

    def _make_roles(self, scope: Scope) -> Roles:
        return Roles(aws=self._aws, changed=lambda name: self._keeper.changed(self, scope, f"roles/{name}"))
