"""What an alarm was told: PutMetricAlarm's parameters, read and checked.

An alarm watches one metric, or what is computed from several, against one number. What other kinds of alarm need
(anomaly bands, PromQL, wall-clock windows, warm-up) is refused by name, and so are actions that nothing here performs.
Error texts are AWS's where they are known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import zip_longest
from typing import Any

from pytest_rollbacklab.localaws.telemetry.alarms.action_lists import read_actions
from pytest_rollbacklab.localaws.telemetry.alarms.alarm_queries import read_alarm_queries, wanted_period
from pytest_rollbacklab.localaws.telemetry.alarms.comparisons import ANOMALY_COMPARISONS, COMPARISONS
from pytest_rollbacklab.localaws.telemetry.metrics.datum import read_dimensions, read_unit
from pytest_rollbacklab.localaws.telemetry.metrics.faults import (
    clashing,
    invalid_value,
    required,
    validation_error,
)
from pytest_rollbacklab.localaws.telemetry.metrics.queries import MetricStat, Query
from pytest_rollbacklab.localaws.telemetry.metrics.statistics import SIMPLE_STATISTICS, Statistic, read_statistic
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricId, metric_id
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, not_emulated

__all__ = ["AlarmSettings", "read_settings"]

_MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")
_LOW_SAMPLES = ("evaluate", "ignore")
_NOT_EMULATED = (
    "ThresholdMetricId",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationWindow",
    "WarmUpConfiguration",
    "ActionConfiguration",
)
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
    """ARNs by ``action_lists.ACTION_LISTS``."""
    metric: MetricId | None
    """None for one that is computed from several metrics."""
    statistic: Statistic | None
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
    queries: tuple[Query, ...] = ()
    """What it is computed from; one of them is wanted."""

    def __setstate__(self, state: Sequence[Any]) -> None:
        """Take what was kept, also before there were queries."""
        for one, value in zip_longest(fields(self), state, fillvalue=()):
            object.__setattr__(self, one.name, value)  # type: ignore[union-attr]

    @property
    def stats(self) -> tuple[MetricStat, ...]:
        """The metrics that it watches."""
        if self.metric is None or self.statistic is None:
            return tuple(query.source for query in self.queries if isinstance(query.source, MetricStat))
        stat = MetricStat(metric=self.metric, statistic=self.statistic, period_s=self.period_s, unit=self.unit)
        return (stat,)

    @property
    def needed(self) -> int:
        """How many datapoints have to breach."""
        return self.datapoints_to_alarm or self.evaluation_periods

    @property
    def missing_data(self) -> str:
        """How missing data is treated. DynamoDB's alarms always ignore it, as PutMetricAlarm's page documents."""
        if self.metric is not None and self.metric.namespace == "AWS/DynamoDB":
            return "ignore"
        return self.treat_missing_data or "missing"

    @property
    def tick_s(self) -> int:
        """How often AWS evaluates: each minute, and each ten seconds for a high-resolution alarm."""
        return 60 if self.period_s not in _SHORT_PERIODS_S else 10


def read_settings(params: Mapping[str, Any], account_id: str = "") -> AlarmSettings:
    """Return the settings that a PutMetricAlarm call asks for.

    Args:
        account_id: The caller's.

    Raises:
        ServiceError: in AWS's words; NotImplemented for another kind of alarm.
    """
    name = required(params, "AlarmName")
    _refuse_what_is_not_emulated(params)
    queries = read_alarm_queries(params, account_id)
    period_s, evaluation_periods, datapoints = _read_periods(params, queries)
    return AlarmSettings(
        name=name,
        description=params.get("AlarmDescription"),
        actions_enabled=params.get("ActionsEnabled") is not False,
        actions=read_actions(params),
        metric=None if queries else _read_metric(params),
        statistic=None if queries else _read_statistic(params),
        period_s=period_s,
        queries=queries,
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


def _read_metric(params: Mapping[str, Any]) -> MetricId:
    namespace, name = required(params, "Namespace"), required(params, "MetricName")
    return metric_id(namespace, name, read_dimensions(params.get("Dimensions")))


def _read_periods(params: Mapping[str, Any], queries: Sequence[Query]) -> tuple[int, int, int | None]:
    period_s = wanted_period(queries) if queries else int(required(params, "Period"))
    periods = int(required(params, "EvaluationPeriods"))
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
