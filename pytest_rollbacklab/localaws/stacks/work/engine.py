"""Where operations on stacks run: each is a task, and the call that began it has long been answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Aws, Scope, Scoped
from pytest_rollbacklab.localaws.stacks.state.stack import Stack
from pytest_rollbacklab.localaws.stacks.state.store import Store
from pytest_rollbacklab.localaws.stacks.work.run import Run

__all__ = ["Afterwards", "Engine"]

logger = logging.getLogger(__name__)

Afterwards = Callable[[Stack], None]

# Where a stack is left when the engine itself stumbles.
_STRANDED: Final = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_FAILED",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Running:
    run: Run
    work: Coroutine[Any, Any, None]
    task: asyncio.Task[None]


class Engine:
    """The stores, and the operations that run on them.

    Args:
        aws: Every service, for the resources.
        stores: The stacks of each account and region.
    """

    def __init__(self, aws: Aws, stores: Scoped[Store]) -> None:
        self.aws = aws
        self.stores = stores
        self._running: dict[str, _Running] = {}

    def store(self, scope: Scope) -> Store:
        return self.stores.of(scope)

    def run_for(self, stack: Stack) -> Run:
        """Make what an operation on a stack needs."""
        return Run(aws=self.aws, stack=stack, stacks=self.store(stack.scope).stacks)

    def start(self, run: Run, work: Coroutine[Any, Any, None], afterwards: Afterwards) -> None:
        """Let an operation run; one that already runs on the stack is waited for first."""
        before = self._running.get(run.stack.stack_id)
        watched = self._watch(run, work, before.task if before else None, afterwards)
        task = asyncio.get_running_loop().create_task(watched)
        self._running[run.stack.stack_id] = _Running(run=run, work=work, task=task)

    def abandon(self, stack: Stack) -> None:
        """Let a creation that still runs stop where it is, for the stack is to be deleted."""
        running = self._running.get(stack.stack_id)
        if running is not None:
            running.run.halted = running.run.abandoned = True

    async def settled(self) -> None:
        """Wait until no operation runs."""
        while self._running:
            await asyncio.wait([running.task for running in self._running.values()])

    async def close(self) -> None:
        """Stop every operation where it is."""
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for running in self._running.values():
            running.work.close()
        self._running.clear()

    async def _watch(
        self, run: Run, work: Coroutine[Any, Any, None], before: asyncio.Task[None] | None, afterwards: Afterwards
    ) -> None:
        stack = run.stack
        try:
            if before is not None:
                await asyncio.wait([before])
            await work
        except Exception as error:
            # Nobody waits for this task: its failure is the stack's, told in its events and in the log.
            logger.exception("an operation on the stack %s failed", stack.name)
            if stack.status in _STRANDED:
                stack.become(_STRANDED[stack.status], f"Internal Failure: {error!r}")
        finally:
            afterwards(stack)
            running = self._running.get(stack.stack_id)
            if running is not None and running.task is asyncio.current_task():
                del self._running[stack.stack_id]
