"""Take up what was under way when the local AWS was stopped: no stack stays in progress.

What makes something new is not taken up but ends as a failed operation does, for what a handler had in its hands is
gone with it; what goes back, or clears away, goes on to its end:

    CREATE_IN_PROGRESS                            what was in progress has failed; rolled back, deleted or left as asked
    UPDATE_IN_PROGRESS                            the same; back to the last deployment that was whole, unless left
    UPDATE_COMPLETE_CLEANUP_IN_PROGRESS           goes on, to UPDATE_COMPLETE
    UPDATE_ROLLBACK_IN_PROGRESS, and its clean-up go on, to UPDATE_ROLLBACK_COMPLETE
    ROLLBACK_IN_PROGRESS, DELETE_IN_PROGRESS      go on; what is gone already counts as deleted

Whether a resource exists is known: a call of a service within the local AWS does not wait for anything, so that the
thing that it makes and its physical id (``Request.made``) come about in one step of the event loop, and are kept
together or not at all. A resource in progress without a physical id was not made. One whose update was under way may
have been changed or not; its attempted properties are on record, and going back starts from either.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.state.stack import Resource, Stack
from pytest_rollbacklab.localaws.stacks.state.store import Store
from pytest_rollbacklab.localaws.stacks.work.deletion import delete
from pytest_rollbacklab.localaws.stacks.work.deploying import clean_up, end_update
from pytest_rollbacklab.localaws.stacks.work.engine import Afterwards, Engine
from pytest_rollbacklab.localaws.stacks.work.making import keep_the_old
from pytest_rollbacklab.localaws.stacks.work.rollback import (
    clean_up_rollback,
    go_back,
    roll_back_creation,
    undo_creation,
)
from pytest_rollbacklab.localaws.stacks.work.run import Run

__all__ = ["INTERRUPTED", "resume"]

INTERRUPTED: Final = "Resource handler was interrupted: the local AWS was stopped"
_STOPPED: Final = "The local AWS was stopped during the operation. "


def resume(engine: Engine) -> None:
    """Begin to bring every stack that is in progress to an end."""
    for _scope, store in engine.stores.items():  # noqa: PERF102 - no dict
        for stack in list(store.stacks.values()):
            if stack.in_progress:
                run = engine.run_for(stack)
                engine.start(run, _take_up(run), _afterwards(store, stack))
            else:
                _afterwards(store, stack)(stack)


def _afterwards(store: Store, stack: Stack) -> Afterwards:
    """Return what ends the change sets whose execution was under way."""
    executed = [item for item in store.change_sets_of(stack) if item.execution_status == "EXECUTE_IN_PROGRESS"]

    def end(stack: Stack) -> None:
        for change_set in executed:
            change_set.executed(stack)

    return end


async def _take_up(run: Run) -> None:
    status = run.stack.status
    for resource in list(run.stack.resources.values()):
        _end_step(run, resource)
    await _WAYS[status](run)


def _end_step(run: Run, resource: Resource) -> None:
    """Let a step that was making something have failed; one that takes away, or puts back, is done again."""
    stack = run.stack
    if resource.status == "CREATE_IN_PROGRESS":
        # What was in the way when it was to be made may still stand, and is the stack's to delete.
        in_the_way = resource.instead_of.physical_id if resource.instead_of else ""
        physical_id = resource.physical_id or in_the_way
        run.fail(resource, "CREATE_FAILED", INTERRUPTED, physical_id=physical_id, instead_of=None)
    elif resource.status == "UPDATE_IN_PROGRESS" and resource.instead_of is not None:
        keep_the_old(run, resource.instead_of, resource, INTERRUPTED)
    elif resource.status == "UPDATE_IN_PROGRESS" and stack.status != "UPDATE_ROLLBACK_IN_PROGRESS":
        run.fail(resource, "UPDATE_FAILED", INTERRUPTED)


async def _create(run: Run) -> None:
    await roll_back_creation(run, run.failures() or _STOPPED)


async def _update(run: Run) -> None:
    await end_update(run, run.failures() or _STOPPED)


async def _delete(run: Run) -> None:
    await (undo_creation(run) if run.stack.undoes_creation else delete(run))


_WAYS: Final[dict[str, Callable[[Run], Coroutine[Any, Any, None]]]] = {
    "CREATE_IN_PROGRESS": _create,
    "DELETE_IN_PROGRESS": _delete,
    "ROLLBACK_IN_PROGRESS": undo_creation,
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": clean_up,
    "UPDATE_IN_PROGRESS": _update,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": clean_up_rollback,
    "UPDATE_ROLLBACK_IN_PROGRESS": go_back,
}
