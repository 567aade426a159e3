"""Delete a stack."""

from __future__ import annotations

from collections.abc import Collection

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.stacks.state.exports import refuse_while_imported
from pytest_rollbacklab.localaws.stacks.state.stack import now
from pytest_rollbacklab.localaws.stacks.work.deleting import delete_all
from pytest_rollbacklab.localaws.stacks.work.run import Run

__all__ = ["delete"]


async def delete(run: Run, retained: Collection[str]) -> None:
    """Delete every resource, those that depend on others first; the stack is in DELETE_IN_PROGRESS.

    Args:
        retained: Logical ids to leave to themselves.
    """
    stack = run.stack
    try:
        refuse_while_imported(stack, run.stacks)
    except ServiceError as error:
        stack.become("DELETE_FAILED", error.message)
        return
    stack.deleted_at = now()
    await delete_all(
        run,
        [*stack.leftovers, *stack.replaced(), *stack.resources.values()],
        lambda resource: resource.deletion_policy != "Delete" or resource.logical_id in retained,
    )
    if run.failed["delete"]:
        stack.become("DELETE_FAILED", run.failures())
        return
    stack.leftovers.clear()
    stack.touched.clear()
    stack.become("DELETE_COMPLETE")
