"""Go back to where a stack was before an operation that failed.

A failed creation deletes what it made. A failed update puts what it updated back to the properties that it had, in the
order of the template that it goes back to, and then deletes what it made, replacements included. A rollback that fails
itself leaves the stack's record of what is still to be put back, for the operation that will continue it.
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.stacks.state.stack import Resource, now
from pytest_rollbacklab.localaws.stacks.work.changing import begin_restoration
from pytest_rollbacklab.localaws.stacks.work.deleting import delete_all
from pytest_rollbacklab.localaws.stacks.work.run import Run
from pytest_rollbacklab.localaws.stacks.work.walk import walk

__all__ = ["clean_up_rollback", "go_back", "roll_back_creation", "roll_back_update", "undo_creation"]


async def roll_back_creation(run: Run, failure: str) -> None:
    """Do what the caller asked for in case of a failure: roll back, delete the stack, or leave everything."""
    stack = run.stack
    if stack.disable_rollback or stack.on_failure == "DO_NOTHING":
        stack.become("CREATE_FAILED", failure)
        return
    stack.undoes_creation = deletes = stack.on_failure == "DELETE"
    requested = "Delete" if deletes else "Rollback"
    stack.deleted_at = now()
    separator = "" if failure.endswith(" ") else ". "
    during = "DELETE_IN_PROGRESS" if deletes else "ROLLBACK_IN_PROGRESS"
    stack.become(during, f"{failure}{separator}{requested} requested by user.")
    await undo_creation(run)


async def undo_creation(run: Run) -> None:
    """Delete what a failed creation made; the stack is in ROLLBACK_IN_PROGRESS, or in DELETE_IN_PROGRESS."""
    stack = run.stack
    kind = stack.status.removesuffix("_IN_PROGRESS")
    run.failed["delete"].clear()
    await delete_all(run, list(stack.resources.values()), _retained_on_creation)
    stack.outputs = ()
    if run.failed["delete"]:
        stack.become(
            f"{kind}_FAILED", f"The following resource(s) failed to delete: [{', '.join(run.failed['delete'])}]. "
        )
    else:
        stack.touched.clear()
        stack.become(f"{kind}_COMPLETE")


async def roll_back_update(run: Run, failure: str) -> None:
    """Put everything back that the update touched, then delete what it made."""
    run.stack.become("UPDATE_ROLLBACK_IN_PROGRESS", failure)
    await go_back(run)


async def go_back(run: Run) -> None:
    """Do what is left of an update's rollback; the stack is in UPDATE_ROLLBACK_IN_PROGRESS."""
    stack = run.stack
    assert stack.stable is not None, "an update is only rolled back to a deployment that was whole"
    stack.deployment, stack.template_text = stack.stable, stack.stable.text
    back = Run(aws=run.aws, stack=stack, stacks=run.stacks)
    await walk(stack.stable.blueprint.graph, lambda logical_id: begin_restoration(back, logical_id))
    if back.failures():
        stack.become("UPDATE_ROLLBACK_FAILED", back.failures())
        return
    stack.become("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
    await clean_up_rollback(back)


async def clean_up_rollback(run: Run) -> None:
    """Delete what an update made that was rolled back; the stack is in its clean-up."""
    stack = run.stack
    made = [stack.resources[logical_id] for logical_id, item in stack.touched.items() if item.before is None]
    replacements = set(map(id, stack.leftovers))
    await delete_all(
        run,
        [*stack.leftovers, *made],
        lambda resource: id(resource) not in replacements and _retained_on_creation(resource),
    )
    for resource in made:
        del stack.resources[resource.logical_id]
    stack.touched.clear()
    stack.leftovers = ()
    lost = "One or more resources could not be deleted." if run.failed["delete"] else None
    stack.become("UPDATE_ROLLBACK_COMPLETE", lost)


def _retained_on_creation(resource: Resource) -> bool:
    return resource.deletion_policy == "Retain"
