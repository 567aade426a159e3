"""When an alarm changes state: worked out when somebody looks, as if it had been watched all along."""

from __future__ import annotations

import json

import pytest

from pytest_rollbacklab.localaws.telemetry.alarms.alarm import Transition

MINUTE = 60.0
INITIAL = ("INSUFFICIENT_DATA", "Unchecked: Initial alarm creation")


def put(world, **more):
    params = {
        "AlarmName": "errors",
        "Namespace": "Notes",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 0,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }
    world.cloudwatch("PutMetricAlarm", **params)


def described(world):
    (alarm,) = world.cloudwatch("DescribeAlarms")["MetricAlarms"]
    return alarm


def state(world):
    return described(world)["StateValue"]


def moves(world):
    """Return the transitions, oldest first: when (in seconds from the start), from, to."""
    history = world.cloudwatch("DescribeAlarmHistory", HistoryItemType="StateUpdate", ScanBy="TimestampAscending")
    start = world.clock.now - world.elapsed
    return [
        (
            item["Timestamp"].timestamp() - start,
            *item["HistorySummary"].removeprefix("Alarm updated from ").split(" to "),
        )
        for item in history["AlarmHistoryItems"]
    ]


@pytest.fixture(autouse=True)
def _on_the_minute(world):
    world.clock.now -= world.clock.now % 60
    world.elapsed = 0.0


def advance(world, seconds):
    world.clock.advance(seconds)
    world.elapsed += seconds


@pytest.mark.parametrize("treatment", ["missing", "ignore"])
def test_a_new_alarm_without_data_is_unchecked(world, treatment):
    put(world, TreatMissingData=treatment)

    assert (described(world)["StateValue"], described(world)["StateReason"]) == INITIAL
    advance(world, 10 * MINUTE)
    assert (described(world)["StateValue"], described(world)["StateReason"]) == INITIAL


def test_a_breach_of_the_running_minute_is_told_at_once(world):
    put(world)
    advance(world, 12.5)
    world.publish(1.0)

    alarm = described(world)
    assert alarm["StateValue"] == "ALARM"
    assert alarm["StateReason"] == (
        "Threshold Crossed: 1 datapoint [1.0 (23/11/26 05:42:00)] was greater than the threshold (0.0)."
    )
    assert alarm["StateUpdatedTimestamp"] == alarm["StateTransitionedTimestamp"]
    assert json.loads(alarm["StateReasonData"])["queryDate"] == "2026-11-23T05:42:12.500+0000"


def test_recovery_waits_for_the_end_of_the_minute(world):
    put(world)
    world.publish(1.0)
    assert state(world) == "ALARM"

    advance(world, MINUTE)
    world.publish(0.0)
    assert state(world) == "ALARM"
    advance(world, MINUTE - 1)
    assert state(world) == "ALARM"
    advance(world, 1)
    assert state(world) == "OK"
    assert moves(world) == [(0, "INSUFFICIENT_DATA", "ALARM"), (120, "ALARM", "OK")]


@pytest.mark.parametrize(("statistic", "early"), [("SampleCount", True), ("Maximum", True), ("Average", False)])
def test_what_more_data_may_still_turn_is_told_when_the_minute_is_over(world, statistic, early):
    put(world, Statistic=statistic, Threshold=0.5)
    world.publish(1.0)
    assert state(world) == ("ALARM" if early else "INSUFFICIENT_DATA")

    advance(world, MINUTE)
    assert state(world) == "ALARM"


def test_a_low_running_minute_is_no_breach_before_it_is_over(world):
    put(world, ComparisonOperator="LessThanThreshold", Threshold=10)
    world.publish(1.0)
    assert state(world) == "INSUFFICIENT_DATA"

    advance(world, MINUTE)
    assert state(world) == "ALARM"


def test_data_that_was_there_before_the_alarm_is_looked_at(world):
    world.publish(1.0)
    advance(world, MINUTE)
    put(world)

    assert state(world) == "ALARM"


def test_old_data_is_looked_at_again_until_it_leaves_the_range(world):
    put(world, TreatMissingData="notBreaching")
    world.publish(1.0)

    assert state(world) == "ALARM"
    advance(world, 3 * MINUTE + 59)
    assert state(world) == "ALARM"
    advance(world, 1)
    assert state(world) == "OK"
    assert described(world)["StateReason"] == (
        "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as"
        " [NonBreaching]."
    )


def test_what_happened_while_nobody_looked_is_found_all_the_same(world):
    put(world, TreatMissingData="notBreaching")
    advance(world, 10 * MINUTE)
    world.publish(1.0)
    advance(world, 20 * MINUTE)
    world.publish(0.0)
    advance(world, 5 * 3600)

    assert state(world) == "OK"
    assert moves(world) == [
        (0, "INSUFFICIENT_DATA", "OK"),
        (11 * MINUTE, "OK", "ALARM"),
        (14 * MINUTE, "ALARM", "OK"),
    ]


def test_ignored_missing_data_leaves_the_alarm_as_it_was(world):
    put(world, TreatMissingData="ignore")
    world.publish(1.0)
    advance(world, 3600)

    assert state(world) == "ALARM"


def test_missing_data_ends_in_insufficient_data(world):
    put(world, EvaluationPeriods=2)
    world.publish(1.0)
    advance(world, MINUTE)
    world.publish(1.0)
    assert state(world) == "ALARM"
    advance(world, 3600)

    assert described(world)["StateReason"] == "Insufficient Data: 2 datapoints were unknown."
    assert [move[1:] for move in moves(world)] == [("INSUFFICIENT_DATA", "ALARM"), ("ALARM", "INSUFFICIENT_DATA")]


def test_m_out_of_n(world):
    put(world, EvaluationPeriods=3, DatapointsToAlarm=2, TreatMissingData="notBreaching")
    values, states = [1.0, 0.0, 1.0, 1.0, 0.0, 0.0], ["OK", "OK", "ALARM", "ALARM", "ALARM", "OK"]
    for value, then in zip(values, states, strict=True):
        world.publish(value)
        advance(world, MINUTE)
        assert state(world) == then


def test_a_high_resolution_alarm_looks_each_ten_seconds(world):
    put(world, Period=10, TreatMissingData="notBreaching")
    world.publish(1.0, StorageResolution=1)
    assert state(world) == "ALARM"
    advance(world, 39)
    assert state(world) == "ALARM"
    advance(world, 1)
    assert state(world) == "OK"


def test_long_periods_slide_by_the_minute(world):
    put(world, Period=300, Threshold=1, ComparisonOperator="GreaterThanOrEqualToThreshold")
    advance(world, 2 * MINUTE)
    world.publish(1.0)
    advance(world, MINUTE)

    assert described(world)["StateReason"] == (
        "Threshold Crossed: 1 datapoint [1.0 (23/11/26 05:40:00)] was greater than or equal to the threshold (1.0)."
    )


def test_an_alarm_with_a_unit_sees_that_unit_alone(world):
    put(world, Unit="Count")
    world.publish(1.0, Unit="Seconds")
    assert state(world) == "INSUFFICIENT_DATA"

    world.publish(1.0, Unit="Count")
    assert state(world) == "ALARM"


def test_an_alarm_on_a_percentile(world):
    put(world, Statistic=None, ExtendedStatistic="p99", Threshold=900)
    world.publish(*([100.0] * 90), *([1000.0] * 10))
    advance(world, MINUTE)

    assert (state(world), described(world)["ExtendedStatistic"]) == ("ALARM", "p99")


def test_a_state_that_was_set_by_hand_lasts_until_the_next_evaluation(world):
    put(world)
    world.cloudwatch("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="testing alarm")

    assert (state(world), described(world)["StateReason"]) == ("ALARM", "testing alarm")
    assert "StateReasonData" not in described(world)
    advance(world, MINUTE)
    assert state(world) == "INSUFFICIENT_DATA"


def test_a_state_that_was_set_by_hand_stays_where_missing_data_is_ignored(world):
    put(world, TreatMissingData="ignore")
    world.cloudwatch("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="testing alarm")
    advance(world, 3600)

    assert state(world) == "ALARM"


def test_new_settings_leave_the_state_until_they_say_otherwise(world):
    put(world)
    world.publish(1.0)
    assert state(world) == "ALARM"
    put(world, Threshold=5)
    advance(world, MINUTE)

    assert state(world) == "OK"
    assert [move[1:] for move in moves(world)] == [("INSUFFICIENT_DATA", "ALARM"), ("ALARM", "OK")]


def test_listeners_hear_of_each_transition_once(world):
    heard: list[Transition] = []
    world.telemetry.alarms.subscribe(lambda scope, transition: heard.append((scope, transition)))
    put(world, AlarmActions=["arn:aws:sns:eu-west-1:111111111111:on-call"])
    world.publish(1.0)

    for _ in range(3):
        state(world)

    ((scope, transition),) = heard
    assert scope == world.scope
    assert (transition.old.value, transition.new.value) == ("INSUFFICIENT_DATA", "ALARM")
    assert transition.settings.actions["AlarmActions"] == ("arn:aws:sns:eu-west-1:111111111111:on-call",)
