from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from pytest_rollbacklab.pipeline.health import read_health


class FakeTarget:
    """Answers GetMetricData with what was set, in minutes before the window's end."""

    def __init__(self, **values: dict[int, float]) -> None:
        self.values, self.asked = values, list[dict[str, Any]]()

    def client(self, service: str) -> FakeTarget:
        assert service == "cloudwatch"
        return self

    def get_metric_data(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        results = []
        for name, values in self.values.items():
            # CloudWatch's times come in whatever zone boto3 gives them
            times = [
                (request["EndTime"] - timedelta(minutes=ago)).astimezone(timezone(timedelta(hours=9))) for ago in values
            ]
            results.append({"Id": name, "Timestamps": times, "Values": list(values.values())})
        return {"MetricDataResults": results}


def test_requests_and_errors_are_told_by_the_minute_the_oldest_first() -> None:
    target = FakeTarget(requests={1: 4.0, 3: 2.0}, server_errors={1: 3.0}, client_errors={}, p99_ms={15: 120.5})
    health = read_health(target, "notes", "Prod", minutes=3)  # type: ignore[arg-type]
    assert (health.requests, health.server_errors, health.client_errors) == (
        (2.0, 0.0, 4.0),
        (0.0, 0.0, 3.0),
        (0.0, 0.0, 0.0),
    )
    assert (health.p99_ms, health.minutes, health.failing_share) == (120.5, 3, 0.5)


def test_the_window_ends_with_the_minute_that_is_under_way() -> None:
    target = FakeTarget()
    before = datetime.now(UTC)
    health = read_health(target, "notes", "Prod")  # type: ignore[arg-type]
    (asked,) = target.asked
    assert asked["EndTime"] > before
    assert asked["EndTime"] - asked["StartTime"] == timedelta(minutes=15)
    assert health.since == asked["StartTime"]
    assert len(health.requests) == 15


def test_an_api_that_was_not_called_has_no_share_that_fails() -> None:
    health = read_health(FakeTarget(), "notes", "Prod")  # type: ignore[arg-type]
    assert (health.failing_share, health.p99_ms, sum(health.requests)) == (None, None, 0.0)


def test_it_is_asked_once_for_this_api_and_stage() -> None:
    target = FakeTarget()
    read_health(target, "notes", "Prod")  # type: ignore[arg-type]
    (asked,) = target.asked
    told = {query["Id"]: query["MetricStat"] for query in asked["MetricDataQueries"]}
    assert {name: (stat["Metric"]["MetricName"], stat["Stat"], stat["Period"]) for name, stat in told.items()} == {
        "requests": ("Count", "Sum", 60),
        "client_errors": ("4XXError", "Sum", 60),
        "server_errors": ("5XXError", "Sum", 60),
        "p99_ms": ("Latency", "p99", 900),
    }
    dimensions = [{"Name": "ApiName", "Value": "notes"}, {"Name": "Stage", "Value": "Prod"}]
    assert all(stat["Metric"]["Dimensions"] == dimensions for stat in told.values())
