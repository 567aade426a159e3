"""Challenges that wait for their answer: each under a key that only its asker has, for three minutes.

Three minutes is how long a sign-in may take on AWS unless its client says otherwise (API reference,
CreateUserPoolClient, AuthSessionValidity).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Pending"]

T = TypeVar("T")
_LIFETIME_S = 180.0


class Pending(Generic[T]):
    """What waits, by key.

    Args:
        clock: The time, epoch seconds.
    """

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._waiting: dict[str, tuple[float, T]] = {}

    def put(self, key: str, value: T) -> None:
        """Let a value wait, and drop those that have waited too long."""
        now = self._clock()
        self._waiting = {known: entry for known, entry in self._waiting.items() if now < entry[0]}
        self._waiting[key] = (now + _LIFETIME_S, value)

    def find(self, key: str) -> T | None:
        """Return what waits under a key; None when nothing does, or no longer."""
        until, value = self._waiting.get(key, (0.0, None))
        return value if self._clock() < until else None

    def drop(self, key: str) -> None:
        """End a wait; its key is worth nothing from now on."""
        self._waiting.pop(key, None)
