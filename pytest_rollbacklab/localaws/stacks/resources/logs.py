"""CloudWatch Logs: log groups, and the metric and subscription filters on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken
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


class MetricFilter(ResourceType):
    type = "AWS::Logs::MetricFilter"
    emulated = frozenset({"FilterName", "FilterPattern", "LogGroupName", "MetricTransformations"})
    name = Name(property="FilterName", longest=512, unique=False)

    async def create(self, request: Request) -> Attributes:
        name = request.named(self.name)
        await self._put(request, name)
        request.made(name)
        return {}

    async def update(self, request: Request) -> Attributes:
        await self._put(request, request.physical_id)
        return {}

    async def delete(self, request: Request) -> None:
        group = request.properties["LogGroupName"]
        await request.call_if_there("logs", "DeleteMetricFilter", logGroupName=group, filterName=request.physical_id)

    async def _put(self, request: Request, name: str) -> None:
        await request.call(
            "logs",
            "PutMetricFilter",
            logGroupName=request.properties["LogGroupName"],
            filterName=name,
            filterPattern=request.properties["FilterPattern"],
            metricTransformations=[_transformation(one) for one in request.properties["MetricTransformations"]],
        )


class SubscriptionFilter(ResourceType):
    type = "AWS::Logs::SubscriptionFilter"
    emulated = frozenset({"DestinationArn", "Distribution", "FilterName", "FilterPattern", "LogGroupName", "RoleArn"})
    name = Name(property="FilterName", longest=512, unique=False)

    async def create(self, request: Request) -> Attributes:
        name = request.named(self.name)
        await self._put(request, name)
        request.made(name)
        return {}

    async def update(self, request: Request) -> Attributes:
        await self._put(request, request.physical_id)
        return {}

    async def delete(self, request: Request) -> None:
        group = request.properties["LogGroupName"]
        await request.call_if_there(
            "logs", "DeleteSubscriptionFilter", logGroupName=group, filterName=request.physical_id
        )

    async def _put(self, request: Request, name: str) -> None:
        given = taken(
            request.properties, ("LogGroupName", "FilterPattern", "DestinationArn", "Distribution", "RoleArn")
        )
        await request.call(
            "logs",
            "PutSubscriptionFilter",
            filterName=name,
            **{member[0].lower() + member[1:]: value for member, value in given.items()},
        )


def _transformation(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a transformation as the API takes it: its dimensions are a map there."""
    made = {name[0].lower() + name[1:]: value for name, value in given.items()}
    if "Dimensions" in given:
        made["dimensions"] = {one["Key"]: one["Value"] for one in given["Dimensions"]}
    return made


TYPES: Final = (LogGroup(), MetricFilter(), SubscriptionFilter())
