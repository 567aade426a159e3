"""CloudFormation as a service: the operations, and the engine that they work with."""

from __future__ import annotations

from typing import Final

from pytest_rollbacklab.localaws.api import Aws, Service
from pytest_rollbacklab.localaws.stacks.operations.change_set_operations import ChangeSetOperations
from pytest_rollbacklab.localaws.stacks.operations.read_operations import ReadOperations
from pytest_rollbacklab.localaws.stacks.operations.stack_operations import StackOperations
from pytest_rollbacklab.localaws.stacks.operations.template_operations import TemplateOperations
from pytest_rollbacklab.localaws.stacks.work.engine import Engine

__all__ = ["Stacks"]

_PARTS: Final = (StackOperations, ChangeSetOperations, ReadOperations, TemplateOperations)


class Stacks:
    """CloudFormation.

    Args:
        aws: Every service of the local AWS: what the resources are made with, and S3 and SSM for templates.
    """

    def __init__(self, *, aws: Aws) -> None:
        self._engine = Engine(aws)
        self.service = Service(
            name="cloudformation",
            operations={name: work for part in _PARTS for name, work in part(self._engine).operations.items()},
        )

    async def settled(self) -> None:
        """Wait until no stack is in progress."""
        await self._engine.settled()

    async def close(self) -> None:
        """Stop what is in progress; stacks stay as they are at that moment."""
        await self._engine.close()
