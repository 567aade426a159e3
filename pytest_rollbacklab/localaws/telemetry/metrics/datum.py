"""PutMetricData's parameters, read and checked into points.

Everything is checked before anything is stored, as AWS refuses a call whole. The limits are those of PutMetricData's
page: 1,000 data, 150 values, 30 dimensions, two weeks back and two hours ahead, values within 2^360.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.telemetry.metrics.faults import (
    clashing,
    invalid_value,
    missing,
    required,
    too_many,
)
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricId, StatisticSet, metric_id
from pytest_rollbacklab.localaws.telemetry.moments import to_epoch

__all__ = ["UNITS", "Point", "check_namespace", "read_data", "read_dimensions", "read_unit"]

_SIZES = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_BITS = ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
_RATES = tuple(f"{size}/Second" for size in (*_SIZES, *_BITS))
UNITS = (
    "Seconds",
    "Microseconds",
    "Milliseconds",
    *_SIZES,
    *_BITS,
    "Percent",
    "Count",
    *_RATES,
    "Count/Second",
    "None",
)

_MAX_DATA = 1000
_MAX_VALUES = 150
_MAX_DIMENSIONS = 30
_MAX_MAGNITUDE = 2.0**360
_PAST_S = 14 * 24 * 3600
_AHEAD_S = 2 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One checked MetricDatum."""

    metric: MetricId
    unit: str
    at: float
    """Epoch seconds."""
    values: Mapping[float, float] | StatisticSet
    """How often each value came, or a statistic set."""
    high_resolution: bool


def read_data(namespace: str, data: Sequence[Mapping[str, Any]], *, now: float) -> list[Point]:
    """Return the points of a PutMetricData call.

    Raises:
        ServiceError: as AWS's page of PutMetricData lists; names the member.
    """
    if not data:
        raise missing("The parameter MetricData is required.")
    if len(data) > _MAX_DATA:
        raise too_many("MetricData", _MAX_DATA)
    return [
        _read_datum(namespace, datum, path=f"MetricData.member.{position}", now=now)
        for position, datum in enumerate(data, 1)
    ]


def check_namespace(namespace: str) -> None:
    """Refuse a namespace that a caller may not publish to."""
    if namespace.startswith("AWS/"):
        raise invalid_value("The value AWS/ for parameter Namespace is invalid.")
    if namespace.startswith(":"):
        raise invalid_value(f"The value {namespace} for parameter Namespace is invalid.")


def read_dimensions(dimensions: Iterable[Mapping[str, Any]] | None, path: str = "Dimensions") -> dict[str, str]:
    """Return dimensions as a dict.

    Raises:
        ServiceError: more than 30, or one without a name or a value, or a name twice.
    """
    listed = list(dimensions or ())
    if len(listed) > _MAX_DIMENSIONS:
        raise too_many(path, _MAX_DIMENSIONS)
    read: dict[str, str] = {}
    for position, dimension in enumerate(listed, 1):
        name = required(dimension, "Name", f"{path}.member.{position}.Name")
        if name in read:
            raise invalid_value(f"The parameter {path} names the dimension {name} twice.")
        read[name] = required(dimension, "Value", f"{path}.member.{position}.Value")
    return read


def read_unit(unit: str | None, path: str = "Unit") -> str | None:
    """Return the unit, refusing what CloudWatch has no name for."""
    if unit is not None and unit not in UNITS:
        raise invalid_value(f"The parameter {path} must be a value in the set [ {', '.join(UNITS)} ].")
    return unit


def _read_datum(namespace: str, datum: Mapping[str, Any], *, path: str, now: float) -> Point:
    name = required(datum, "MetricName", f"{path}.MetricName")
    resolution = datum.get("StorageResolution", 60)
    if resolution not in (1, 60):
        raise invalid_value(f"The parameter {path}.StorageResolution must be a value in the set [ 1, 60 ].")
    return Point(
        metric=metric_id(namespace, name, read_dimensions(datum.get("Dimensions"), f"{path}.Dimensions")),
        unit=read_unit(datum.get("Unit"), f"{path}.Unit") or "None",
        at=_read_time(datum, path, now),
        values=_read_values(datum, path),
        high_resolution=resolution == 1,
    )


def _read_time(datum: Mapping[str, Any], path: str, now: float) -> float:
    if datum.get("Timestamp") is None:
        return now
    at = to_epoch(datum["Timestamp"])
    if at < now - _PAST_S:
        raise invalid_value(f"The parameter {path}.Timestamp must specify a time within the past two weeks.")
    if at > now + _AHEAD_S:
        raise invalid_value(f"The parameter {path}.Timestamp must specify a time no more than two hours in the future.")
    return at


def _read_values(datum: Mapping[str, Any], path: str) -> Mapping[float, float] | StatisticSet:
    value, values, statistics = datum.get("Value"), datum.get("Values"), datum.get("StatisticValues")
    for other in ("Values", "StatisticValues"):
        if value is not None and datum.get(other):
            raise clashing(
                f"The parameters {path}.Value and {path}.{other} are mutually exclusive and you have specified both."
            )
    if value is not None:
        return {_read_number(value, f"{path}.Value"): 1.0}
    if values:
        # AWS takes Values beside StatisticValues, as recorded; the values say more.
        return _read_counted(values, datum.get("Counts"), path)
    if statistics:
        return _read_statistics(statistics, f"{path}.StatisticValues")
    raise missing(
        f"At least one of the parameters {path}.Value, {path}.Values or {path}.StatisticValues must be specified."
    )


def _read_counted(values: Sequence[float], counts: Sequence[float] | None, path: str) -> dict[float, float]:
    if len(values) > _MAX_VALUES:
        raise too_many(f"{path}.Values", _MAX_VALUES)
    if counts is not None and len(counts) != len(values):
        raise invalid_value(f"The parameters {path}.Values and {path}.Counts must be of the same size.")
    read: dict[float, float] = {}
    for value, count in zip(values, counts or [1.0] * len(values), strict=True):
        number, times = _read_number(value, f"{path}.Values"), _read_number(count, f"{path}.Counts")
        if times <= 0:
            raise invalid_value(f"The value {count} for parameter {path}.Counts is invalid.")
        read[number] = read.get(number, 0.0) + times
    return read


def _read_statistics(statistics: Mapping[str, Any], path: str) -> StatisticSet:
    count, total, minimum, maximum = (
        _read_number(required(statistics, name, f"{path}.{name}"), f"{path}.{name}")
        for name in ("SampleCount", "Sum", "Minimum", "Maximum")
    )
    if maximum < minimum:
        raise invalid_value(f"The parameter {path}.Maximum must be greater than {path}.Minimum.")
    if count <= 0:
        raise invalid_value(f"The parameter {path}.SampleCount must be greater than 0.")
    return StatisticSet(count=count, total=total, minimum=minimum, maximum=maximum)


def _read_number(value: float, path: str) -> float:
    number = float(value)
    if math.isnan(number):
        raise invalid_value(f"The value NaN for parameter {path} is invalid.")
    if abs(number) > _MAX_MAGNITUDE:
        raise invalid_value(f"The value {number} for parameter {path} is invalid.")
    return number
