from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.observe import metrics

SINCE, UNTIL = datetime(2026, 11, 23, 7, 0, 30, tzinfo=UTC), datetime(2026, 11, 23, 7, 4, 10, tzinfo=UTC)


@pytest.fixture
def counted(world: Any) -> Any:
    world.cloudwatch.values = {
        ("Count", "Sum"): [8.0],
        ("Count", "SampleCount"): [8.0],
        ("4XXError", "Sum"): [1.0],
        ("5XXError", "Sum"): [2.0],
        ("5XXError", "SampleCount"): [8.0],
        ("Latency", "p50"): [12.0],
        ("Latency", "p90"): [80.5],
        ("Latency", "p99"): [101.0],
        ("Latency", "Maximum"): [102.0],
        ("Invocations", "Sum"): [7.0],
        ("Errors", "Sum"): [2.0],
        ("Throttles", "Sum"): [1.0],
        ("Duration", "p50"): [3.0],
        ("Duration", "p90"): [4.0],
        ("Duration", "p99"): [5.0],
    }
    return world


def test_an_apis_metrics_by_plain_names_and_by_cloudwatchs(counted: Any) -> None:
    api = metrics.read_api(counted, "notes", "prod", since=SINCE, until=UNTIL)
    assert (api.count, api.errors_4xx, api.errors_5xx) == (8, 1, 2)
    assert (api.latency_p50_ms, api.latency_p90_ms, api.latency_p99_ms) == (12.0, 80.5, 101.0)
    assert (api.sum("5XXError"), api.average("5XXError"), api.percentile("Latency", 99)) == (2, 0.25, 101.0)
    assert api.get("Latency", "Maximum") == 102.0


def test_a_functions_metrics(counted: Any) -> None:
    function = metrics.read_function(counted, "create", since=SINCE, until=UNTIL)
    assert (function.invocations, function.errors, function.throttles) == (7, 2, 1)
    assert (function.duration_p50_ms, function.duration_p90_ms, function.duration_p99_ms) == (3.0, 4.0, 5.0)


def test_one_call_asks_for_everything_over_whole_minutes(counted: Any) -> None:
    metrics.read_api(counted, "notes", "prod", since=SINCE, until=UNTIL)
    (asked,) = counted.cloudwatch.asked
    assert (asked["StartTime"], asked["EndTime"]) == (
        datetime(2026, 11, 23, 7, 0, tzinfo=UTC),
        datetime(2026, 11, 23, 7, 5, tzinfo=UTC),
    )
    queries = asked["MetricDataQueries"]
    assert len({query["Id"] for query in queries}) == len(queries) == 30
    assert {query["MetricStat"]["Period"] for query in queries} == {300}
    assert queries[0]["MetricStat"]["Metric"] == {
        "Namespace": "AWS/ApiGateway",
        "MetricName": "Count",
        "Dimensions": [{"Name": "ApiName", "Value": "notes"}, {"Name": "Stage", "Value": "prod"}],
    }


def test_a_window_longer_than_a_period_can_be_is_joined(world: Any) -> None:
    world.cloudwatch.values = {("Count", "Sum"): [5.0, 3.0], ("Latency", "p99"): [10.0, 90.0]}
    api = metrics.read_api(world, "notes", "prod", since=datetime(2026, 11, 20, tzinfo=UTC), until=UNTIL)
    assert world.cloudwatch.asked[0]["MetricDataQueries"][0]["MetricStat"]["Period"] == 86_400
    assert (api.count, api.latency_p99_ms) == (8, 90.0)


def test_where_nothing_was_recorded_sums_are_nought_and_the_rest_is_unknown(world: Any) -> None:
    api = metrics.read_api(world, "notes", "prod", since=SINCE)
    assert (api.count, api.errors_5xx, api.average("5XXError"), api.latency_p50_ms) == (0, 0, None, None)


def test_a_window_that_begins_now_is_a_minute_long(world: Any) -> None:
    function = metrics.read_function(world, "create", since=SINCE, until=SINCE)
    assert (function.until - function.since).total_seconds() == 60


def test_an_unknown_metric_lists_those_there_are(world: Any) -> None:
    api = metrics.read_api(world, "notes", "prod", since=SINCE)
    with pytest.raises(UsageError, match="API notes, stage prod has no Sum of '5xx'") as unknown:
        api.sum("5xx")
    assert "metrics: Count, 4XXError, 5XXError, Latency, IntegrationLatency" in str(unknown.value)
    with pytest.raises(UsageError, match="has no SampleCount of 'Errors'"):
        api.average("Errors")
    with pytest.raises(UsageError, match="has no p95 of 'Latency'") as unknown:
        api.percentile("Latency", 95)
    assert "p50, p90, p99" in str(unknown.value)
