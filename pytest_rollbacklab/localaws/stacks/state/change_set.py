"""A change set: a deployment that is described before it is executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pytest_rollbacklab.localaws.stacks.planning.changes import Change
from pytest_rollbacklab.localaws.stacks.state.stack import Deployment, Stack, now
from pytest_rollbacklab.localaws.stacks.state.statuses import CHANGE_SET_EXECUTION_MOVES, move
from pytest_rollbacklab.localaws.stacks.state.watched import nobody

__all__ = ["NO_CHANGES", "ChangeSet"]

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


@dataclass(kw_only=True, slots=True)
class ChangeSet:
    """A change set; only its execution status changes."""

    change_set_id: str
    name: str
    stack_id: str
    stack_name: str
    template_text: str
    deployment: Deployment | None
    """None when the template's transform failed."""
    changes: Mapping[str, Change]
    status: str
    """CREATE_COMPLETE or FAILED: a change set is made in the call that asks for it."""
    status_reason: str | None
    description: str | None
    tags: Mapping[str, str]
    capabilities: Sequence[str]
    options: Mapping[str, Any]
    """The call's own parameters that are shown again."""
    created_at: datetime = field(default_factory=now)
    execution_status: str = ""
    told: Callable[[str], None] = nobody
    """Told its id when its execution status changes."""

    def __post_init__(self) -> None:
        self.become("UNAVAILABLE" if self.status == "FAILED" else "AVAILABLE")

    @property
    def was_executed(self) -> bool:
        """Tell whether it is history, which keeps neither its name taken nor a place in lists."""
        return self.execution_status.startswith("EXECUTE_")

    def executed(self, stack: Stack) -> None:
        """Take note of how the execution ended."""
        succeeded = stack.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
        self.become("EXECUTE_COMPLETE" if succeeded else "EXECUTE_FAILED")

    def become(self, execution_status: str) -> None:
        """Move to another execution status.

        Raises:
            IllegalStatusMoveError: it cannot follow the one it has.
        """
        self.execution_status = move(
            CHANGE_SET_EXECUTION_MOVES, f"change set {self.name}", self.execution_status, execution_status
        )
        self.told(self.change_set_id)
