"""An alarm: its settings, the state that it is in, and how it is shown.

An alarm may go from any of its three states to any other, so there is no table of moves here; what decides is
``evaluation``, and when is ``watch``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry.alarms.alarm_queries import show_query
from pytest_rollbacklab.localaws.telemetry.alarms.composite import CompositeSettings
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings
from pytest_rollbacklab.localaws.telemetry.metrics.statistics import SIMPLE_STATISTICS
from pytest_rollbacklab.localaws.telemetry.moments import from_epoch

__all__ = ["ALARM", "INSUFFICIENT_DATA", "OK", "Alarm", "AlarmState", "Transition", "alarm_arn", "show_alarm"]

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmState:
    """A state, why, and since when. Times are epoch seconds."""

    value: str
    reason: str
    reason_data: str | None
    """JSON."""
    updated_at: float
    transitioned_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """An alarm that went from one state to another."""

    arn: str
    settings: AlarmSettings | CompositeSettings
    configured_at: float
    """Epoch seconds."""
    old: AlarmState
    new: AlarmState


@dataclass(kw_only=True, slots=True)
class Alarm:
    """One alarm as it is now."""

    arn: str
    settings: AlarmSettings | CompositeSettings
    configured_at: float
    """Epoch seconds of the last PutMetricAlarm, or of actions switched on or off."""
    state: AlarmState
    settled_until: float | None = None
    """Epoch seconds up to which its state has been worked out; None for one that was never looked at."""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """MetricAlarm or CompositeAlarm."""
        return "CompositeAlarm" if isinstance(self.settings, CompositeSettings) else "MetricAlarm"

    @property
    def metric_settings(self) -> AlarmSettings:
        """Its settings; it is known to be a metric alarm."""
        assert isinstance(self.settings, AlarmSettings)
        return self.settings


def alarm_arn(scope: Scope, name: str) -> str:
    return f"arn:aws:cloudwatch:{scope.region}:{scope.account_id}:alarm:{name}"


def initial_state(now: float) -> AlarmState:
    """Return the state of an alarm that has not been looked at, as recorded."""
    return AlarmState(
        value=INSUFFICIENT_DATA,
        reason="Unchecked: Initial alarm creation",
        reason_data=None,
        updated_at=now,
        transitioned_at=now,
    )


def show_alarm(alarm: Alarm) -> dict[str, Any]:
    """Return the alarm as DescribeAlarms shows it: what was not set is not there, as recorded."""
    settings = alarm.settings
    own = _show_composite(settings) if isinstance(settings, CompositeSettings) else _show_metric(settings)
    shown = _show_any(alarm) | own
    return {name: value for name, value in shown.items() if value is not None}


def _show_any(alarm: Alarm) -> dict[str, Any]:
    settings, state = alarm.settings, alarm.state
    return {
        "AlarmName": settings.name,
        "AlarmArn": alarm.arn,
        "AlarmDescription": settings.description,
        "AlarmConfigurationUpdatedTimestamp": from_epoch(alarm.configured_at),
        "ActionsEnabled": settings.actions_enabled,
        **{name: list(arns) for name, arns in settings.actions.items()},
        "StateValue": state.value,
        "StateReason": state.reason,
        "StateReasonData": state.reason_data,
        "StateUpdatedTimestamp": from_epoch(state.updated_at),
        "StateTransitionedTimestamp": from_epoch(state.transitioned_at),
    }


def _show_composite(settings: CompositeSettings) -> dict[str, Any]:
    return {"AlarmRule": settings.rule_text}


def _show_metric(settings: AlarmSettings) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "EvaluationPeriods": settings.evaluation_periods,
        "DatapointsToAlarm": settings.datapoints_to_alarm,
        "Threshold": settings.threshold,
        "ComparisonOperator": settings.comparison,
        "TreatMissingData": settings.treat_missing_data,
        "EvaluateLowSampleCountPercentile": settings.evaluate_low_samples,
    }
    if settings.metric is None or settings.statistic is None:
        return shown | {"Metrics": [show_query(query) for query in settings.queries]}
    kind = "Statistic" if settings.statistic.name in SIMPLE_STATISTICS else "ExtendedStatistic"
    return {
        "MetricName": settings.metric.name,
        "Namespace": settings.metric.namespace,
        kind: settings.statistic.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in settings.metric.dimensions],
        "Period": settings.period_s,
        "Unit": settings.unit,
    } | shown
