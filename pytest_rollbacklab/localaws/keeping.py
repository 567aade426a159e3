"""What a part of the local AWS does so that what it holds outlives the process.

A part tells a keeper what has changed, by name; the keeper asks it for the present state before the next answer leaves
the process, so that whatever was acknowledged is kept. What grows without end (log events, metric values, items) is
told as events instead, which are replayed on top of the last state. Where and how it is written is ``journal``'s
business; a local AWS that keeps nothing has a keeper that forgets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["Forgetful", "Keeper", "Part"]


class Part(Protocol):
    """A part of the local AWS whose state can be taken out and put back."""

    name: str
    """Unique among the parts; never changed, because it is written down."""

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return the present state behind a key, picklable and free of live things; None when it is gone."""
        ...

    def restore(self, scope: Scope, key: str, state: object | None, events: Sequence[Any]) -> None:
        """Put back a state as ``dump`` returned it (None: there was none), then the events that followed, in order."""
        ...


class Keeper(Protocol):
    """Hears of every change and sees that it is kept."""

    def changed(self, part: Part, scope: Scope, key: str = "") -> None:
        """Note that what is behind a key is not what it was: its state is asked for before the next answer leaves."""
        ...

    def happened(self, part: Part, scope: Scope, key: str, event: object) -> None:
        """Note an event (small, picklable) on top of the last state of a key; a later state swallows it."""
        ...


class Forgetful:
    """The keeper of a local AWS that keeps nothing."""

    def changed(self, part: Part, scope: Scope, key: str = "") -> None:
        """Forget it."""

    def happened(self, part: Part, scope: Scope, key: str, event: object) -> None:
        """Forget it."""
