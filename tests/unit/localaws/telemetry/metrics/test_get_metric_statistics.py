"""GetMetricStatistics, as recorded from AWS where a recording is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

SIMPLE = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]


def ask(world, **query):
    params = {
        "Namespace": "Notes",
        "MetricName": "Errors",
        "StartTime": datetime.fromtimestamp(world.clock.now - 60, tz=UTC),
        "EndTime": datetime.fromtimestamp(world.clock.now + 60, tz=UTC),
        "Period": 60,
        "Statistics": ["Sum"],
    }
    params |= query
    return {name: value for name, value in params.items() if value is not None}


def test_the_five_statistics(world):
    world.publish(*map(float, range(10)))

    answer = world.cloudwatch("GetMetricStatistics", **ask(world, Statistics=SIMPLE))

    assert answer == {
        "Label": "Errors",
        "Datapoints": [
            {
                "Timestamp": datetime(2026, 11, 23, 5, 42, tzinfo=UTC),
                "Unit": "None",
                "SampleCount": 10.0,
                "Average": 4.5,
                "Sum": 45.0,
                "Minimum": 0.0,
                "Maximum": 9.0,
            }
        ],
    }


def test_percentiles_are_extended_statistics(world):
    world.publish(*map(float, range(1, 101)))

    asked = ask(world, Statistics=None, ExtendedStatistics=["p50", "p99.9"])
    (point,) = world.cloudwatch("GetMetricStatistics", **asked)["Datapoints"]

    assert point["ExtendedStatistics"] == {"p50": 50.0, "p99.9": 100.0}
    assert "Sum" not in point


def test_a_point_that_has_no_percentile_is_left_out(world):
    world.publish(-1.0)

    asked = ask(world, Statistics=None, ExtendedStatistics=["p50"])
    assert world.cloudwatch("GetMetricStatistics", **asked)["Datapoints"] == []


def test_each_unit_is_a_point_of_its_own(world):
    world.publish(1.0, Unit="Seconds")
    world.publish(5.0, Unit="Count")
    world.publish(10.0)

    points = world.cloudwatch("GetMetricStatistics", **ask(world))["Datapoints"]
    assert [(point["Unit"], point["Sum"]) for point in points] == [("Count", 5.0), ("None", 10.0), ("Seconds", 1.0)]

    (point,) = world.cloudwatch("GetMetricStatistics", **ask(world, Unit="Count"))["Datapoints"]
    assert point["Sum"] == 5.0
    assert world.cloudwatch("GetMetricStatistics", **ask(world, Unit="Bytes"))["Datapoints"] == []


def test_dimensions_match_exactly_and_in_any_order(world):
    both = [{"Name": "Api", "Value": "notes"}, {"Name": "Stage", "Value": "prod"}]
    world.publish(3.0, Dimensions=both)

    assert world.cloudwatch("GetMetricStatistics", **ask(world, Dimensions=both[::-1]))["Datapoints"][0]["Sum"] == 3.0
    assert world.cloudwatch("GetMetricStatistics", **ask(world, Dimensions=both[:1]))["Datapoints"] == []
    assert world.cloudwatch("GetMetricStatistics", **ask(world))["Datapoints"] == []


def test_periods_begin_at_the_start_rounded_down_to_the_minute(world):
    world.publish(1.0)
    start = datetime(2026, 11, 23, 5, 18, 47, tzinfo=UTC)

    (point,) = world.cloudwatch("GetMetricStatistics", **ask(world, StartTime=start, Period=360))["Datapoints"]

    assert point["Timestamp"] == datetime(2026, 11, 23, 5, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days_ago", "period", "rounded"),
    [(1, 3600, "05:18"), (20, 3600, "05:15"), (70, 3600, "05:00"), (70, 86400, "05:00")],
)
def test_the_further_back_the_coarser_the_start_is_rounded(world, days_ago, period, rounded):
    start = datetime(2026, 11, 23, 5, 18, 47, tzinfo=UTC) - timedelta(days=days_ago)
    world.telemetry.metrics.record(world.scope, "Notes", "Errors", {}, 1, "Count", at=start.timestamp() + 60)

    asked = ask(world, StartTime=start, EndTime=start + timedelta(seconds=period), Period=period)
    (point,) = world.cloudwatch("GetMetricStatistics", **asked)["Datapoints"]

    assert f"{point['Timestamp']:%H:%M}" == rounded


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        (
            {
                "Period": 1,
                "StartTime": datetime(2026, 11, 22, tzinfo=UTC),
                "EndTime": datetime(2026, 11, 23, tzinfo=UTC),
            },
            "InvalidParameterCombination",
            (
                "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may reduce the "
                "datapoints requested by increasing Period, or decreasing the time range."
            ),
        ),
        (
            {"StartTime": datetime(2026, 11, 23, tzinfo=UTC), "EndTime": datetime(2026, 11, 23, tzinfo=UTC)},
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        (
            {"Period": 45},
            "InvalidParameterValue",
            "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        ),
        ({"Statistics": None}, "InvalidParameterCombination", "Must specify either Statistics or ExtendedStatistics"),
        (
            {"ExtendedStatistics": ["p90"]},
            "InvalidParameterCombination",
            "Must specify either Statistics or ExtendedStatistics",
        ),
        (
            {"Statistics": ["p90"]},
            "InvalidParameterValue",
            "The value p90 for parameter Statistics.member.1 is not supported.",
        ),
        (
            {"Statistics": None, "ExtendedStatistics": ["p50", "p101"]},
            "InvalidParameterValue",
            "The value p101 for parameter ExtendedStatistics.member.2 is not supported.",
        ),
        ({"Namespace": None}, "MissingParameter", "The parameter Namespace is required."),
    ],
)
def test_a_query_that_breaks_a_rule_is_refused(world, query, code, message):
    error = world.refused("cloudwatch", "GetMetricStatistics", **ask(world, **query))

    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize("statistic", ["PR(10%:90%)", "TM(90%:10%)", "TM(10%:200)", "tm101", "TM()", "p101"])
def test_a_statistic_that_is_none_is_refused(world, statistic):
    asked = ask(world, Statistics=None, ExtendedStatistics=[statistic])
    error = world.refused("cloudwatch", "GetMetricStatistics", **asked)

    assert error.code == "InvalidParameterValue"
    assert error.message == f"The value {statistic} for parameter ExtendedStatistics.member.1 is not supported."
