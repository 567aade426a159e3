"""PutMetricData: what is taken, and what is refused in AWS's words."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

STATISTICS = {"SampleCount": 10, "Sum": 55, "Minimum": 1, "Maximum": 10}


def everything(world, **query):
    """Return all that is known of the metric, as GetMetricStatistics tells it."""
    params = {
        "Namespace": "Notes",
        "MetricName": "Errors",
        "StartTime": world.clock.now - 14 * 24 * 3600,
        "EndTime": world.clock.now + 3 * 3600,
        "Period": 86400,
        "Statistics": ["SampleCount", "Sum", "Minimum", "Maximum"],
        **query,
    }
    return world.cloudwatch("GetMetricStatistics", **params)["Datapoints"]


def refused(world, **datum):
    return world.refused(
        "cloudwatch", "PutMetricData", Namespace="Notes", MetricData=[{"MetricName": "Errors", **datum}]
    )


def test_a_value_is_a_sample(world):
    world.publish(2.5)

    (point,) = everything(world)
    assert (point["SampleCount"], point["Sum"], point["Unit"]) == (1.0, 2.5, "None")


def test_values_and_counts_are_samples_each_so_often(world):
    data = [{"MetricName": "Errors", "Values": [1.0, 10.0], "Counts": [2, 4], "Unit": "Count"}]
    world.cloudwatch("PutMetricData", Namespace="Notes", MetricData=data)

    (point,) = everything(world)
    assert (point["SampleCount"], point["Sum"], point["Maximum"], point["Unit"]) == (6.0, 42.0, 10.0, "Count")


def test_a_value_that_is_listed_twice_counts_twice(world):
    world.cloudwatch("PutMetricData", Namespace="Notes", MetricData=[{"MetricName": "Errors", "Values": [3, 3, 4]}])

    (point,) = everything(world)
    assert (point["SampleCount"], point["Sum"]) == (3.0, 10.0)


def test_a_statistic_set_is_taken_as_it_is(world):
    data = [{"MetricName": "Errors", "StatisticValues": STATISTICS}]
    world.cloudwatch("PutMetricData", Namespace="Notes", MetricData=data)

    (point,) = everything(world)
    assert {name: point[name] for name in STATISTICS} == STATISTICS


def test_values_beside_a_statistic_set_are_taken(world):
    data = [{"MetricName": "Errors", "Values": [1.0, 10.0], "StatisticValues": STATISTICS}]
    world.cloudwatch("PutMetricData", Namespace="Notes", MetricData=data)

    assert everything(world)[0]["SampleCount"] == 2.0


def test_a_timestamp_places_a_point(world):
    at = datetime(2026, 11, 20, 12, 0, 59, tzinfo=UTC)
    world.publish(1.0, Timestamp=at)

    (point,) = everything(world, StartTime=at.timestamp() - 60, EndTime=at.timestamp() + 60, Period=60)
    assert point["Timestamp"] == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_the_local_aws_records_at_one_minute_resolution(world):
    world.telemetry.metrics.record(world.scope, "AWS/Lambda", "Errors", {"FunctionName": "create"}, 1, "Count")
    world.telemetry.metrics.record(
        world.scope, "AWS/Lambda", "Errors", {"FunctionName": "create"}, 2, "Count", at=world.clock.now - 60
    )

    points = everything(
        world,
        Namespace="AWS/Lambda",
        Dimensions=[{"Name": "FunctionName", "Value": "create"}],
        StartTime=world.clock.now - 120,
        Period=60,
    )
    assert [(point["Timestamp"].minute, point["Sum"], point["Unit"]) for point in points] == [
        (41, 2.0, "Count"),
        (42, 1.0, "Count"),
    ]


@pytest.mark.parametrize(
    ("datum", "code", "message"),
    [
        (
            {"Value": 1.5, "Values": [1.0]},
            "InvalidParameterCombination",
            (
                "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually exclusive and "
                "you have specified both."
            ),
        ),
        (
            {"Value": 1.5, "StatisticValues": STATISTICS},
            "InvalidParameterCombination",
            (
                "The parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues are mutually "
                "exclusive and you have specified both."
            ),
        ),
        (
            {"Values": [1.0, 10.0], "Counts": [2, 4, 5]},
            "InvalidParameterValue",
            "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of the same size.",
        ),
        (
            {"Values": [1.0], "Counts": [0]},
            "InvalidParameterValue",
            "The value 0 for parameter MetricData.member.1.Counts is invalid.",
        ),
        (
            {"Values": [1.0] * 151},
            "InvalidParameterValue",
            "The collection MetricData.member.1.Values must not have a size greater than 150.",
        ),
        (
            {"Value": math.nan},
            "InvalidParameterValue",
            "The value NaN for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            {"Value": math.inf},
            "InvalidParameterValue",
            "The value inf for parameter MetricData.member.1.Value is invalid.",
        ),
        (
            {},
            "MissingParameter",
            (
                "At least one of the parameters MetricData.member.1.Value, MetricData.member.1.Values or "
                "MetricData.member.1.StatisticValues must be specified."
            ),
        ),
        (
            {"StatisticValues": {"SampleCount": 1, "Sum": 1, "Minimum": 1}},
            "MissingParameter",
            "The parameter MetricData.member.1.StatisticValues.Maximum is required.",
        ),
        (
            {"StatisticValues": STATISTICS | {"Maximum": 0}},
            "InvalidParameterValue",
            (
                "The parameter MetricData.member.1.StatisticValues.Maximum must be greater than "
                "MetricData.member.1.StatisticValues.Minimum."
            ),
        ),
        (
            {"StatisticValues": STATISTICS | {"SampleCount": -1}},
            "InvalidParameterValue",
            "The parameter MetricData.member.1.StatisticValues.SampleCount must be greater than 0.",
        ),
        (
            {"Value": 1, "StorageResolution": 300},
            "InvalidParameterValue",
            "The parameter MetricData.member.1.StorageResolution must be a value in the set [ 1, 60 ].",
        ),
        (
            {"Value": 1, "Dimensions": [{"Name": str(n), "Value": "v"} for n in range(31)]},
            "InvalidParameterValue",
            "The collection MetricData.member.1.Dimensions must not have a size greater than 30.",
        ),
        (
            {"Value": 1, "Dimensions": [{"Name": "n"}]},
            "MissingParameter",
            "The parameter MetricData.member.1.Dimensions.member.1.Value is required.",
        ),
        (
            {"Value": 1, "Dimensions": [{"Name": "n", "Value": "1"}, {"Name": "n", "Value": "2"}]},
            "InvalidParameterValue",
            "The parameter MetricData.member.1.Dimensions names the dimension n twice.",
        ),
        (
            {"Value": 1, "MetricName": ""},
            "MissingParameter",
            "The parameter MetricData.member.1.MetricName is required.",
        ),
    ],
)
def test_a_datum_that_breaks_a_rule_is_refused_by_name(world, datum, code, message):
    error = refused(world, **datum)

    assert (error.code, error.message, error.status) == (code, message, 400)


def test_a_unit_that_is_none_is_refused_with_all_that_are(world):
    error = refused(world, Value=1, Unit="Notes")

    assert error.message.startswith("The parameter MetricData.member.1.Unit must be a value in the set [ Seconds, ")
    assert error.message.endswith(", Count/Second, None ].")


@pytest.mark.parametrize(
    ("offset_s", "message"),
    [
        (-14 * 24 * 3600 - 1, "must specify a time within the past two weeks."),
        (2 * 3600 + 1, "must specify a time no more than two hours in the future."),
    ],
)
def test_a_time_too_far_away_is_refused(world, offset_s, message):
    error = refused(world, Value=1, Timestamp=datetime.fromtimestamp(world.clock.now + offset_s, tz=UTC))

    assert error.message == f"The parameter MetricData.member.1.Timestamp {message}"


@pytest.mark.parametrize(
    ("namespace", "message"),
    [
        ("AWS/Lambda", "The value AWS/ for parameter Namespace is invalid."),
        (":notes", "The value :notes for parameter Namespace is invalid."),
    ],
)
def test_a_reserved_namespace_is_refused(world, namespace, message):
    error = world.refused(
        "cloudwatch", "PutMetricData", Namespace=namespace, MetricData=[{"MetricName": "E", "Value": 1}]
    )

    assert (error.code, error.message) == ("InvalidParameterValue", message)


def test_nothing_of_a_refused_call_is_stored(world):
    data = [{"MetricName": "Errors", "Value": 1}, {"MetricName": "Errors", "Value": math.nan}]
    error = world.refused("cloudwatch", "PutMetricData", Namespace="Notes", MetricData=data)

    assert error.message == "The value NaN for parameter MetricData.member.2.Value is invalid."
    assert everything(world) == []


def test_too_many_data_and_none_are_refused(world):
    many = [{"MetricName": "Errors", "Value": 1}] * 1001
    error = world.refused("cloudwatch", "PutMetricData", Namespace="Notes", MetricData=many)
    assert error.message == "The collection MetricData must not have a size greater than 1000."

    error = world.refused("cloudwatch", "PutMetricData", Namespace="Notes")
    assert (error.code, error.message) == ("MissingParameter", "The parameter MetricData is required.")


def test_entities_are_refused_by_name(world):
    error = world.refused("cloudwatch", "PutMetricData", Namespace="Notes", EntityMetricData=[{"MetricData": []}])

    assert (error.code, error.status) == ("NotImplemented", 501)
    assert error.message == (
        "the local AWS does not emulate EntityMetricData of PutMetricData. Publish the points as MetricData."
    )
