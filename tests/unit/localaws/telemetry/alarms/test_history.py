"""DescribeAlarmHistory: what happened to alarms, as recorded from AWS where a recording is there."""

from __future__ import annotations

import json
from datetime import UTC, datetime

NOW = datetime(2026, 11, 23, 5, 42, 30, tzinfo=UTC)


def put(world, name="errors", **more):
    params = {
        "AlarmName": name,
        "Namespace": "Notes",
        "MetricName": "Errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 30,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }
    world.cloudwatch("PutMetricAlarm", **params)


def history(world, **more):
    return world.cloudwatch("DescribeAlarmHistory", **more)["AlarmHistoryItems"]


def test_a_transition(world):
    put(world)
    world.cloudwatch(
        "SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="testing", StateReasonData='{"a":1}'
    )

    (item,) = history(world, AlarmName="errors", HistoryItemType="StateUpdate")
    assert json.loads(item.pop("HistoryData")) == {
        "version": "1.0",
        "oldState": {"stateValue": "INSUFFICIENT_DATA", "stateReason": "Unchecked: Initial alarm creation"},
        "newState": {"stateValue": "ALARM", "stateReason": "testing", "stateReasonData": {"a": 1}},
    }
    assert item == {
        "AlarmName": "errors",
        "AlarmType": "MetricAlarm",
        "Timestamp": NOW,
        "HistoryItemType": "StateUpdate",
        "HistorySummary": "Alarm updated from INSUFFICIENT_DATA to ALARM",
    }


def test_the_same_state_set_again_is_no_transition(world):
    put(world)
    world.cloudwatch("SetAlarmState", AlarmName="errors", StateValue="INSUFFICIENT_DATA", StateReason="again")

    assert history(world, HistoryItemType="StateUpdate") == []


def test_configuration(world):
    put(world, Dimensions=[{"Name": "Stage", "Value": "prod"}])
    put(world, Threshold=40)
    world.cloudwatch("DeleteAlarms", AlarmNames=["errors"])

    items = history(world, ScanBy="TimestampAscending")
    assert [item["HistorySummary"] for item in items] == [
        'Alarm "errors" created',
        'Alarm "errors" updated',
        'Alarm "errors" deleted',
    ]
    created = json.loads(items[0]["HistoryData"])
    assert (created["version"], created["type"]) == ("1.0", "Create")
    assert created["createdAlarm"]["dimensions"] == [{"name": "Stage", "value": "prod"}]
    assert created["createdAlarm"]["okactions"] == []
    assert created["createdAlarm"]["alarmConfigurationUpdatedTimestamp"] == "2026-11-23T05:42:30.000+0000"
    assert json.loads(items[1]["HistoryData"])["updatedAlarm"]["threshold"] == 40.0


def test_filters_and_pages(world):
    put(world, "a")
    world.clock.advance(60)
    put(world, "b")

    assert [item["AlarmName"] for item in history(world)] == ["b", "a"]
    assert [item["AlarmName"] for item in history(world, AlarmName="a")] == ["a"]
    assert [item["AlarmName"] for item in history(world, StartDate=NOW.replace(minute=43))] == ["b"]
    assert [item["AlarmName"] for item in history(world, EndDate=NOW)] == ["a"]
    assert history(world, AlarmTypes=["CompositeAlarm"]) == []

    first = world.cloudwatch("DescribeAlarmHistory", MaxRecords=1)
    second = world.cloudwatch("DescribeAlarmHistory", MaxRecords=1, NextToken=first["NextToken"])
    assert [item["AlarmName"] for item in second["AlarmHistoryItems"]] == ["a"]
    assert "NextToken" not in second
    error = world.refused("cloudwatch", "DescribeAlarmHistory", NextToken="x")
    assert error.code == "InvalidNextToken"
