"""PutMetricAlarm: what is refused, in AWS's words where they are known."""

from __future__ import annotations

import pytest

GOOD = {
    "AlarmName": "errors",
    "Namespace": "Notes",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def refused(world, more):
    params = {name: value for name, value in (GOOD | more).items() if value is not None}
    return world.refused("cloudwatch", "PutMetricAlarm", **params)


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        ({"AlarmName": None}, "MissingParameter", "The parameter AlarmName is required."),
        ({"Threshold": None}, "MissingParameter", "The parameter Threshold is required."),
        ({"MetricName": None}, "MissingParameter", "The parameter MetricName is required."),
        ({"Period": 15}, "ValidationError", "Period must be 10, 20, 30 or a multiple of 60"),
        (
            {"DatapointsToAlarm": 2},
            "ValidationError",
            "DatapointsToAlarm must be less than or equal to EvaluationPeriods",
        ),
        (
            {"EvaluationPeriods": 0},
            "ValidationError",
            (
                "1 validation error detected: Value '0' at 'evaluationPeriods' failed to satisfy constraint: Member "
                "must have value greater than or equal to 1"
            ),
        ),
        (
            {"EvaluationPeriods": 1441},
            "ValidationError",
            (
                "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) for "
                "alarms using period < 3600"
            ),
        ),
        (
            {"EvaluationPeriods": 8, "Period": 86400},
            "ValidationError",
            (
                "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) for "
                "alarms using period >= 3600"
            ),
        ),
        (
            {"Statistic": "Mode"},
            "ValidationError",
            (
                "1 validation error detected: Value 'Mode' at 'statistic' failed to satisfy constraint: Member must "
                "satisfy enum value set: [Maximum, SampleCount, Sum, Minimum, Average]"
            ),
        ),
        (
            {"Statistic": None},
            "InvalidParameterCombination",
            "You must specify either Statistic or ExtendedStatistic, but not both.",
        ),
        (
            {"ExtendedStatistic": "p99"},
            "InvalidParameterCombination",
            "You must specify either Statistic or ExtendedStatistic, but not both.",
        ),
        (
            {"Statistic": None, "ExtendedStatistic": "90"},
            "InvalidParameterValue",
            "The value 90 for parameter ExtendedStatistic is not supported.",
        ),
        (
            {"Statistic": None, "ExtendedStatistic": "Sum"},
            "InvalidParameterValue",
            "The value Sum for parameter ExtendedStatistic is not supported.",
        ),
        (
            {"ComparisonOperator": "EqualToThreshold"},
            "ValidationError",
            (
                "1 validation error detected: Value 'EqualToThreshold' at 'comparisonOperator' failed to satisfy "
                "constraint: Member must satisfy enum value set: [GreaterThanOrEqualToThreshold, GreaterThanThreshold, "
                "LessThanThreshold, LessThanOrEqualToThreshold, LessThanLowerOrGreaterThanUpperThreshold, "
                "LessThanLowerThreshold, GreaterThanUpperThreshold]"
            ),
        ),
        (
            {"TreatMissingData": "good"},
            "ValidationError",
            (
                "The value good is not supported for TreatMissingData parameter. Supported values are "
                "[breaching, notBreaching, ignore, missing]."
            ),
        ),
        (
            {"EvaluateLowSampleCountPercentile": "maybe"},
            "ValidationError",
            (
                "Option maybe is not supported. Supported options for parameter EvaluateLowSampleCountPercentile are "
                "evaluate and ignore."
            ),
        ),
        (
            {"AlarmActions": ["arn"] * 6},
            "InvalidParameterValue",
            "The collection AlarmActions must not have a size greater than 5.",
        ),
    ],
)
def test_a_setting_that_breaks_a_rule_is_refused(world, more, code, message):
    error = refused(world, more)

    assert (error.code, error.message) == (code, message)
    assert world.cloudwatch("DescribeAlarms")["MetricAlarms"] == []


@pytest.mark.parametrize(
    "option",
    [
        "ThresholdMetricId",
        "EvaluationCriteria",
        "EvaluationInterval",
        "EvaluationWindow",
        "WarmUpConfiguration",
        "ActionConfiguration",
    ],
)
def test_other_kinds_of_alarm_are_refused_by_name(world, option):
    error = refused(world, {option: [{"Id": "e1"}]})

    assert (error.code, error.status) == ("NotImplemented", 501)
    assert error.message == (
        f"the local AWS does not emulate {option} of PutMetricAlarm. Use an alarm on one metric with a fixed Threshold."
    )


@pytest.mark.parametrize(
    "comparison", ["LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"]
)
def test_anomaly_comparisons_are_refused_by_name(world, comparison):
    assert refused(world, {"ComparisonOperator": comparison}).message == (
        f"the local AWS does not emulate ComparisonOperator {comparison}. "
        "Anomaly bands are not modelled: use a fixed Threshold."
    )


def test_ignoring_low_sample_counts_is_refused_by_name(world):
    assert refused(world, {"EvaluateLowSampleCountPercentile": "ignore"}).message == (
        "the local AWS does not emulate EvaluateLowSampleCountPercentile 'ignore'. Leave it out, or say evaluate."
    )
