"""The tokens of Cognito's user pools, kept one by one: each sign-in adds three, and none ever goes by itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, Final

from moto.cognitoidp.models import CognitoIdpUserPool

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.moto_seam.pickling import Reductions, live_backend, without
from pytest_rollbacklab.localaws.moto_seam.writes import operation_of

__all__ = ["KeptTokens"]

_KINDS: Final = ("access_tokens", "id_tokens", "refresh_tokens")
_SIGN_INS: Final = frozenset({"AdminInitiateAuth", "InitiateAuth"})
_REVOKE: Final = frozenset({"AdminUserGlobalSignOut", "DeleteUserPool", "GlobalSignOut", "RevokeToken"})


class KeptTokens:
    """The tokens of every user pool: a ``keeping.Part``, whose keys are ids of user pools.

    Args:
        keeper: Hears of the changes.
    """

    name = "cognito-tokens"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self.reductions: Reductions = {CognitoIdpUserPool: lambda pool: without(pool, dict.fromkeys(_KINDS, dict))}

    def before(self, request: HttpRequest, scope: Scope) -> _Pending:
        """Note what there is before a call."""
        backend = live_backend("cognitoidp", scope)
        if backend is None:
            return _Pending(scope, operation_of(request), {}, 0)
        counts = {pool.id: _counts(pool) for pool in backend.user_pools.values()}
        return _Pending(scope, operation_of(request), counts, len(backend.sessions))

    def after(self, request: HttpRequest, pending: _Pending) -> set[str]:  # noqa: ARG002 - as of all that grows
        """Tell the keeper of the tokens that a call has brought, or taken.

        Returns:
            The account, if more than tokens may have changed in it.
        """
        scope = pending.scope
        backend = live_backend("cognitoidp", scope)
        if backend is None:
            return {scope.account_id}
        for pool_id, before in pending.counts.items():
            pool = backend.user_pools.get(pool_id)
            if pool is None or pending.operation in _REVOKE:
                self._keeper.changed(self, scope, pool_id)
                continue
            new = _new(pool, before)
            if new:
                self._keeper.happened(self, scope, pool_id, new)
        only_tokens = pending.operation in _SIGN_INS and len(backend.sessions) == pending.sessions
        return set() if only_tokens else {scope.account_id}

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return the tokens of a user pool; None when there is no such pool."""
        backend = live_backend("cognitoidp", scope)
        pool = None if backend is None else backend.user_pools.get(key)
        return None if pool is None else {kind: dict(getattr(pool, kind)) for kind in _KINDS}

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:
        """Put back the tokens of a user pool, which is there already."""
        backend = live_backend("cognitoidp", scope)
        pool = None if backend is None else backend.user_pools.get(key)
        if pool is None:
            return
        for tokens in (state or {}, *events):
            for kind, held in tokens.items():
                getattr(pool, kind).update(held)


class _Pending:
    """What is noted before a call."""

    def __init__(self, scope: Scope, operation: str, counts: dict[str, tuple[int, ...]], sessions: int) -> None:
        self.scope = scope
        self.operation = operation
        self.counts = counts
        """How many tokens of each kind, by user pool."""
        self.sessions = sessions


def _counts(pool: Any) -> tuple[int, ...]:
    return tuple(len(getattr(pool, kind)) for kind in _KINDS)


def _new(pool: Any, before: tuple[int, ...]) -> dict[str, dict[str, Any]]:
    """Return the tokens that came last: a dict keeps the order in which they came."""
    new = {}
    for kind, count in zip(_KINDS, before, strict=True):
        tokens = getattr(pool, kind)
        if len(tokens) > count:
            new[kind] = dict(itertools.islice(reversed(tokens.items()), len(tokens) - count))
    return new
