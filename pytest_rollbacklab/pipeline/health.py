"""How a stage's API has answered lately: requests and errors by the minute, and the slowest of a hundred.

One GetMetricData call for all of it; the numbers are CloudWatch's own, of ``AWS/ApiGateway`` by ApiName and Stage.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pytest_rollbacklab.pipeline.values import Health
from pytest_rollbacklab.target import Target

__all__ = ["read_health"]

_MINUTE_S = 60
# Id -> metric, statistic and period in minutes; None for the whole window.
_ASKED = {
    "requests": ("Count", "Sum", 1),
    "client_errors": ("4XXError", "Sum", 1),
    "server_errors": ("5XXError", "Sum", 1),
    "p99_ms": ("Latency", "p99", None),
}


def read_health(target: Target, api_name: str, api_stage: str, *, minutes: int = 15) -> Health:
    """Return how an API's stage has answered in the last minutes.

    Args:
        minutes: The window; the minute that is under way is its last.
    """
    end = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    start = end - timedelta(minutes=minutes)
    dimensions = [{"Name": "ApiName", "Value": api_name}, {"Name": "Stage", "Value": api_stage}]
    queries = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {"Namespace": "AWS/ApiGateway", "MetricName": metric, "Dimensions": dimensions},
                "Period": (period or minutes) * _MINUTE_S,
                "Stat": statistic,
            },
        }
        for name, (metric, statistic, period) in _ASKED.items()
    ]
    told = target.client("cloudwatch").get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=end)
    found: dict[str, dict[datetime, float]] = {
        result["Id"]: dict(zip(result["Timestamps"], result["Values"], strict=True))
        for result in told["MetricDataResults"]
    }

    def per_minute(name: str) -> tuple[float, ...]:
        values = {at.astimezone(UTC): value for at, value in found.get(name, {}).items()}
        return tuple(values.get(start + timedelta(minutes=minute), 0.0) for minute in range(minutes))

    return Health(
        since=start,
        minutes=minutes,
        requests=per_minute("requests"),
        client_errors=per_minute("client_errors"),
        server_errors=per_minute("server_errors"),
        p99_ms=max(found.get("p99_ms", {}).values(), default=None),
    )
