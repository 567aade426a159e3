"""What an alarm was told: PutMetricAlarm's parameters, read and checked.

An alarm watches one metric against one number. What other kinds of alarm need (metric math, anomaly bands, PromQL,
wall-clock windows, warm-up) is refused by name. Error texts are AWS's where they are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.telemetry.alarms.comparisons import ANOMALY_COMPARISONS, COMPARISONS
from pytest_rollbacklab.localaws.telemetry.metrics.datum import read_dimensions, read_unit
from pytest_rollbacklab.localaws.telemetry.metrics.faults import (
    clashing,
    invalid_value,
    required,
    too_many,
    validation_error,
)
from pytest_rollbacklab.localaws.telemetry.metrics.statistics import SIMPLE_STATISTICS, Statistic, read_statistic
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricId, metric_id
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, not_emulated

__all__ = ["ACTION_LISTS", "AlarmSettings", "read_settings"]


ACTION_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")

_MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")
_LOW_SAMPLES = ("evaluate", "ignore")
_NOT_EMULATED = (
    "Metrics",
    "ThresholdMetricId",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "ActionConfiguration",
)
_MAX_ACTIONS = 5
_SHORT_PERIODS_S = (10, 20, 30)
_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


@dataclass(frozen=True, kw_only=True, slots=True)
class AlarmSettings:
    """One metric alarm's configuration."""

    name: str
    description: str | None
    actions_enabled: bool
    actions: Mapping[str, tuple[str, ...]]
    """ARNs by ``ACTION_LISTS``."""
    metric: MetricId
    statistic: Statistic
    period_s: int
    unit: str | None
    evaluation_periods: int
    """N of "M out of N"."""
    datapoints_to_alarm: int | None
    """M as it was given; without it, all N."""
    comparison: str
    threshold: float
    treat_missing_data: str | None
    evaluate_low_samples: str | None

    @property
    def needed(self) -> int:
        """How many datapoints have to breach."""
        return self.datapoints_to_alarm or self.evaluation_periods

    @property
    def missing_data(self) -> str:
        """How missing data is treated. DynamoDB's alarms always ignore it, as PutMetricAlarm's page documents."""
        return "ignore" if self.metric.namespace == "AWS/DynamoDB" else self.treat_missing_data or "missing"

    @property
    def tick_s(self) -> int:
        """How often AWS evaluates: each minute, and each ten seconds for a high-resolution alarm."""
        return 60 if self.period_s not in _SHORT_PERIODS_S else 10


def read_settings(params: Mapping[str, Any]) -> AlarmSettings:
    """Return the settings that a PutMetricAlarm call asks for.

    Raises:
        ServiceError: in AWS's words; NotImplemented for another kind of alarm.
    """
    name = required(params, "AlarmName")
    _refuse_what_is_not_emulated(params)
    period_s, evaluation_periods, datapoints = _read_periods(params)
    return AlarmSettings(
        name=name,
        description=params.get("AlarmDescription"),
        actions_enabled=params.get("ActionsEnabled") is not False,
        actions={kind: _read_actions(params, kind) for kind in ACTION_LISTS},
        metric=metric_id(
            required(params, "Namespace"), required(params, "MetricName"), read_dimensions(params.get("Dimensions"))
        ),
        statistic=_read_statistic(params),
        period_s=period_s,
        unit=read_unit(params.get("Unit")),
        evaluation_periods=evaluation_periods,
        datapoints_to_alarm=datapoints,
        comparison=_read_comparison(params),
        threshold=float(required(params, "Threshold")),
        treat_missing_data=_read_missing_data(params),
        evaluate_low_samples=_read_low_samples(params),
    )


def _refuse_what_is_not_emulated(params: Mapping[str, Any]) -> None:
    for option in _NOT_EMULATED:
        if params.get(option) is not None:
            raise not_emulated(f"{option} of PutMetricAlarm", "Use an alarm on one metric with a fixed Threshold.")


def _read_periods(params: Mapping[str, Any]) -> tuple[int, int, int | None]:
    period_s, periods = int(required(params, "Period")), int(required(params, "EvaluationPeriods"))
    datapoints = params.get("DatapointsToAlarm")
    if period_s not in _SHORT_PERIODS_S and (period_s < 1 or period_s % 60):
        raise validation_error("Period must be 10, 20, 30 or a multiple of 60")
    for member, value in (("evaluationPeriods", periods), ("datapointsToAlarm", datapoints)):
        if value is not None and value < 1:
            constraint = "Member must have value greater than or equal to 1"
            raise validation_error(constraint_broken(value, member, constraint))
    if datapoints is not None and datapoints > periods:
        raise validation_error("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    span, limit, side = ("day", _DAY_S, "<") if period_s < _HOUR_S else ("week", 7 * _DAY_S, ">=")
    if period_s * periods > limit:
        raise validation_error(
            f"Metrics cannot be checked across more than a {span} (EvaluationPeriods * Period must be <= {limit})"
            f" for alarms using period {side} {_HOUR_S}"
        )
    return period_s, periods, datapoints


def _read_statistic(params: Mapping[str, Any]) -> Statistic:
    simple, extended = params.get("Statistic"), params.get("ExtendedStatistic")
    if (simple is None) == (extended is None):
        raise clashing("You must specify either Statistic or ExtendedStatistic, but not both.")
    if simple is not None and simple not in SIMPLE_STATISTICS:
        constraint = "Member must satisfy enum value set: [Maximum, SampleCount, Sum, Minimum, Average]"
        raise validation_error(constraint_broken(simple, "statistic", constraint))
    statistic = read_statistic(simple or extended or "")
    if statistic is None or (extended in SIMPLE_STATISTICS):
        raise invalid_value(f"The value {extended} for parameter ExtendedStatistic is not supported.")
    return statistic


def _read_comparison(params: Mapping[str, Any]) -> str:
    comparison = str(required(params, "ComparisonOperator"))
    if comparison in ANOMALY_COMPARISONS:
        raise not_emulated(f"ComparisonOperator {comparison}", "Anomaly bands are not modelled: use a fixed Threshold.")
    if comparison not in COMPARISONS:
        constraint = f"Member must satisfy enum value set: [{', '.join((*COMPARISONS, *ANOMALY_COMPARISONS))}]"
        raise validation_error(constraint_broken(comparison, "comparisonOperator", constraint))
    return comparison


def _read_missing_data(params: Mapping[str, Any]) -> str | None:
    treatment: str | None = params.get("TreatMissingData")
    if treatment is not None and treatment not in _MISSING_DATA:
        raise validation_error(
            f"The value {treatment} is not supported for TreatMissingData parameter."
            f" Supported values are [{', '.join(_MISSING_DATA)}]."
        )
    return treatment


def _read_low_samples(params: Mapping[str, Any]) -> str | None:
    option: str | None = params.get("EvaluateLowSampleCountPercentile")
    if option is not None and option not in _LOW_SAMPLES:
        raise validation_error(
            f"Option {option} is not supported."
            " Supported options for parameter EvaluateLowSampleCountPercentile are evaluate and ignore."
        )
    if option == "ignore":
        raise not_emulated("EvaluateLowSampleCountPercentile 'ignore'", "Leave it out, or say evaluate.")
    return option


def _read_actions(params: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    actions = tuple(params.get(kind) or ())
    if len(actions) > _MAX_ACTIONS:
        raise too_many(kind, _MAX_ACTIONS)
    return actions
