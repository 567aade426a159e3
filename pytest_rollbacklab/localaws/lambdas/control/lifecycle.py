"""The states of a function: whether it can be invoked, and how its last update went.

    State             Pending -> Active | Failed            (then Active <-> Inactive, when AWS reclaims its resources)
    LastUpdateStatus  Successful | Failed -> InProgress -> Successful | Failed

Here a creation and an update are over before they are answered, so both pass through their states in one go. The table
is what a later depth takes its time in; a move that it does not list is an error of ours and not of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

__all__ = ["IllegalLifecycleMove", "Lifecycle"]

_STATE_MOVES: Mapping[str, frozenset[str]] = {
    "Pending": frozenset({"Active", "Failed"}),
    "Active": frozenset({"Inactive"}),
    "Inactive": frozenset({"Pending"}),
    "Failed": frozenset(),
}
_UPDATE_MOVES: Mapping[str, frozenset[str]] = {
    "Successful": frozenset({"InProgress"}),
    "Failed": frozenset({"InProgress"}),
    "InProgress": frozenset({"Successful", "Failed"}),
}


class IllegalLifecycleMove(Exception):  # noqa: N818 - reads as what it is
    """A function was to move from one state to another that does not follow it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifecycle:
    """Where a function stands, in AWS's words (GetFunctionConfiguration's State and LastUpdateStatus)."""

    state: str = "Pending"
    last_update_status: str = "Successful"

    def moved(self, state: str) -> Lifecycle:
        """Return the lifecycle in another state.

        Raises:
            IllegalLifecycleMove: that state does not follow this one.
        """
        _permit("State", self.state, state, _STATE_MOVES)
        return replace(self, state=state)

    def updated(self, status: str) -> Lifecycle:
        """Return the lifecycle with another LastUpdateStatus.

        Raises:
            IllegalLifecycleMove: that status does not follow this one.
        """
        _permit("LastUpdateStatus", self.last_update_status, status, _UPDATE_MOVES)
        return replace(self, last_update_status=status)


def _permit(what: str, old: str, new: str, moves: Mapping[str, frozenset[str]]) -> None:
    if new not in moves[old]:
        raise IllegalLifecycleMove(f"{what} cannot move from {old} to {new}; from {old} it may move to {moves[old]}.")
