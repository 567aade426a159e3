"""M out of N with missing data: the two tables of "Configuring how CloudWatch alarms treat missing data"."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.telemetry.alarms.evaluation import Datapoint, judge
from pytest_rollbacklab.localaws.telemetry.alarms.settings import read_settings

ALARM, OK, INSUFFICIENT, STAYS = "ALARM", "OK", "INSUFFICIENT_DATA", None
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def settings(needed, periods, treatment, comparison="GreaterThanThreshold", namespace="Notes"):
    return read_settings(
        {
            "AlarmName": "errors",
            "Namespace": namespace,
            "MetricName": "Errors",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": periods,
            "DatapointsToAlarm": needed,
            "Threshold": 0,
            "ComparisonOperator": comparison,
            "TreatMissingData": treatment,
        }
    )


def datapoints(picture):
    """Return datapoints drawn as the user guide does, oldest first: 0 is well, X breaches, - is missing."""
    values = [{"0": 0.0, "X": 1.0, "-": None}[one] for one in picture.split()]
    return [Datapoint(at=-60 * age, value=value) for age, value in enumerate(reversed(values))]


def state(picture, chosen):
    verdict = judge(datapoints(picture), chosen)
    return verdict.state if verdict else STAYS


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("0 - X - X", (OK, OK, OK, OK)),
        ("- - - - 0", (OK, OK, OK, OK)),
        ("- - - - -", (INSUFFICIENT, STAYS, ALARM, OK)),
        ("0 X X - X", (ALARM, ALARM, ALARM, ALARM)),
        ("- - X - -", (ALARM, STAYS, ALARM, OK)),
    ],
)
def test_three_out_of_three(picture, expected):
    assert tuple(state(picture, settings(3, 3, treatment)) for treatment in TREATMENTS) == expected


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("0 - X - X", (ALARM, ALARM, ALARM, ALARM)),
        ("0 0 X 0 X", (ALARM, ALARM, ALARM, ALARM)),
        ("0 - X - -", (OK, OK, ALARM, OK)),
        ("- - - - 0", (OK, OK, ALARM, OK)),
        ("- - - X -", (ALARM, STAYS, ALARM, OK)),
    ],
)
def test_two_out_of_three(picture, expected):
    assert tuple(state(picture, settings(2, 3, treatment)) for treatment in TREATMENTS) == expected


@pytest.mark.parametrize("picture", ["- - - - X", "- - - X -"])
def test_a_young_breach_alone_is_no_alarm_yet(picture):
    assert state(picture, settings(3, 3, "missing")) is STAYS


@pytest.mark.parametrize(
    ("comparison", "breaches"),
    [
        ("GreaterThanThreshold", (False, False, True)),
        ("GreaterThanOrEqualToThreshold", (False, True, True)),
        ("LessThanThreshold", (True, False, False)),
        ("LessThanOrEqualToThreshold", (True, True, False)),
    ],
)
def test_comparisons(comparison, breaches):
    chosen = settings(1, 1, "missing", comparison)
    verdicts = [judge([Datapoint(at=0, value=value)], chosen) for value in (-1.0, 0.0, 1.0)]

    assert tuple(verdict.state == ALARM for verdict in verdicts) == breaches


def test_missing_data_is_filled_in_no_more_often_than_needed():
    verdict = judge(datapoints("0 - X - -"), settings(2, 3, "breaching"))

    assert [point.value for point in verdict.evaluated] == [None, 1.0, 0.0]
    assert (verdict.filled, [point.value for point in verdict.deciding]) == (1, [1.0])


def test_alarms_on_dynamodb_always_ignore_missing_data():
    assert state("- - - - -", settings(3, 3, "breaching", namespace="AWS/DynamoDB")) is STAYS
