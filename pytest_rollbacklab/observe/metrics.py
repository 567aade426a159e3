"""An API's and a function's metrics, read through CloudWatch's GetMetricData in one call.

Each statistic is over the whole window, by a period as long as it is: no series are read, and what the numbers are
called is ``metric_values``' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pytest_rollbacklab.observe.metric_values import (
    API_METRICS,
    FUNCTION_METRICS,
    STATISTICS,
    ApiMetrics,
    FunctionMetrics,
    Metrics,
)
from pytest_rollbacklab.target import Target

__all__ = ["ApiMetrics", "FunctionMetrics", "Metrics", "read_api", "read_function"]

_ADDITIVE = ("Sum", "SampleCount")
_MINUTE_S = 60
_LONGEST_PERIOD_S = 86_400


def read_api(
    target: Target, api_name: str, stage: str, *, since: datetime, until: datetime | None = None
) -> ApiMetrics:
    """Return an API stage's metrics (``AWS/ApiGateway`` by ApiName and Stage).

    Args:
        since: Rounded down to the minute, as CloudWatch does.
        until: None for now.
    """
    window = _Window.of(since, until)
    values = _read(target, "AWS/ApiGateway", API_METRICS, {"ApiName": api_name, "Stage": stage}, window)
    return ApiMetrics(of=f"API {api_name}, stage {stage}", since=window.start, until=window.end, values=values)


def read_function(
    target: Target, function_name: str, *, since: datetime, until: datetime | None = None
) -> FunctionMetrics:
    """Return a function's metrics (``AWS/Lambda`` by FunctionName), of all its versions and aliases.

    Args:
        since: Rounded down to the minute, as CloudWatch does.
        until: None for now.
    """
    window = _Window.of(since, until)
    values = _read(target, "AWS/Lambda", FUNCTION_METRICS, {"FunctionName": function_name}, window)
    return FunctionMetrics(of=f"function {function_name}", since=window.start, until=window.end, values=values)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Window:
    """Whole minutes, and a period as long as they are: CloudWatch then gives one value for each statistic."""

    start: datetime
    end: datetime
    period_s: int

    @classmethod
    def of(cls, since: datetime, until: datetime | None) -> _Window:
        start = since.astimezone(UTC).replace(second=0, microsecond=0)
        last = (until or datetime.now(UTC)).astimezone(UTC).replace(second=0, microsecond=0)
        end = max(start, last) + timedelta(seconds=_MINUTE_S)
        return cls(start=start, end=end, period_s=min(int((end - start).total_seconds()), _LONGEST_PERIOD_S))


def _read(
    target: Target, namespace: str, names: tuple[str, ...], dimensions: Mapping[str, str], window: _Window
) -> dict[tuple[str, str], float]:
    asked = [(name, statistic) for name in names for statistic in STATISTICS]
    listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": listed},
                "Period": window.period_s,
                "Stat": statistic,
            },
        }
        for number, (name, statistic) in enumerate(asked)
    ]
    pages = (
        target.client("cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(MetricDataQueries=queries, StartTime=window.start, EndTime=window.end)
    )
    found: dict[tuple[str, str], list[float]] = {}
    for page in pages:
        for result in page["MetricDataResults"]:
            found.setdefault(asked[int(result["Id"][1:])], []).extend(result["Values"])
    return {key: _joined(key[1], values) for key, values in found.items() if values}


def _joined(statistic: str, values: list[float]) -> float:
    """Join the periods of a window that is longer than one can be: a percentile is then the highest period's."""
    return sum(values) if statistic in _ADDITIVE else max(values)
