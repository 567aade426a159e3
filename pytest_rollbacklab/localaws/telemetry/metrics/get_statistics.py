"""GetMetricStatistics: the points of one metric, in each of its units, with several statistics each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_rollbacklab.localaws.telemetry.metrics.datum import read_dimensions, read_unit
from pytest_rollbacklab.localaws.telemetry.metrics.faults import clashing, invalid_value, required
from pytest_rollbacklab.localaws.telemetry.metrics.series import Period, Series
from pytest_rollbacklab.localaws.telemetry.metrics.statistics import SIMPLE_STATISTICS, Statistic, read_statistic
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricStore, metric_id
from pytest_rollbacklab.localaws.telemetry.metrics.window import PERIODS_IN_WORDS, Window, period_fits, round_start
from pytest_rollbacklab.localaws.telemetry.moments import from_epoch, to_epoch

__all__ = ["get_metric_statistics"]

_MAX_DATAPOINTS = 1440


def get_metric_statistics(store: MetricStore, params: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """Answer GetMetricStatistics (its page in the CloudWatch API reference; errors as recorded).

    Raises:
        ServiceError: InvalidParameterValue or InvalidParameterCombination.
    """
    namespace, name = required(params, "Namespace"), required(params, "MetricName")
    statistics, extended = _statistics(params)
    window = _window(params, now)
    unit = read_unit(params.get("Unit"))
    metric = store.find(metric_id(namespace, name, read_dimensions(params.get("Dimensions"))))
    points = [
        point
        for series in (metric.in_units(unit) if metric else [])
        for period in series.periods(window.start, window.end, window.period_s)
        if (point := _point(series, period, statistics, extended))
    ]
    return {"Label": name, "Datapoints": points}


def _statistics(params: Mapping[str, Any]) -> tuple[Sequence[Statistic], Sequence[Statistic]]:
    simple, extended = params.get("Statistics") or [], params.get("ExtendedStatistics") or []
    if bool(simple) == bool(extended):
        raise clashing("Must specify either Statistics or ExtendedStatistics")
    return (
        [_read(name, "Statistics", position) for position, name in enumerate(simple, 1)],
        [_read(name, "ExtendedStatistics", position) for position, name in enumerate(extended, 1)],
    )


def _read(name: str, member: str, position: int) -> Statistic:
    statistic = read_statistic(name)
    if statistic is None or (name in SIMPLE_STATISTICS) != (member == "Statistics"):
        raise invalid_value(f"The value {name} for parameter {member}.member.{position} is not supported.")
    return statistic


def _window(params: Mapping[str, Any], now: float) -> Window:
    start, end = to_epoch(required(params, "StartTime")), to_epoch(required(params, "EndTime"))
    period_s = int(required(params, "Period"))
    if not period_fits(period_s):
        raise invalid_value(f"The parameter Period must be {PERIODS_IN_WORDS}.")
    if start >= end:
        raise invalid_value("The parameter StartTime must be less than the parameter EndTime.")
    asked = int((end - start) // period_s)
    if asked > _MAX_DATAPOINTS:
        raise clashing(
            f"You have requested up to {asked} datapoints, which exceeds the limit of {_MAX_DATAPOINTS}. You may reduce"
            " the datapoints requested by increasing Period, or decreasing the time range."
        )
    return Window(start=round_start(start, period_s, now=now), end=math.ceil(end), period_s=period_s)


def _point(
    series: Series, period: Period, statistics: Sequence[Statistic], extended: Sequence[Statistic]
) -> dict[str, Any] | None:
    values = {statistic.name: statistic.of(period.values) for statistic in (*statistics, *extended)}
    present = {name: value for name, value in values.items() if value is not None}
    if not present:
        return None
    point: dict[str, Any] = {"Timestamp": from_epoch(period.start), "Unit": series.unit}
    if extended:
        return point | {"ExtendedStatistics": present}
    return point | present
