"""Alarms through CloudWatch's operations, as recorded from AWS where a recording is there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

NOW = datetime(2026, 11, 23, 5, 42, 30, tzinfo=UTC)
ARN = "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:"
TOPIC = "arn:aws:sns:eu-west-1:111111111111:on-call"


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


def names(world, **filters):
    return [alarm["AlarmName"] for alarm in world.cloudwatch("DescribeAlarms", **filters)["MetricAlarms"]]


def test_a_minimal_alarm_shows_what_was_set_and_no_more(world):
    put(world)

    assert world.cloudwatch("DescribeAlarms") == {
        "MetricAlarms": [
            {
                "AlarmName": "errors",
                "AlarmArn": ARN + "errors",
                "AlarmConfigurationUpdatedTimestamp": NOW,
                "ActionsEnabled": True,
                "OKActions": [],
                "AlarmActions": [],
                "InsufficientDataActions": [],
                "StateValue": "INSUFFICIENT_DATA",
                "StateReason": "Unchecked: Initial alarm creation",
                "StateUpdatedTimestamp": NOW,
                "StateTransitionedTimestamp": NOW,
                "MetricName": "Errors",
                "Namespace": "Notes",
                "Statistic": "Sum",
                "Dimensions": [],
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 30.0,
                "ComparisonOperator": "GreaterThanThreshold",
            }
        ],
        "CompositeAlarms": [],
    }


def test_what_was_set_is_shown(world):
    more = {
        "AlarmDescription": "<too many>",
        "ActionsEnabled": False,
        "AlarmActions": [TOPIC],
        "OKActions": [TOPIC],
        "InsufficientDataActions": [TOPIC],
        "Dimensions": [{"Name": "Stage", "Value": "prod"}],
        "Unit": "Count",
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "TreatMissingData": "ignore",
        "EvaluateLowSampleCountPercentile": "evaluate",
    }
    put(world, **more)

    (alarm,) = world.cloudwatch("DescribeAlarms")["MetricAlarms"]
    assert {name: alarm[name] for name in more} == more


class TestWhichAlarms:
    @pytest.fixture(autouse=True)
    def _alarms(self, world):
        put(world, "prod-latency", AlarmActions=[TOPIC])
        put(world, "dev-errors")
        put(world, "prod-errors")

    def test_all_sorted_by_name(self, world):
        assert names(world) == ["dev-errors", "prod-errors", "prod-latency"]

    def test_by_name_prefix_and_action(self, world):
        assert names(world, AlarmNames=["prod-errors", "nothing"]) == ["prod-errors"]
        assert names(world, AlarmNamePrefix="prod-") == ["prod-errors", "prod-latency"]
        assert names(world, ActionPrefix="arn:aws:sns:") == ["prod-latency"]
        assert names(world, ActionPrefix="arn:aws:lambda:") == []

    def test_by_state(self, world):
        world.publish(31.0)

        assert names(world, StateValue="OK") == []
        assert names(world, StateValue="ALARM") == ["dev-errors", "prod-errors", "prod-latency"]

    def test_there_are_no_composite_alarms(self, world):
        assert names(world, AlarmTypes=["CompositeAlarm"]) == []

    def test_pages(self, world):
        first = world.cloudwatch("DescribeAlarms", MaxRecords=2)
        second = world.cloudwatch("DescribeAlarms", MaxRecords=2, NextToken=first["NextToken"])

        assert [alarm["AlarmName"] for alarm in first["MetricAlarms"]] == ["dev-errors", "prod-errors"]
        assert [alarm["AlarmName"] for alarm in second["MetricAlarms"]] == ["prod-latency"]
        assert "NextToken" not in second

    def test_by_metric(self, world):
        dimensions = [{"Name": "Stage", "Value": "prod"}]
        put(world, "staged", Dimensions=dimensions, Period=300)

        def found(**more):
            asked = {"Namespace": "Notes", "MetricName": "Errors", **more}
            return [
                alarm["AlarmName"] for alarm in world.cloudwatch("DescribeAlarmsForMetric", **asked)["MetricAlarms"]
            ]

        assert found() == ["dev-errors", "prod-errors", "prod-latency"]
        assert found(Dimensions=dimensions) == ["staged"]
        assert found(Dimensions=dimensions, Statistic="Sum", Period=300) == ["staged"]
        assert found(Dimensions=dimensions, Period=60) == []
        assert found(Statistic="Average") == []

    @pytest.mark.parametrize(
        ("filters", "code", "message"),
        [
            (
                {"AlarmNames": ["a"], "AlarmNamePrefix": "a"},
                "InvalidParameterCombination",
                "AlarmNames and AlarmNamePrefix cannot both be specified.",
            ),
            (
                {"MaxRecords": 101},
                "ValidationError",
                (
                    "1 validation error detected: Value '101' at 'maxRecords' failed to satisfy constraint: Member "
                    "must have value less than or equal to 100"
                ),
            ),
            ({"NextToken": "x"}, "InvalidNextToken", "The next token specified is invalid."),
            (
                {"ParentsOfAlarmName": "a", "StateValue": "OK"},
                "InvalidParameterCombination",
                "ChildrenOfAlarmName and ParentsOfAlarmName go only with MaxRecords and NextToken.",
            ),
        ],
    )
    def test_bad_filters_are_refused(self, world, filters, code, message):
        error = world.refused("cloudwatch", "DescribeAlarms", **filters)

        assert (error.code, error.message) == (code, message)


def test_deleted_alarms_are_gone_and_unknown_ones_passed_over(world):
    put(world, "a")
    put(world, "b")
    world.cloudwatch("DeleteAlarms", AlarmNames=["a", "never"])

    assert names(world) == ["b"]
    error = world.refused("cloudwatch", "DeleteAlarms", AlarmNames=["a"] * 101)
    assert error.message == "The collection AlarmNames must not have a size greater than 100."


def test_actions_are_switched_off_and_on(world):
    put(world)

    def enabled():
        return world.cloudwatch("DescribeAlarms")["MetricAlarms"][0]["ActionsEnabled"]

    world.cloudwatch("DisableAlarmActions", AlarmNames=["errors", "never"])
    assert enabled() is False
    world.cloudwatch("EnableAlarmActions", AlarmNames=["errors"])
    assert enabled() is True


class TestSetState:
    def set_state(self, world, **more):
        params = {"AlarmName": "errors", "StateValue": "ALARM", "StateReason": "testing alarm", **more}
        return world.refused("cloudwatch", "SetAlarmState", **params)

    def test_a_state_that_is_none(self, world):
        error = self.set_state(world, StateValue="INVALID")

        assert error.code == "ValidationError"
        assert error.message == (
            "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy constraint: Member must "
            "satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
        )

    def test_an_alarm_that_is_none(self, world):
        error = self.set_state(world)

        assert (error.code, error.message, error.status) == ("ResourceNotFound", "", 404)

    def test_data_that_is_no_json(self, world):
        error = self.set_state(world, StateReasonData="{")

        assert error.code == "InvalidFormat"
        assert error.message.startswith("StateReasonData is not JSON: ")


class TestTags:
    def listed(self, world):
        return world.cloudwatch("ListTagsForResource", ResourceARN=ARN + "errors")["Tags"]

    def test_tags_come_and_go(self, world):
        put(world, Tags=[{"Key": "Environment", "Value": "Production"}])
        more = [{"Key": "tag1", "Value": "foo"}, {"Key": "tag2", "Value": "bar"}]
        world.cloudwatch("TagResource", ResourceARN=ARN + "errors", Tags=more)
        world.cloudwatch("UntagResource", ResourceARN=ARN + "errors", TagKeys=["tag1"])

        assert self.listed(world) == [{"Key": "Environment", "Value": "Production"}, more[1]]

    def test_new_settings_leave_tags_alone(self, world):
        put(world, Tags=[{"Key": "a", "Value": "1"}])
        put(world, Tags=[{"Key": "b", "Value": "2"}])

        assert self.listed(world) == [{"Key": "a", "Value": "1"}]

    def test_an_alarm_that_is_gone_has_none(self, world):
        assert self.listed(world) == []

    def test_a_tag_without_a_key_is_refused(self, world):
        put(world)
        error = world.refused("cloudwatch", "TagResource", ResourceARN=ARN + "errors", Tags=[{"Value": "v"}])

        assert (error.code, error.message) == ("MissingParameter", "The parameter Tags.member.Key is required.")

    def test_an_alarm_that_is_none_cannot_be_tagged(self, world):
        error = world.refused("cloudwatch", "TagResource", ResourceARN=ARN + "errors", Tags=[])

        assert (error.code, error.status) == ("ResourceNotFoundException", 404)
        assert error.message == f"There is no alarm {ARN}errors."
