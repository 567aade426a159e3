"""Create and update a stack: the order of things, and what happens when one of them fails.

    CREATE_IN_PROGRESS -> CREATE_COMPLETE
                       -> ROLLBACK_IN_PROGRESS -> ROLLBACK_COMPLETE
    UPDATE_IN_PROGRESS -> UPDATE_COMPLETE_CLEANUP_IN_PROGRESS -> UPDATE_COMPLETE
                       -> UPDATE_ROLLBACK_IN_PROGRESS -> UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS
                                                      -> UPDATE_ROLLBACK_COMPLETE

Nothing that was there before is deleted until everything new stands: going back is always possible without making
anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.stacks.planning.changes import Change
from pytest_rollbacklab.localaws.stacks.refusals import invalid
from pytest_rollbacklab.localaws.stacks.state.exports import refuse_conflicts
from pytest_rollbacklab.localaws.stacks.state.stack import Output, Resource
from pytest_rollbacklab.localaws.stacks.templates.evaluation import Evaluator
from pytest_rollbacklab.localaws.stacks.templates.intrinsics import text_of
from pytest_rollbacklab.localaws.stacks.templates.references import import_names
from pytest_rollbacklab.localaws.stacks.templates.template import OutputDefinition
from pytest_rollbacklab.localaws.stacks.work.changing import begin_update
from pytest_rollbacklab.localaws.stacks.work.deleting import delete_all
from pytest_rollbacklab.localaws.stacks.work.making import begin_creation
from pytest_rollbacklab.localaws.stacks.work.rollback import roll_back_creation, roll_back_update
from pytest_rollbacklab.localaws.stacks.work.run import Run
from pytest_rollbacklab.localaws.stacks.work.walk import Work, walk

__all__ = ["clean_up", "create", "end_update", "update"]


async def create(run: Run, failure: str | None = None) -> None:
    """Make everything; the stack is in CREATE_IN_PROGRESS.

    Args:
        failure: Why there is nothing to make: the template's transform failed.
    """
    if failure is None:
        await walk(run.blueprint.graph, lambda name: begin_creation(run, run.blueprint.resources[name]))
        if run.abandoned:
            return
        failure = run.failures() or _take_over_outputs(run)
    if failure:
        await roll_back_creation(run, failure)
    else:
        run.stack.touched.clear()
        run.stack.become("CREATE_COMPLETE")


async def update(run: Run, changes: Mapping[str, Change], failure: str | None = None) -> None:
    """Make everything be as the deployment says; the stack is in UPDATE_IN_PROGRESS.

    Args:
        changes: The plan's; what is not in it is not touched.
        failure: Why there is nothing to bring about: the template's transform failed.
    """
    stack = run.stack
    if failure is None:
        await _clear_the_way(run)
        await walk(run.blueprint.graph, lambda name: _begin(run, changes.get(name), name))
        failure = run.failures() or _take_over_outputs(run)
    if failure:
        await end_update(run, failure)
    else:
        stack.become("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        await clean_up(run)


async def end_update(run: Run, failure: str) -> None:
    """Do what the caller asked for in case of a failure: roll back, or leave everything as it is."""
    if run.stack.disable_rollback or run.stack.stable is None:
        run.stack.become("UPDATE_FAILED", failure)
    else:
        await roll_back_update(run, failure)


def _begin(run: Run, change: Change | None, name: str) -> Work | None:
    if change is None:
        return None
    definition = run.blueprint.resources[name]
    return begin_creation(run, definition) if change.action == "Add" else begin_update(run, definition)


async def _clear_the_way(run: Run) -> None:
    """Delete what an update that failed and was left as it was had half made, before it is made anew."""
    half_made = [resource for resource in run.stack.leftovers if resource.attempts]
    if half_made:
        await delete_all(Run(aws=run.aws, stack=run.stack, stacks=run.stacks), half_made, lambda _resource: False)
        # Taken from the record only now: until then they stand.
        run.stack.leftovers = tuple(resource for resource in run.stack.leftovers if not resource.attempts)


async def clean_up(run: Run) -> None:
    """Delete what the update replaced, and what its template has no more; the stack is in its clean-up."""
    stack = run.stack
    removed = [resource for name, resource in stack.resources.items() if name not in run.blueprint.resources]

    def retained(resource: Resource) -> bool:
        current = stack.resources.get(resource.logical_id)
        policy = resource.deletion_policy if current is resource else _replace_policy(run, resource)
        return policy != "Delete"

    await delete_all(run, [*stack.replaced(), *stack.leftovers, *removed], retained)
    for resource in removed:
        del stack.resources[resource.logical_id]
    stack.touched.clear()
    stack.leftovers = ()
    lost = "Update successful. One or more resources could not be deleted." if run.failed["delete"] else None
    stack.become("UPDATE_COMPLETE", lost)


def _replace_policy(run: Run, resource: Resource) -> str:
    """Return the policy of the template by which the resource was replaced."""
    definition = run.blueprint.resources.get(resource.logical_id)
    return definition.update_replace_policy if definition else resource.update_replace_policy


def _take_over_outputs(run: Run) -> str | None:
    """Set the stack's outputs and what it imports; return what is wrong with them."""
    evaluator, blueprint = run.evaluator(), run.blueprint
    try:
        outputs = tuple(_output(item, evaluator) for item in blueprint.outputs)
        refuse_conflicts(run.stack, run.stacks, outputs)
        used = [
            *(item.properties for item in blueprint.resources.values()),
            *(item.value for item in blueprint.outputs),
        ]
        imports = frozenset(text_of(evaluator.evaluate(name)) for name in import_names(used))
    except ServiceError as error:
        return error.message
    run.stack.outputs, run.stack.imports = outputs, imports
    return None


def _output(definition: OutputDefinition, evaluator: Evaluator) -> Output:
    value = evaluator.evaluate(definition.value)
    if isinstance(value, (Mapping, list)):
        raise invalid(
            "Template format error: The Value field of every Outputs member must evaluate to a String. "
            f"[/Outputs/{definition.key}/Value]"
        )
    name = None if definition.export_name is None else text_of(evaluator.evaluate(definition.export_name))
    return Output(key=definition.key, value=text_of(value), description=definition.description, export_name=name)
