"""CloudWatch: alarms, on metrics and composite. An alarm is put whole, whether it is there or not."""

from __future__ import annotations

from typing import Final

from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken
from pytest_rollbacklab.localaws.stacks.resources.tags import gone_tags, new_tags, tag_list

__all__ = ["TYPES"]

_ALARM: Final = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluateLowSampleCountPercentile",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
)


_COMPOSITE: Final = (
    "ActionsEnabled",
    "ActionsSuppressor",
    "ActionsSuppressorExtensionPeriod",
    "ActionsSuppressorWaitPeriod",
    "AlarmActions",
    "AlarmDescription",
    "AlarmRule",
    "InsufficientDataActions",
    "OKActions",
)


class Alarm(ResourceType):
    type = "AWS::CloudWatch::Alarm"
    emulated = frozenset({*_ALARM, "AlarmName", "Tags"})
    name = Name(property="AlarmName", longest=255)
    operation = "PutMetricAlarm"
    settings: tuple[str, ...] = _ALARM

    async def create(self, request: Request) -> Attributes:
        name = request.named(self.name)
        given = taken(request.properties, (*self.settings, "Tags"))
        await request.call("cloudwatch", self.operation, AlarmName=name, **given)
        request.made(name)
        return {"Arn": request.arn("cloudwatch", f"alarm:{name}")}

    async def update(self, request: Request) -> Attributes:
        arn = request.attributes["Arn"]
        if request.changes(*self.settings):
            wanted = taken(request.properties, self.settings)
            await request.call("cloudwatch", self.operation, AlarmName=request.physical_id, **wanted)
        if tags := new_tags(request):
            await request.call("cloudwatch", "TagResource", ResourceARN=arn, Tags=tag_list(tags))
        if keys := gone_tags(request):
            await request.call("cloudwatch", "UntagResource", ResourceARN=arn, TagKeys=keys)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there("cloudwatch", "DeleteAlarms", AlarmNames=[request.physical_id])


class CompositeAlarm(Alarm):
    type = "AWS::CloudWatch::CompositeAlarm"
    emulated = frozenset({*_COMPOSITE, "AlarmName", "Tags"})
    operation = "PutCompositeAlarm"
    settings = _COMPOSITE


TYPES: Final = (Alarm(), CompositeAlarm())
