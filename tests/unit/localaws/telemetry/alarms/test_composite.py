"""Composite alarms: their rule, when they follow their children, and how they are read."""

from __future__ import annotations

import json

import pytest

ARN = "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:"


def put(world, name):
    world.cloudwatch(
        "PutMetricAlarm",
        AlarmName=name,
        Namespace="Notes",
        MetricName=name,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )


def compose(world, rule, name="all", **more):
    world.cloudwatch("PutCompositeAlarm", AlarmName=name, AlarmRule=rule, **more)


def set_state(world, name, state):
    world.cloudwatch("SetAlarmState", AlarmName=name, StateValue=state, StateReason="by hand")


def described(world, name="all"):
    (alarm,) = world.cloudwatch("DescribeAlarms", AlarmTypes=["CompositeAlarm"], AlarmNames=[name])["CompositeAlarms"]
    return alarm


def state(world, name="all"):
    return described(world, name)["StateValue"]


@pytest.fixture(autouse=True)
def _children(world):
    for name in ("a", "b", "b c"):
        put(world, name)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("ALARM(a)", "ALARM"),
        ("ALARM(b)", "OK"),
        ("OK(b)", "ALARM"),
        ('INSUFFICIENT_DATA("b c")', "ALARM"),
        (f"ALARM({ARN}a)", "ALARM"),
        (f'ALARM("{ARN}a")', "ALARM"),
        ("NOT ALARM(a)", "OK"),
        ("ALARM(a) AND ALARM(b)", "OK"),
        ("ALARM(a) OR ALARM(b)", "ALARM"),
        ("ALARM(b) AND FALSE OR ALARM(a)", "ALARM"),
        ("ALARM(b) AND (FALSE OR ALARM(a))", "OK"),
        ("NOT (ALARM(b) AND TRUE) AND TRUE", "ALARM"),
        ("TRUE", "ALARM"),
        ("FALSE", "OK"),
    ],
)
def test_a_rule_says_in_which_state_it_is(world, rule, expected):
    set_state(world, "a", "ALARM")
    set_state(world, "b", "OK")

    compose(world, rule)

    assert state(world) == expected


def test_it_follows_its_children_and_says_which_one(world):
    compose(world, "ALARM(a) AND ALARM(b)")
    assert described(world)["StateReason"] == f"{ARN}all was created and its alarm rule evaluates to OK"

    set_state(world, "a", "ALARM")
    assert state(world) == "OK"
    set_state(world, "b", "ALARM")

    assert state(world) == "ALARM"
    assert described(world)["StateReason"] == (f"{ARN}b transitioned to ALARM at Monday 23 November, 2026 05:42:30 UTC")
    triggering = json.loads(described(world)["StateReasonData"])["triggeringAlarms"]
    told = {"value": "ALARM", "timestamp": "2026-11-23T05:42:30.000+0000"}
    assert triggering == [{"arn": f"{ARN}a", "state": told}, {"arn": f"{ARN}b", "state": told}]


def test_what_happened_while_nobody_looked_is_followed_in_its_order(world):
    compose(world, "ALARM(a)")
    world.publish(1.0, name="a")
    world.clock.advance(3600)

    assert state(world) == "OK"
    moves = world.cloudwatch(
        "DescribeAlarmHistory",
        AlarmTypes=["CompositeAlarm"],
        HistoryItemType="StateUpdate",
        ScanBy="TimestampAscending",
    )["AlarmHistoryItems"]
    assert [move["HistorySummary"] for move in moves] == [
        "Alarm updated from INSUFFICIENT_DATA to OK",
        "Alarm updated from OK to ALARM",
        "Alarm updated from ALARM to OK",
    ]
    assert {move["AlarmType"] for move in moves} == {"CompositeAlarm"}


def test_composite_alarms_follow_composite_alarms(world):
    compose(world, "ALARM(a)", name="inner")
    compose(world, "ALARM(inner) AND NOT ALARM(b)", name="outer")

    set_state(world, "a", "ALARM")

    assert state(world, "outer") == "ALARM"


def test_an_alarm_that_is_gone_has_no_data(world):
    compose(world, "INSUFFICIENT_DATA(a)")
    set_state(world, "a", "OK")
    assert state(world) == "OK"

    world.cloudwatch("DeleteAlarms", AlarmNames=["a"])
    compose(world, "INSUFFICIENT_DATA(b) OR TRUE")

    assert state(world) == "ALARM"
    assert described(world)["StateReason"] == f"{ARN}all was updated and its alarm rule evaluates to ALARM"


def test_it_is_shown_with_its_rule_and_only_where_it_is_asked_for(world):
    compose(world, "ALARM(a)", AlarmDescription="both", Tags=[{"Key": "k", "Value": "v"}])

    shown = described(world)
    assert (shown["AlarmRule"], shown["AlarmArn"], shown["AlarmDescription"]) == ("ALARM(a)", f"{ARN}all", "both")
    assert "Threshold" not in shown
    assert world.cloudwatch("DescribeAlarms")["CompositeAlarms"] == []
    both = world.cloudwatch("DescribeAlarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"], AlarmNamePrefix="a")
    assert [one["AlarmName"] for one in (*both["MetricAlarms"], *both["CompositeAlarms"])] == ["a", "all"]
    assert world.cloudwatch("ListTagsForResource", ResourceARN=f"{ARN}all")["Tags"] == [{"Key": "k", "Value": "v"}]


def test_families_are_told(world):
    compose(world, 'ALARM(a) OR ALARM("b c")')

    children = world.cloudwatch("DescribeAlarms", ChildrenOfAlarmName="all")["MetricAlarms"]
    assert [child["AlarmName"] for child in children] == ["a", "b c"]
    assert children[0].keys() == {"AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp", "ActionsEnabled"}
    parents = world.cloudwatch("DescribeAlarms", ParentsOfAlarmName="a")["CompositeAlarms"]
    assert [parent["AlarmName"] for parent in parents] == ["all"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("ALARM(a) AND", "AlarmRule contains invalid syntax at its end: ALARM(a) AND"),
        ("ALARM(a", "AlarmRule contains invalid syntax at its end: ALARM(a"),
        ("ALARM()", "AlarmRule contains invalid syntax at ')': ALARM()"),
        ("a OR b", "AlarmRule contains invalid syntax at 'a': a OR b"),
        ("ALARM(a) ALARM(b)", "AlarmRule contains invalid syntax at 'ALARM': ALARM(a) ALARM(b)"),
        ("NOT " * 200 + "TRUE", None),
        (
            "ALARM(none) OR OK(nobody)",
            "Could not save the composite alarm as alarms [none, nobody] in the alarm rule do not exist",
        ),
        (
            " OR ".join(f"ALARM(a{number})" for number in range(101)),
            "AlarmRule must not name more than 100 alarms",
        ),
    ],
)
def test_a_rule_that_is_none_is_refused(world, rule, message):
    error = world.refused("cloudwatch", "PutCompositeAlarm", AlarmName="all", AlarmRule=rule)

    assert error.code == "ValidationError"
    assert message is None or error.message == message


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"ActionsSuppressor": "a"}, "ActionsSuppressor of PutCompositeAlarm"),
        ({"ActionsSuppressorWaitPeriod": 1}, "ActionsSuppressorWaitPeriod of PutCompositeAlarm"),
        ({"AlarmRule": "AT_LEAST(1, ALARM, (a, b))"}, "AT_LEAST in an AlarmRule"),
        ({"AlarmRule": "ALARM(all)"}, "a cycle of composite alarms (all follows itself)"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(world, params, message):
    error = world.refused("cloudwatch", "PutCompositeAlarm", **{"AlarmName": "all", "AlarmRule": "ALARM(a)", **params})

    assert error.code == "NotImplemented"
    assert error.message.startswith(f"the local AWS does not emulate {message}. ")


def test_an_alarm_cannot_become_another_kind(world):
    error = world.refused("cloudwatch", "PutCompositeAlarm", AlarmName="a", AlarmRule="TRUE")

    assert error.message == "The alarm a is a MetricAlarm: an alarm cannot become another kind."


def test_one_composite_alarm_is_deleted_at_a_time(world):
    compose(world, "TRUE", name="x")
    compose(world, "TRUE", name="y")

    error = world.refused("cloudwatch", "DeleteAlarms", AlarmNames=["x", "y"])
    world.cloudwatch("DeleteAlarms", AlarmNames=["x", "a"])

    assert error.message == "At most one composite alarm can be deleted in one call."
    assert state(world, "y") == "ALARM"
