"""The states of a function: whether it can be invoked, and how its last update went.

    State             Pending -> Active | Failed            (then Active <-> Inactive, when AWS reclaims its resources)
    LastUpdateStatus  Successful | Failed -> InProgress -> Successful | Failed

Here nothing takes time: the answer to a creation says Pending and that to an update InProgress, as on AWS, and whoever
asks next (a waiter, another call) finds it Active and Successful. A move that the table does not list is an error of
ours and not of the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

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


_BEGINNING: Final = "The function is being created."
"""AWS says so of an update, too (as recorded: lambda-alias-moving)."""


class IllegalLifecycleMove(Exception):  # noqa: N818 - reads as what it is
    """A function was to move from one state to another that does not follow it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifecycle:
    """Where a function stands, in AWS's words (GetFunctionConfiguration's State and LastUpdateStatus)."""

    state: str = "Pending"
    last_update_status: str = "Successful"

    def describe(self) -> dict[str, str]:
        """Tell it in boto3's shape, as recorded (lambda-qualifier, lambda-alias-moving)."""
        if self.state == "Pending":
            return {"State": "Pending", "StateReason": _BEGINNING, "StateReasonCode": "Creating"}
        told = {"State": self.state, "LastUpdateStatus": self.last_update_status}
        if self.last_update_status == "InProgress":
            told |= {"LastUpdateStatusReason": _BEGINNING, "LastUpdateStatusReasonCode": "Creating"}
        return told

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
