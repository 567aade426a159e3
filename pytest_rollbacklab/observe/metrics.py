"""An API's and a function's metrics, read through CloudWatch's GetMetricData in one call.

The names are AWS's own (``5XXError``, ``IntegrationLatency``, ``Throttles``): "API Gateway dimensions and metrics" and
"Types of metrics for Lambda functions". API Gateway records 0 or 1 of ``4XXError`` and ``5XXError`` for each request,
so that their sum is a count and their average a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.target import Target

__all__ = ["API_METRICS", "FUNCTION_METRICS", "Metrics", "read_api", "read_function"]

API_METRICS = ("Count", "4XXError", "5XXError", "Latency", "IntegrationLatency")
FUNCTION_METRICS = ("Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions")
_STATISTICS = ("Sum", "SampleCount", "Maximum", "p50", "p90", "p99")
_DAY_S = 86_400


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """Statistics over a window of time, each over the whole of it."""

    of: str
    """Whose they are, for messages: ``API notes-prod, stage prod``."""
    since: datetime
    until: datetime
    values: Mapping[tuple[str, str], float]
    """(metric, statistic) -> value; a metric without a data point is not there. Latencies and durations are ms."""
    names: tuple[str, ...]

    def sum(self, metric: str) -> float:
        """Return the sum of a metric; 0 where nothing was recorded."""
        return self.get(metric, "Sum") or 0.0

    def average(self, metric: str) -> float | None:
        """Return the average, or None where nothing was recorded."""
        count = self.get(metric, "SampleCount")
        return self.sum(metric) / count if count else None

    def percentile(self, metric: str, percent: int) -> float | None:
        """Return p50, p90 or p99, or None where nothing was recorded."""
        return self.get(metric, f"p{percent}")

    def get(self, metric: str, statistic: str) -> float | None:
        """Return one value, or None where nothing was recorded.

        Raises:
            UsageError: there is no such metric or statistic; lists those there are.
        """
        if metric not in self.names or statistic not in _STATISTICS:
            raise UsageError(
                f"{self.of} has no {statistic} of {metric!r}",
                looked_at=f"metrics: {', '.join(self.names)}; statistics: {', '.join(_STATISTICS)}",
            )
        return self.values.get((metric, statistic))


def read_api(target: Target, api_name: str, stage: str, *, since: datetime, until: datetime | None = None) -> Metrics:
    """Return an API stage's metrics (``AWS/ApiGateway`` by ApiName and Stage)."""
    dimensions = {"ApiName": api_name, "Stage": stage}
    return _read(target, "AWS/ApiGateway", API_METRICS, dimensions, f"API {api_name}, stage {stage}", since, until)


def read_function(target: Target, function_name: str, *, since: datetime, until: datetime | None = None) -> Metrics:
    """Return a function's metrics (``AWS/Lambda`` by FunctionName)."""
    dimensions = {"FunctionName": function_name}
    return _read(target, "AWS/Lambda", FUNCTION_METRICS, dimensions, f"function {function_name}", since, until)


def _read(
    target: Target,
    namespace: str,
    names: tuple[str, ...],
    dimensions: Mapping[str, str],
    of: str,
    since: datetime,
    until: datetime | None,
) -> Metrics:
    # A window of whole minutes and a period as long as it: CloudWatch then gives one value for each statistic.
    start = since.astimezone(UTC).replace(second=0, microsecond=0)
    end = (until or datetime.now(UTC)).astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    period_s = min(max(60, int((end - start).total_seconds())), _DAY_S)
    asked = [(name, statistic) for name in names for statistic in _STATISTICS]
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": name,
                    "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                },
                "Period": period_s,
                "Stat": statistic,
            },
        }
        for number, (name, statistic) in enumerate(asked)
    ]
    got = target.client("cloudwatch").get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=end)
    by_id = {result["Id"]: result["Values"] for result in got["MetricDataResults"]}
    values = {
        asked[number]: _joined(asked[number][1], by_id.get(f"q{number}", []))
        for number in range(len(asked))
        if by_id.get(f"q{number}")
    }
    return Metrics(of=of, since=start, until=end, values=values, names=names)


def _joined(statistic: str, values: list[float]) -> float:
    """Join two neighbouring periods, where the window lies across their border: a percentile is the higher one's."""
    return sum(values) if statistic in ("Sum", "SampleCount") else max(values)
