"""Delete a stack."""

from __future__ import annotations

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.stacks.state.exports import refuse_while_imported
from pytest_rollbacklab.localaws.stacks.state.stack import now
from pytest_rollbacklab.localaws.stacks.work.deleting import delete_all
from pytest_rollbacklab.localaws.stacks.work.run import Run

__all__ = ["delete"]


async def delete(run: Run) -> None:
    """Delete every resource but those that are retained, those that depend on others first.

    The stack is in DELETE_IN_PROGRESS.
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
        lambda resource: resource.deletion_policy != "Delete" or resource.logical_id in stack.retained,
    )
    if run.failed["delete"]:
        stack.become("DELETE_FAILED", run.failures())
        return
    stack.leftovers = ()
    stack.touched.clear()
    stack.become("DELETE_COMPLETE")
