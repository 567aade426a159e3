"""Codes that users are sent to prove that a message reached them, and the tokens that were taken back.

A code is six digits, good once, for a day after a sign-up and for an hour after a forgotten password (developer guide,
"Verifying updates to email addresses and phone numbers" and "Recovering user accounts"). Both outlive the process, for
who was sent a code, or signed out, was told so.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.keeping import Keeper

__all__ = ["Codes", "Purpose"]

Purpose = Literal["sign-up", "forgotten password", "email", "phone_number"]

_LIFETIME_S: dict[Purpose, float] = {"sign-up": 86400.0, "forgotten password": 3600.0}
_DIGITS = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class _Code:
    text: str
    until: float


class Codes:
    """What was sent, by user and purpose: a ``keeping.Part``, each code and each token a key.

    Args:
        clock: The time, epoch seconds.
        keeper: Hears of the changes.
    """

    name = "user-pool-codes"

    def __init__(self, *, clock: Callable[[], float], keeper: Keeper) -> None:
        self._clock, self._keeper = clock, keeper
        self._held: dict[tuple[Scope, str], Any] = {}

    def new(self, scope: Scope, pool_id: str, username: str, purpose: Purpose) -> str:
        """Make a code; one that was sent before for the same is worth nothing from now on."""
        code = _Code(
            text=f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}",
            until=self._clock() + _LIFETIME_S.get(purpose, 86400.0),
        )
        self._put(scope, _key(pool_id, username, purpose), code)
        return code.text

    def take(self, scope: Scope, pool_id: str, username: str, purpose: Purpose, sent: str) -> None:
        """Take a code, which is used up by it.

        Raises:
            ServiceError: CodeMismatchException, ExpiredCodeException.
        """
        key = _key(pool_id, username, purpose)
        code = self._held.get((scope, key))
        if code is None or code.until < self._clock():
            raise ServiceError("ExpiredCodeException", "Invalid code provided, please request a code again.")
        if not hmac.compare_digest(code.text.encode(), sent.encode()):
            raise ServiceError("CodeMismatchException", "Invalid verification code provided, please try again.")
        self._put(scope, key, None)

    def revoke(self, scope: Scope, token: str) -> None:
        """Take a token, or the origin of tokens, back."""
        self._put(scope, f"revoked/{token}", True)

    def is_revoked(self, scope: Scope, token: str) -> bool:
        """Tell whether a token was taken back."""
        return (scope, f"revoked/{token}") in self._held

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return what is behind a key; None when it is gone."""
        found: object | None = self._held.get((scope, key))
        return found

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put back what was behind a key; there are no events."""
        self._held[scope, key] = state

    def _put(self, scope: Scope, key: str, value: object) -> None:
        if value is None:
            self._held.pop((scope, key), None)
        else:
            self._held[scope, key] = value
        self._keeper.changed(self, scope, key)


def _key(pool_id: str, username: str, purpose: Purpose) -> str:
    return f"{purpose}/{pool_id}/{username}"
