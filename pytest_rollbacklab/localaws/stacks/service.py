"""CloudFormation as a service: the operations, and the engine that they work with."""

from __future__ import annotations

from typing import Final

from pytest_rollbacklab.localaws.api import Aws, Service
from pytest_rollbacklab.localaws.stacks.api_change_sets import ChangeSetOperations
from pytest_rollbacklab.localaws.stacks.api_reads import ReadOperations
from pytest_rollbacklab.localaws.stacks.api_stacks import StackOperations
from pytest_rollbacklab.localaws.stacks.api_templates import TemplateOperations
from pytest_rollbacklab.localaws.stacks.engine import Engine

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
