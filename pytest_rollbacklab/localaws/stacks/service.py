"""CloudFormation as a service: the operations, and the engine that they work with."""

from __future__ import annotations

from typing import Final

from pytest_rollbacklab.localaws.api import Aws, Service
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper, Part
from pytest_rollbacklab.localaws.stacks.operations.change_set_operations import ChangeSetOperations
from pytest_rollbacklab.localaws.stacks.operations.read_operations import ReadOperations
from pytest_rollbacklab.localaws.stacks.operations.stack_operations import StackOperations
from pytest_rollbacklab.localaws.stacks.operations.template_operations import TemplateOperations
from pytest_rollbacklab.localaws.stacks.state.kept import KeptStacks
from pytest_rollbacklab.localaws.stacks.work.engine import Engine
from pytest_rollbacklab.localaws.stacks.work.resuming import resume

__all__ = ["Stacks"]

_PARTS: Final = (StackOperations, ChangeSetOperations, ReadOperations, TemplateOperations)


class Stacks:
    """CloudFormation.

    Args:
        aws: Every service of the local AWS: what the resources are made with, and S3 and SSM for templates.
        keeper: Hears of every change.
    """

    def __init__(self, *, aws: Aws, keeper: Keeper | None = None) -> None:
        kept = KeptStacks(keeper or Forgetful())
        self._engine = Engine(aws, kept.stores)
        self.parts: tuple[Part, ...] = (kept,)
        self.service = Service(
            name="cloudformation",
            operations={name: work for part in _PARTS for name, work in part(self._engine).operations.items()},
        )

    async def resume(self) -> None:
        """Take up the operations that were under way when the state was kept.

        They run on after the return, as after the call that began them. Everything must have been restored, and the
        services that the resources are of must answer.
        """
        resume(self._engine)

    async def settled(self) -> None:
        """Wait until no stack is in progress."""
        await self._engine.settled()

    async def close(self) -> None:
        """Stop what is in progress; stacks stay as they are at that moment."""
        await self._engine.close()
