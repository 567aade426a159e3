"""Alarms over several metrics: what is computed from them is held against the threshold."""

from __future__ import annotations

import json

import pytest


def stat(identity, name, period=60, **more):
    metric = {"Metric": {"Namespace": "Notes", "MetricName": name}, "Period": period, "Stat": "Sum"}
    return {"Id": identity, "MetricStat": metric, "ReturnData": False, **more}


RATE = [
    {"Id": "rate", "Expression": "100 * errors / calls", "Label": "error rate"},
    stat("errors", "E"),
    stat("calls", "C"),
]


def params(queries=RATE, **more):
    return {
        "AlarmName": "rate",
        "Metrics": queries,
        "EvaluationPeriods": 1,
        "Threshold": 10,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }


def described(world):
    (alarm,) = world.cloudwatch("DescribeAlarms")["MetricAlarms"]
    return alarm


def test_it_goes_by_what_the_expression_comes_to(world):
    world.clock.now -= world.clock.now % 60
    world.cloudwatch("PutMetricAlarm", **params())
    world.publish(1.0, name="E")
    world.publish(4.0, name="C")

    world.clock.advance(60)

    alarm = described(world)
    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateReason"] == (
        "Threshold Crossed: 1 datapoint [25.0 (23/11/26 05:42:00)] was greater than the threshold (10.0)."
    )
    data = json.loads(alarm["StateReasonData"])
    assert "statistic" not in data
    assert data["evaluatedDatapoints"] == [{"timestamp": "2026-11-23T05:42:00.000+0000", "value": 25.0}]


def test_it_is_shown_by_its_queries(world):
    world.cloudwatch("PutMetricAlarm", **params())

    alarm = described(world)
    assert alarm["Metrics"][0] == {
        "Id": "rate",
        "Expression": "100 * errors / calls",
        "Label": "error rate",
        "ReturnData": True,
    }
    assert alarm["Metrics"][1]["MetricStat"]["Metric"] == {"Namespace": "Notes", "MetricName": "E", "Dimensions": []}
    assert not alarm.keys() & {"MetricName", "Namespace", "Period", "Statistic", "Dimensions"}
    assert world.cloudwatch("DescribeAlarmsForMetric", Namespace="Notes", MetricName="E") == {"MetricAlarms": []}


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        (
            {"Namespace": "Notes"},
            "InvalidParameterCombination",
            "The parameters Metrics and Namespace are mutually exclusive: an alarm is on one or the other.",
        ),
        (
            {"Metrics": [stat("a", "A"), stat("b", "B")]},
            "ValidationError",
            "Exactly one element of the metrics list should return data.",
        ),
        (
            {"Metrics": [{"Id": "e", "Expression": "METRICS()"}, stat("a", "A"), stat("b", "B")]},
            "ValidationError",
            "The expression of 'e' returns several time series: an alarm watches one.",
        ),
        (
            {"Metrics": [stat(f"m{number}", "A", ReturnData=number == 0) for number in range(11)]},
            "ValidationError",
            "An alarm can be computed from at most 10 metrics.",
        ),
        (
            {"Metrics": [{"Id": "e", "Expression": "1"}]},
            "ValidationError",
            "The expression of 'e' must return a time series or an array of time series.",
        ),
        (
            {"Metrics": [{"Id": "e", "Expression": "ANOMALY_DETECTION_BAND(a, 2)"}, stat("a", "A")]},
            "NotImplemented",
            "the local AWS does not emulate the function ANOMALY_DETECTION_BAND of metric math (in 'e'). Use ABS,",
        ),
    ],
)
def test_what_is_no_such_alarm_is_refused(world, given, code, message):
    error = world.refused("cloudwatch", "PutMetricAlarm", **params(**given))

    assert error.code == code
    assert error.message.startswith(message)


def test_a_longer_period_is_that_of_its_metrics(world):
    world.clock.now -= world.clock.now % 300
    world.cloudwatch("PutMetricAlarm", **params([stat("m", "E", period=300, ReturnData=True)], Threshold=5))
    for _ in range(4):
        world.publish(2.0, name="E")
        world.clock.advance(75)

    assert described(world)["StateValue"] == "ALARM"
