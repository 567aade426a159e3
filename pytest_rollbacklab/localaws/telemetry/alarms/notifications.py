"""What CloudWatch tells of a transition: the JSON for SNS topics, and the event for Lambda functions.

Members, their order and their quirks are those of notifications that were recorded or published: a single metric's
statistic in capitals, dimensions by ``value`` and ``name``, nothing where TreatMissingData was left out, and the
region by its name.
"""

from __future__ import annotations

import json
import uuid
from functools import cache
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry.alarms.alarm import AlarmState, Transition
from pytest_rollbacklab.localaws.telemetry.alarms.composite import CompositeSettings
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings
from pytest_rollbacklab.localaws.telemetry.metrics.queries import MetricStat, Query
from pytest_rollbacklab.localaws.telemetry.metrics.statistics import SIMPLE_STATISTICS
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricId
from pytest_rollbacklab.localaws.telemetry.moments import iso_milliseconds

__all__ = ["function_event", "subject", "topic_message"]

_MAX_SUBJECT = 100


def subject(scope: Scope, transition: Transition) -> str:
    """Return the subject of a notification: ``ALARM: "errors" in EU (Ireland)``, cut to what SNS takes."""
    whole = f'{transition.new.value}: "{transition.settings.name}" in {_region_name(scope.region)}'
    return whole if len(whole) <= _MAX_SUBJECT else f"{whole[: _MAX_SUBJECT - 3]}..."


def topic_message(scope: Scope, transition: Transition) -> str:
    """Return the JSON that a topic is told."""
    settings, new = transition.settings, transition.new
    message: dict[str, Any] = {
        "AlarmName": settings.name,
        "AlarmDescription": settings.description,
        "AWSAccountId": scope.account_id,
        "AlarmConfigurationUpdatedTimestamp": iso_milliseconds(transition.configured_at),
        "NewStateValue": new.value,
        "NewStateReason": new.reason,
        "StateChangeTime": iso_milliseconds(new.updated_at),
        "Region": _region_name(scope.region),
        "AlarmArn": transition.arn,
    }
    actions = {kind: list(arns) for kind, arns in settings.actions.items()}
    old = {"OldStateValue": transition.old.value}
    if isinstance(settings, CompositeSettings):
        del message["AlarmConfigurationUpdatedTimestamp"]
        rest = {"AlarmRule": settings.rule_text, "TriggeringChildren": _children(new)}
        message |= actions | old | rest
    else:
        message |= old | actions | {"Trigger": _trigger(settings)}
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def function_event(scope: Scope, transition: Transition) -> dict[str, Any]:
    """Return the event that a function is invoked with."""
    return {
        "source": "aws.cloudwatch",
        "alarmArn": transition.arn,
        "accountId": scope.account_id,
        "time": iso_milliseconds(transition.new.updated_at),
        "region": scope.region,
        "alarmData": {
            "alarmName": transition.settings.name,
            "state": _event_state(transition.new),
            "previousState": _event_state(transition.old),
            "configuration": _event_configuration(transition.settings),
        },
    }


def _children(state: AlarmState) -> list[dict[str, Any]]:
    found = json.loads(state.reason_data or "{}").get("triggeringAlarms", [])
    return [
        {"Arn": child["arn"], "State": {"Value": child["state"]["value"], "Timestamp": child["state"]["timestamp"]}}
        for child in found
    ]


def _trigger(settings: AlarmSettings) -> dict[str, Any]:
    rest: dict[str, Any] = {
        "Period": settings.period_s,
        "EvaluationPeriods": settings.evaluation_periods,
        **({"DatapointsToAlarm": settings.datapoints_to_alarm} if settings.datapoints_to_alarm else {}),
        "ComparisonOperator": settings.comparison,
        "Threshold": settings.threshold,
        "TreatMissingData": settings.treat_missing_data or "",
        "EvaluateLowSampleCountPercentile": settings.evaluate_low_samples or "",
    }
    if settings.metric is None or settings.statistic is None:
        return rest | {"Metrics": [_topic_query(query) for query in settings.queries]}
    name = settings.statistic.name
    kind = "Statistic" if name in SIMPLE_STATISTICS else "ExtendedStatistic"
    return {
        "MetricName": settings.metric.name,
        "Namespace": settings.metric.namespace,
        "StatisticType": kind,
        kind: _STATISTICS.get(name, name),
        "Unit": settings.unit,
        "Dimensions": _pairs(settings.metric),
    } | rest


_STATISTICS = {
    "Average": "AVERAGE",
    "Sum": "SUM",
    "Minimum": "MINIMUM",
    "Maximum": "MAXIMUM",
    "SampleCount": "SAMPLE_COUNT",
}


def _pairs(metric: MetricId) -> list[dict[str, str]]:
    return [{"value": value, "name": name} for name, value in metric.dimensions]


def _topic_query(query: Query) -> dict[str, Any]:
    source = query.source
    label = {"Label": query.label} if query.label else {}
    if not isinstance(source, MetricStat):
        return {"Expression": source.text, "Id": query.id, **label, "ReturnData": query.wanted}
    metric = {
        "Dimensions": _pairs(source.metric),
        "MetricName": source.metric.name,
        "Namespace": source.metric.namespace,
    }
    stat = {"Metric": metric, "Period": source.period_s, "Stat": source.statistic.name}
    unit = {"Unit": source.unit} if source.unit else {}
    return {"Id": query.id, **label, "MetricStat": stat | unit, "ReturnData": query.wanted}


def _event_state(state: AlarmState) -> dict[str, Any]:
    data = {"reasonData": state.reason_data} if state.reason_data else {}
    return {"value": state.value, "reason": state.reason, **data, "timestamp": iso_milliseconds(state.updated_at)}


def _event_configuration(settings: AlarmSettings | CompositeSettings) -> dict[str, Any]:
    description = {} if settings.description is None else {"description": settings.description}
    if isinstance(settings, CompositeSettings):
        return description | {"alarmRule": settings.rule_text}
    if settings.queries:
        return description | {"metrics": [_event_query(query) for query in settings.queries]}
    (stat,) = settings.stats
    one = {"id": str(uuid.uuid4()), "metricStat": _event_stat(stat), "returnData": True}
    return description | {"metrics": [one]}


def _event_query(query: Query) -> dict[str, Any]:
    source = query.source
    label = {"label": query.label} if query.label else {}
    what = {"metricStat": _event_stat(source)} if isinstance(source, MetricStat) else {"expression": source.text}
    return {"id": query.id, **what, **label, "returnData": query.wanted}


def _event_stat(stat: MetricStat) -> dict[str, Any]:
    metric = {"namespace": stat.metric.namespace, "name": stat.metric.name, "dimensions": dict(stat.metric.dimensions)}
    unit = {"unit": stat.unit} if stat.unit else {}
    return {"metric": metric, "period": stat.period_s, "stat": stat.statistic.name, **unit}


@cache
def _region_name(region: str) -> str:
    """Return a region's name as notifications have it: ``EU (Ireland)``; botocore has them by another word."""
    import botocore.session  # it is there whenever something is served; a plain import costs everybody

    data = botocore.session.get_session().get_data("endpoints")
    for partition in data["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"]).replace("Europe (", "EU (")
    return region
