"""Metrics over time: which periods, which values, and how few calls."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_rollbacklab.observe.series import (
    Series,
    _Frame,
    read_api_series,
    read_function_series,
    read_many_function_series,
)
from pytest_rollbacklab.target import Target

START = datetime(2026, 11, 23, 7, 0, 0, tzinfo=UTC)


@pytest.fixture
def target(served: Any) -> Iterator[Target]:
    target = Target(endpoint_url=served.endpoint_url)
    yield target
    target.close()


def by_name(series: tuple[Series, ...]) -> dict[str, Series]:
    return {one.name: one for one in series}


class TestOfAnApi:
    def read(self, world: Any) -> dict[str, Series]:
        since, until = START + timedelta(seconds=30), START + timedelta(minutes=3)
        return by_name(read_api_series(world, "notes", "prod", since=since, until=until))

    def test_requests_failures_and_latency_are_told_with_their_units(self, world: Any) -> None:
        series = self.read(world)
        assert {name: one.unit for name, one in series.items()} == {
            "Count": "Count",
            "4XXError": "Count",
            "5XXError": "Count",
            "Latency p50": "Milliseconds",
            "Latency p90": "Milliseconds",
            "Latency p99": "Milliseconds",
        }

    def test_nothing_is_zero_for_what_is_counted_and_nothing_for_what_is_measured(self, world: Any) -> None:
        world.cloudwatch.values = {("Count", "Sum"): [2.0, 0.0], ("Latency", "p90"): [41.0]}
        series = self.read(world)
        assert series["Count"].points == tuple(
            (START + timedelta(minutes=number), value) for number, value in enumerate((2.0, 0.0, 0.0, 0.0))
        )
        assert [value for _, value in series["Latency p90"].points] == [41.0, None, None, None]
        assert {one.period_s for one in series.values()} == {60}

    def test_the_stage_alone_is_asked_for_in_one_call(self, world: Any) -> None:
        self.read(world)
        (asked,) = world.cloudwatch.asked
        metrics = [query["MetricStat"]["Metric"] for query in asked["MetricDataQueries"]]
        dimensions = [{"Name": "ApiName", "Value": "notes"}, {"Name": "Stage", "Value": "prod"}]
        assert all(metric["Dimensions"] == dimensions for metric in metrics)
        assert {metric["Namespace"] for metric in metrics} == {"AWS/ApiGateway"}


def test_a_function_has_invocations_errors_throttles_and_duration(world: Any) -> None:
    world.cloudwatch.values = {("Errors", "Sum"): [3.0]}
    series = by_name(read_function_series(world, "create", since=START, until=START))
    assert list(series) == ["Invocations", "Errors", "Throttles", "Duration p50", "Duration p90", "Duration p99"]
    assert series["Errors"].points == ((START, 3.0),)


def test_many_functions_share_a_call_up_to_five_hundred_queries(world: Any) -> None:
    names = [f"f{number}" for number in range(100)]
    series = read_many_function_series(world, names, since=START, until=START)
    assert list(series) == names
    assert [len(asked["MetricDataQueries"]) for asked in world.cloudwatch.asked] == [500, 100]
    assert all(
        len(ids := {query["Id"] for query in asked["MetricDataQueries"]}) > 1 for asked in world.cloudwatch.asked
    )
    assert len(ids) == 100


def test_no_functions_are_no_calls(world: Any) -> None:
    assert (read_many_function_series(world, [], since=START), world.cloudwatch.asked) == ({}, [])


class TestPeriods:
    @pytest.mark.parametrize(
        ("window", "points", "period_s"),
        [
            (timedelta(minutes=15), 60, 60),
            (timedelta(hours=1), 200, 60),
            (timedelta(hours=3), 200, 60),
            (timedelta(days=1), 200, 480),
            (timedelta(days=1), 97, 900),
            (timedelta(days=1), 10_000, 60),
        ],
    )
    def test_are_the_shortest_that_give_no_more_points_than_asked_for(
        self, window: timedelta, points: int, period_s: int
    ) -> None:
        until = datetime.now(UTC)
        assert _Frame.of(until - window, until, points).period_s == period_s

    @pytest.mark.parametrize(("days", "period_s"), [(14, 60), (16, 300), (64, 3600)])
    def test_are_no_shorter_than_what_cloudwatch_still_keeps(self, days: int, period_s: int) -> None:
        since = datetime.now(UTC) - timedelta(days=days)
        assert _Frame.of(since, since + timedelta(minutes=5), 60).period_s == period_s

    @given(st.integers(0, 10**6), st.integers(0, 90 * 86_400), st.integers(1, 300), st.integers(0, 86_400))
    def test_cover_the_window_and_are_no_more_than_asked_for(
        self, offset_s: int, age_s: int, points: int, length_s: int
    ) -> None:
        since = datetime.now(UTC) - timedelta(seconds=age_s, milliseconds=offset_s)
        until = since + timedelta(seconds=length_s)
        frame = _Frame.of(since, until, points)
        starts = frame.starts
        assert starts[0] <= since.timestamp() < starts[0] + frame.period_s
        assert starts[-1] <= until.timestamp() < starts[-1] + frame.period_s
        assert all(start % frame.period_s == 0 for start in starts)
        assert len(starts) <= max(points, 2)


def test_what_the_local_aws_measured_is_read_back(served: Any, target: Target) -> None:
    def record() -> None:
        where = {"ApiName": "notes", "Stage": "prod"}
        for latency_ms in (10.0, 20.0, 30.0):
            served.telemetry.metrics.record(served.scope, "AWS/ApiGateway", "Count", where, 1.0, "Count")
            metric = (served.scope, "AWS/ApiGateway", "Latency", where, latency_ms, "Milliseconds")
            served.telemetry.metrics.record(*metric)

    served.run(record)
    since = datetime.now(UTC) - timedelta(minutes=15)
    series = by_name(read_api_series(target, "notes", "prod", since=since))
    assert sum(value or 0.0 for _, value in series["Count"].points) == 3.0
    assert [value for _, value in series["Latency p50"].points if value is not None][-1] in (10.0, 20.0, 30.0)
    assert served.calls == {"GetMetricData": 1}
