"""Begin an operation: the stack takes over what it is to become, its status says so, and the work is left to run.

Everything here happens at once, without waiting in between, so that two calls cannot both begin.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from pytest_rollbacklab.localaws.stacks.planning.changes import Change
from pytest_rollbacklab.localaws.stacks.planning.preparation import Prepared
from pytest_rollbacklab.localaws.stacks.refusals import cannot_be_deleted, cannot_be_updated, termination_protected
from pytest_rollbacklab.localaws.stacks.state.stack import Stack, now
from pytest_rollbacklab.localaws.stacks.state.statuses import DELETABLE, UPDATABLE
from pytest_rollbacklab.localaws.stacks.work.deletion import delete
from pytest_rollbacklab.localaws.stacks.work.deploying import create, update
from pytest_rollbacklab.localaws.stacks.work.engine import Afterwards, Engine

__all__ = ["launch_create", "launch_delete", "launch_update", "refuse_unless_updatable"]

_USER_INITIATED: Final = "User Initiated"


def _nothing(_stack: Stack) -> None:
    """Nobody waits for the end."""


def refuse_unless_updatable(stack: Stack) -> None:
    """Refuse to update a stack that is in progress, was never made, or is only good for deletion.

    Raises:
        ServiceError: ``ValidationError`` that names the status.
    """
    if stack.status not in UPDATABLE:
        raise cannot_be_updated(stack.stack_id, stack.status)


def launch_create(
    engine: Engine, stack: Stack, prepared: Prepared, token: str | None, afterwards: Afterwards = _nothing
) -> None:
    """Begin to make a stack.

    Args:
        afterwards: Told the stack when the work has ended, however it did.
    """
    _take_over(stack, prepared, token)
    stack.become("CREATE_IN_PROGRESS", _USER_INITIATED)
    run = engine.run_for(stack)
    engine.start(run, create(run, prepared.failure), afterwards)


def launch_update(
    engine: Engine,
    stack: Stack,
    prepared: Prepared,
    changes: Mapping[str, Change],
    token: str | None,
    afterwards: Afterwards = _nothing,
) -> None:
    """Begin to update a stack.

    Args:
        changes: The plan's.
        afterwards: Told the stack when the work has ended, however it did.

    Raises:
        ServiceError: it cannot be updated in its status.
    """
    refuse_unless_updatable(stack)
    if stack.status.endswith("_COMPLETE"):
        stack.stable = stack.deployment
    _take_over(stack, prepared, token)
    stack.updated_at = now()
    stack.become("UPDATE_IN_PROGRESS", _USER_INITIATED)
    run = engine.run_for(stack)
    engine.start(run, update(run, changes, prepared.failure), afterwards)


def launch_delete(engine: Engine, stack: Stack, retained: Collection[str], token: str | None) -> None:
    """Begin to delete a stack; one that is still being created stops being so.

    Raises:
        ServiceError: it is protected, or cannot be deleted in its status.
    """
    if stack.termination_protection:
        raise termination_protected(stack.name)
    if stack.status not in DELETABLE:
        raise cannot_be_deleted(stack.stack_id, stack.status)
    engine.abandon(stack)
    stack.token = token
    stack.change_set_id = None
    stack.retained, stack.undoes_creation = frozenset(retained), False
    stack.become("DELETE_IN_PROGRESS", _USER_INITIATED)
    run = engine.run_for(stack)
    engine.start(run, delete(run), _nothing)


def _take_over(stack: Stack, prepared: Prepared, token: str | None) -> None:
    stack.token = token
    stack.template_text = prepared.text
    if prepared.deployment is not None:
        stack.deployment = prepared.deployment
