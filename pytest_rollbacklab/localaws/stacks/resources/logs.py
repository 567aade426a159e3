"""CloudWatch Logs: log groups."""

from __future__ import annotations

from typing import Final

from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType
from pytest_rollbacklab.localaws.stacks.resources.tags import gone_tags, new_tags, tag_map

__all__ = ["TYPES"]


class LogGroup(ResourceType):
    type = "AWS::Logs::LogGroup"
    emulated = frozenset({"LogGroupName", "RetentionInDays", "Tags"})
    name = Name(property="LogGroupName", longest=512)

    async def create(self, request: Request) -> Attributes:
        name = request.named(self.name)
        tags = tag_map(request.properties.get("Tags"))
        await request.call("logs", "CreateLogGroup", logGroupName=name, **({"tags": tags} if tags else {}))
        request.made(name)
        if "RetentionInDays" in request.properties:
            await self._retain(request, name)
        return {"Arn": request.arn("logs", f"log-group:{name}:*")}

    async def update(self, request: Request) -> Attributes:
        if request.changes("RetentionInDays"):
            await self._retain(request, request.physical_id)
        arn = request.arn("logs", f"log-group:{request.physical_id}")
        if tags := new_tags(request):
            await request.call("logs", "TagResource", resourceArn=arn, tags=tags)
        if keys := gone_tags(request):
            await request.call("logs", "UntagResource", resourceArn=arn, tagKeys=keys)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there("logs", "DeleteLogGroup", logGroupName=request.physical_id)

    async def _retain(self, request: Request, name: str) -> None:
        days = request.properties.get("RetentionInDays")
        if days is None:
            await request.call("logs", "DeleteRetentionPolicy", logGroupName=name)
        else:
            await request.call("logs", "PutRetentionPolicy", logGroupName=name, retentionInDays=days)


TYPES: Final = (LogGroup(),)
