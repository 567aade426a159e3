"""An alarm's reason, word for word as CloudWatch's notifications have it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pytest_rollbacklab.localaws.telemetry.alarms.evaluation import Datapoint, judge
from pytest_rollbacklab.localaws.telemetry.alarms.reasons import reason, reason_data
from pytest_rollbacklab.localaws.telemetry.alarms.settings import read_settings

NEWEST = int(datetime(2026, 11, 23, 5, 42, tzinfo=UTC).timestamp())


def settings(**more):
    return read_settings(
        {
            "AlarmName": "errors",
            "Namespace": "Notes",
            "MetricName": "Errors",
            "Statistic": "Average",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            **more,
        }
    )


def datapoints(*values):
    """Return datapoints of the last minutes, newest first."""
    return [
        Datapoint(at=NEWEST - 60 * age, value=value, sample_count=2.0 if value is not None else 0.0)
        for age, value in enumerate(values)
    ]


def why(chosen, *values):
    verdict = judge(datapoints(*values), chosen)
    return f"{verdict.state}: {reason(verdict, chosen)}"


@pytest.mark.parametrize(
    ("more", "values", "expected"),
    [
        (
            {"Threshold": 21},
            [21.5],
            "ALARM: Threshold Crossed: 1 datapoint [21.5 (23/11/26 05:42:00)] was greater than the threshold (21.0).",
        ),
        (
            {"EvaluationPeriods": 3},
            [2, 3, 1],
            (
                "ALARM: Threshold Crossed: 3 datapoints [2.0 (23/11/26 05:42:00), 3.0 (23/11/26 05:41:00), "
                "1.0 (23/11/26 05:40:00)] were greater than the threshold (0.0)."
            ),
        ),
        (
            {"EvaluationPeriods": 3},
            [0, 3, 1],
            "OK: Threshold Crossed: 1 datapoint [0.0 (23/11/26 05:42:00)] was not greater than the threshold (0.0).",
        ),
        (
            {"DatapointsToAlarm": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"},
            [1],
            (
                "ALARM: Threshold Crossed: 1 out of the last 1 datapoints [1.0 (23/11/26 05:42:00)] was greater than "
                "or equal to the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition)."
            ),
        ),
        (
            {"EvaluationPeriods": 2, "DatapointsToAlarm": 2, "ComparisonOperator": "LessThanThreshold", "Threshold": 1},
            [3, 3],
            (
                "OK: Threshold Crossed: 2 out of the last 2 datapoints [3.0 (23/11/26 05:42:00), 3.0 (23/11/26 "
                "05:41:00)] were not less than the threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition)."
            ),
        ),
        (
            {"EvaluationPeriods": 20, "DatapointsToAlarm": 1, "TreatMissingData": "notBreaching", "Threshold": 1},
            [613] + [None] * 21,
            (
                "ALARM: Threshold Crossed: 1 out of the last 20 datapoints [613.0 (23/11/26 05:42:00)] was greater "
                "than the threshold (1.0) and 19 missing datapoints were treated as [NonBreaching] "
                "(minimum 1 datapoint for OK -> ALARM transition)."
            ),
        ),
        (
            {"EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "notBreaching"},
            [0, None, None, None, None],
            (
                "OK: Threshold Crossed: 1 out of the last 3 datapoints [0.0 (23/11/26 05:42:00)] was not greater than "
                "the threshold (0.0) and 2 missing datapoints were treated as [NonBreaching] "
                "(minimum 2 datapoints for ALARM -> OK transition)."
            ),
        ),
        (
            {
                "EvaluationPeriods": 8,
                "ComparisonOperator": "LessThanOrEqualToThreshold",
                "TreatMissingData": "breaching",
            },
            [2] + [None] * 9,
            (
                "OK: Threshold Crossed: 1 datapoint [2.0 (23/11/26 05:42:00)] was not less than or equal to the "
                "threshold (0.0) and 7 missing datapoints were treated as [Breaching]."
            ),
        ),
        (
            {"TreatMissingData": "notBreaching"},
            [None, None, None],
            (
                "OK: Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated "
                "as [NonBreaching]."
            ),
        ),
        (
            {"EvaluationPeriods": 2, "TreatMissingData": "breaching"},
            [None, None, None, None],
            (
                "ALARM: Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were "
                "treated as [Breaching]."
            ),
        ),
        (
            {"EvaluationPeriods": 3, "DatapointsToAlarm": 2, "TreatMissingData": "breaching"},
            [0, None, None, None, None],
            (
                "ALARM: Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints were "
                "treated as [Breaching]."
            ),
        ),
        (
            {"EvaluationPeriods": 5},
            [None] * 7,
            "INSUFFICIENT_DATA: Insufficient Data: 5 datapoints were unknown.",
        ),
        ({}, [None] * 3, "INSUFFICIENT_DATA: Insufficient Data: 1 datapoint was unknown."),
    ],
)
def test_reasons(more, values, expected):
    assert why(settings(**more), *(None if value is None else float(value) for value in values)) == expected


@pytest.mark.parametrize(
    ("number", "written"),
    [(1e7, "1.0E7"), (12_345_678.5, "1.23456785E7"), (9_999_999.0, "9999999.0"), (0.0005, "5.0E-4"), (0.001, "0.001")],
)
def test_numbers_are_written_as_java_writes_them(number, written):
    assert f"[{written} (" in why(settings(), number)


def test_the_data_of_a_crossed_threshold():
    chosen = settings(Threshold=21, Unit="Seconds")
    verdict = judge(datapoints(21.5, None, None), chosen)

    assert json.loads(reason_data(verdict, chosen, at=NEWEST + 60.5)) == {
        "version": "1.0",
        "queryDate": "2026-11-23T05:43:00.500+0000",
        "startDate": "2026-11-23T05:42:00.000+0000",
        "unit": "Seconds",
        "statistic": "Average",
        "period": 60,
        "recentDatapoints": [21.5],
        "threshold": 21.0,
        "evaluatedDatapoints": [{"timestamp": "2026-11-23T05:42:00.000+0000", "sampleCount": 2.0, "value": 21.5}],
    }


def test_the_data_of_missing_datapoints():
    chosen = settings(EvaluationPeriods=2, TreatMissingData="breaching")
    verdict = judge(datapoints(None, None, None, None), chosen)

    data = json.loads(reason_data(verdict, chosen, at=NEWEST + 60))
    assert "startDate" not in data
    assert data["recentDatapoints"] == []
    assert data["evaluatedDatapoints"] == [
        {"timestamp": "2026-11-23T05:42:00.000+0000"},
        {"timestamp": "2026-11-23T05:41:00.000+0000"},
    ]


def test_recent_datapoints_are_told_oldest_first():
    chosen = settings(EvaluationPeriods=2)
    verdict = judge(datapoints(2.0, 1.0), chosen)

    data = json.loads(reason_data(verdict, chosen, at=NEWEST + 60))
    assert (data["recentDatapoints"], data["startDate"]) == ([1.0, 2.0], "2026-11-23T05:41:00.000+0000")
