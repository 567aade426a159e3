"""The statuses of stacks, resources and change sets, and which may follow which.

A move is validated and then made; one that is not in its table is a fault of this engine, never of a caller, and is
an ``IllegalStatusMoveError``. The stack's table is the one of AWS's "Stack status codes" page, import aside; some
statuses are in it that nothing reaches yet but that an operator can be in (continuing a rollback that failed).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "CHANGE_SET_EXECUTION_MOVES",
    "DELETABLE",
    "RESOURCE_MOVES",
    "STACK_MOVES",
    "UPDATABLE",
    "IllegalStatusMoveError",
    "move",
]

Moves = Mapping[str, frozenset[str]]


class IllegalStatusMoveError(Exception):
    """A status was to follow another that it cannot follow; names both and what could."""

    def __init__(self, what: str, current: str, to: str, allowed: frozenset[str]) -> None:
        super().__init__(f"{what} is {current} and cannot become {to}; from there it can become {sorted(allowed)}")


def _moves(table: Mapping[str, str]) -> Moves:
    return {status: frozenset(nexts.split()) for status, nexts in table.items()}


STACK_MOVES: Final = _moves(
    {
        "": "CREATE_IN_PROGRESS REVIEW_IN_PROGRESS",
        "REVIEW_IN_PROGRESS": "CREATE_IN_PROGRESS DELETE_IN_PROGRESS",
        "CREATE_IN_PROGRESS": "CREATE_COMPLETE CREATE_FAILED ROLLBACK_IN_PROGRESS DELETE_IN_PROGRESS",
        "CREATE_COMPLETE": "UPDATE_IN_PROGRESS DELETE_IN_PROGRESS",
        "CREATE_FAILED": "UPDATE_IN_PROGRESS ROLLBACK_IN_PROGRESS DELETE_IN_PROGRESS",
        "ROLLBACK_IN_PROGRESS": "ROLLBACK_COMPLETE ROLLBACK_FAILED",
        "ROLLBACK_COMPLETE": "DELETE_IN_PROGRESS",
        "ROLLBACK_FAILED": "DELETE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS": "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_FAILED UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
        "UPDATE_COMPLETE": "UPDATE_IN_PROGRESS DELETE_IN_PROGRESS",
        "UPDATE_FAILED": "UPDATE_IN_PROGRESS UPDATE_ROLLBACK_IN_PROGRESS DELETE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_ROLLBACK_FAILED",
        "UPDATE_ROLLBACK_FAILED": "UPDATE_ROLLBACK_IN_PROGRESS DELETE_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE": "UPDATE_IN_PROGRESS DELETE_IN_PROGRESS",
        "DELETE_IN_PROGRESS": "DELETE_COMPLETE DELETE_FAILED",
        "DELETE_FAILED": "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE": "",
    }
)

# A resource may report a status twice: CREATE_IN_PROGRESS comes again when the thing exists, DELETE_IN_PROGRESS when a
# deletion was interrupted and goes on.
RESOURCE_MOVES: Final = _moves(
    {
        "": "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS": "CREATE_IN_PROGRESS CREATE_COMPLETE CREATE_FAILED",
        "CREATE_COMPLETE": "UPDATE_IN_PROGRESS DELETE_IN_PROGRESS DELETE_SKIPPED",
        "CREATE_FAILED": "CREATE_IN_PROGRESS DELETE_IN_PROGRESS DELETE_COMPLETE DELETE_SKIPPED",
        "UPDATE_IN_PROGRESS": "UPDATE_IN_PROGRESS UPDATE_COMPLETE UPDATE_FAILED",
        "UPDATE_COMPLETE": "UPDATE_IN_PROGRESS DELETE_IN_PROGRESS DELETE_SKIPPED",
        "UPDATE_FAILED": "UPDATE_IN_PROGRESS UPDATE_COMPLETE DELETE_IN_PROGRESS DELETE_SKIPPED",
        "DELETE_IN_PROGRESS": "DELETE_IN_PROGRESS DELETE_COMPLETE DELETE_FAILED",
        "DELETE_FAILED": "DELETE_IN_PROGRESS DELETE_SKIPPED",
        "DELETE_COMPLETE": "",
        "DELETE_SKIPPED": "",
    }
)

CHANGE_SET_EXECUTION_MOVES: Final = _moves(
    {
        "": "AVAILABLE UNAVAILABLE",
        "AVAILABLE": "EXECUTE_IN_PROGRESS OBSOLETE",
        "UNAVAILABLE": "",
        "EXECUTE_IN_PROGRESS": "EXECUTE_COMPLETE EXECUTE_FAILED",
        "EXECUTE_COMPLETE": "",
        "EXECUTE_FAILED": "",
        "OBSOLETE": "",
    }
)

UPDATABLE: Final = frozenset(status for status, nexts in STACK_MOVES.items() if "UPDATE_IN_PROGRESS" in nexts)
DELETABLE: Final = frozenset(status for status, nexts in STACK_MOVES.items() if "DELETE_IN_PROGRESS" in nexts)


def move(table: Moves, what: str, current: str, to: str) -> str:
    """Return ``to`` when it may follow ``current``.

    Args:
        what: Whose status it is, for the error.

    Raises:
        IllegalStatusMoveError: the table does not have the move.
    """
    allowed = table.get(current, frozenset())
    if to not in allowed:
        raise IllegalStatusMoveError(what, current, to, allowed)
    return to
