"""CloudFormation's own types that only have to be there."""

from __future__ import annotations

from typing import Final

from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType

__all__ = ["TYPES"]


class WaitConditionHandle(ResourceType):
    """A handle that nothing waits for: CDK and SAM put one into a template that would else be empty."""

    type = "AWS::CloudFormation::WaitConditionHandle"
    _id = Name(property="Id", longest=255)

    async def create(self, request: Request) -> Attributes:
        host = f"cloudformation-waitcondition-{request.scope.region}.s3.amazonaws.com"
        handle = f"https://{host}/{request.named(self._id)}"
        request.made(handle)
        return {"Id": handle}

    async def delete(self, request: Request) -> None:
        """Leave nothing, as there was nothing."""


class Metadata(ResourceType):
    """CDK's record of what it was made with."""

    type = "AWS::CDK::Metadata"
    emulated = frozenset({"Analytics", "Modules"})
    _id = Name(property="Id", longest=255)

    async def create(self, request: Request) -> Attributes:
        made = request.named(self._id)
        request.made(made)
        return {"Id": made}

    async def delete(self, request: Request) -> None:
        """Leave nothing, as there was nothing."""


TYPES: Final = (WaitConditionHandle(), Metadata())
