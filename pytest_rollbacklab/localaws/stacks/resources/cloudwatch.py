"""CloudWatch: alarms. An alarm is put whole, whether it is there or not."""

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


class Alarm(ResourceType):
    type = "AWS::CloudWatch::Alarm"
    emulated = frozenset({*_ALARM, "AlarmName", "Tags"})
    name = Name(property="AlarmName", longest=255)

    async def create(self, request: Request) -> Attributes:
        name = request.named(self.name)
        await request.call(
            "cloudwatch", "PutMetricAlarm", AlarmName=name, **taken(request.properties, (*_ALARM, "Tags"))
        )
        request.made(name)
        return {"Arn": request.arn("cloudwatch", f"alarm:{name}")}

    async def update(self, request: Request) -> Attributes:
        arn = request.attributes["Arn"]
        if request.changes(*_ALARM):
            wanted = taken(request.properties, _ALARM)
            await request.call("cloudwatch", "PutMetricAlarm", AlarmName=request.physical_id, **wanted)
        if tags := new_tags(request):
            await request.call("cloudwatch", "TagResource", ResourceARN=arn, Tags=tag_list(tags))
        if keys := gone_tags(request):
            await request.call("cloudwatch", "UntagResource", ResourceARN=arn, TagKeys=keys)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there("cloudwatch", "DeleteAlarms", AlarmNames=[request.physical_id])


TYPES: Final = (Alarm(),)
