"""What alarms do when they change state: when they are looked at by themselves, and whom they tell what."""

from __future__ import annotations

import asyncio
import json
import math

import pytest

from pytest_rollbacklab.localaws.api import ServiceError

ARN = "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:errors"
TOPIC = "arn:aws:sns:eu-west-1:111111111111:on-call"
FUNCTION = "arn:aws:lambda:eu-west-1:111111111111:function:page"
PRINCIPAL = "lambda.alarms.cloudwatch.amazonaws.com"


class Later:
    """An event loop's ``call_later``, which is brought on by hand."""

    def __init__(self, clock):
        self.clock = clock
        self.due = math.inf
        self.work = None
        self.set = 0

    def __call__(self, seconds, work):
        self.set += 1
        self.due, self.work = self.clock.now + seconds, work
        return self

    def cancel(self):
        self.due, self.work = math.inf, None

    def run_until(self, end):
        """Let time go on, and do what comes due in it; return how often something did."""
        times = 0
        while self.due <= end and times < 1000:
            self.clock.now, work = max(self.clock.now, self.due), self.work
            self.due, self.work = math.inf, None
            work()
            times += 1
        self.clock.now = end
        return times


def put(world, name="errors", **more):
    params = {
        "AlarmName": name,
        "Namespace": "Notes",
        "MetricName": "Errors",
        "Dimensions": [{"Name": "Route", "Value": "/notes"}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 2,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [TOPIC],
        "OKActions": [TOPIC],
        **more,
    }
    world.cloudwatch("PutMetricAlarm", **params)


def publish(world, value):
    world.publish(value, Dimensions=[{"Name": "Route", "Value": "/notes"}])


def states(aws):
    return [json.loads(told["Message"])["NewStateValue"] for told in aws.told("sns:Publish")]


@pytest.fixture
def later(world):
    return Later(world.clock)


@pytest.fixture
def within(world, aws, later):
    """Run something while alarms act, and wait until all that it led to is done."""

    def run(work):
        async def body():
            world.telemetry.alarms.start(aws=aws, permits=aws.permits, later=later)
            work()
            for _ in range(5):
                await asyncio.sleep(0)
            await world.telemetry.alarms.close()

        asyncio.run(body())

    return run


class TestByThemselves:
    def test_without_alarms_with_actions_nothing_is_ever_set(self, world, within, later):
        def work():
            put(world, AlarmActions=[], OKActions=[])
            publish(world, 5.0)
            world.cloudwatch("DescribeAlarms")

        within(work)

        assert later.set == 0

    def test_a_breach_and_the_recovery_are_told_without_anybody_looking(self, world, aws, within, later):
        def work():
            put(world)
            later.run_until(world.clock.now + 60)
            publish(world, 5.0)
            later.run_until(world.clock.now + 600)

        within(work)

        assert states(aws) == ["OK", "ALARM", "OK"]

    def test_when_nothing_can_change_any_more_there_is_no_timer(self, world, within, later):
        def work():
            put(world)
            publish(world, 5.0)
            assert later.run_until(world.clock.now + 900) < 12
            assert later.due == math.inf

        within(work)

    def test_a_certain_breach_is_told_at_once(self, world, aws, within, later):
        def work():
            put(world, Statistic="Sum")
            publish(world, 5.0)
            later.run_until(world.clock.now + 1)

        within(work)

        assert states(aws)[-1:] == ["ALARM"]

    def test_a_state_that_was_set_by_hand_is_told_and_goes_again(self, world, aws, within, later):
        def work():
            put(world)
            later.run_until(world.clock.now + 60)
            world.cloudwatch("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="trying")
            later.run_until(world.clock.now + 90)

        within(work)

        assert states(aws) == ["OK", "ALARM", "OK"]

    def test_an_alarm_that_only_a_composite_one_follows_is_looked_at_too(self, world, aws, within, later):
        def work():
            put(world, AlarmActions=[], OKActions=[])
            world.cloudwatch("PutCompositeAlarm", AlarmName="all", AlarmRule="ALARM(errors)", AlarmActions=[TOPIC])
            publish(world, 5.0)
            later.run_until(world.clock.now + 120)

        within(work)

        (told,) = [json.loads(one["Message"]) for one in aws.told("sns:Publish")]
        assert (told["AlarmName"], told["AlarmRule"]) == ("all", "ALARM(errors)")
        assert told["TriggeringChildren"][0]["Arn"] == ARN
        assert "Trigger" not in told

    def test_actions_that_are_switched_off_are_not_performed(self, world, aws, within, later):
        def work():
            put(world, ActionsEnabled=False)
            publish(world, 5.0)
            later.run_until(world.clock.now + 120)

        within(work)

        assert aws.calls == []
        assert world.cloudwatch("DescribeAlarms")["MetricAlarms"][0]["StateValue"] == "ALARM"


class TestWhatIsTold:
    def by_hand(self, world, **more):
        put(world, **more)
        world.cloudwatch("SetAlarmState", AlarmName="errors", StateValue="ALARM", StateReason="testing alarm")

    def test_a_topic_is_told_as_recorded(self, world, aws, within):
        within(lambda: self.by_hand(world, AlarmDescription="testing", Unit="Seconds", TreatMissingData="ignore"))

        (told,) = aws.told("sns:Publish")
        assert (told["TopicArn"], told["Subject"]) == (TOPIC, 'ALARM: "errors" in EU (Ireland)')
        assert json.loads(told["Message"]) == {
            "AWSAccountId": "111111111111",
            "AlarmActions": [TOPIC],
            "AlarmArn": ARN,
            "AlarmConfigurationUpdatedTimestamp": "2026-11-23T05:42:30.000+0000",
            "AlarmDescription": "testing",
            "AlarmName": "errors",
            "InsufficientDataActions": [],
            "NewStateReason": "testing alarm",
            "NewStateValue": "ALARM",
            "OKActions": [TOPIC],
            "OldStateValue": "INSUFFICIENT_DATA",
            "Region": "EU (Ireland)",
            "StateChangeTime": "2026-11-23T05:42:30.000+0000",
            "Trigger": {
                "ComparisonOperator": "GreaterThanThreshold",
                "Dimensions": [{"name": "Route", "value": "/notes"}],
                "EvaluateLowSampleCountPercentile": "",
                "EvaluationPeriods": 1,
                "MetricName": "Errors",
                "Namespace": "Notes",
                "Period": 60,
                "Statistic": "AVERAGE",
                "StatisticType": "Statistic",
                "Threshold": 2.0,
                "TreatMissingData": "ignore",
                "Unit": "Seconds",
            },
        }

    def test_a_function_is_told_as_recorded(self, world, aws, within):
        aws.permitted.add((PRINCIPAL, "page"))

        within(
            lambda: self.by_hand(
                world,
                AlarmActions=[f"{FUNCTION}:live"],
                AlarmDescription="testing",
                Dimensions=[],
                TreatMissingData="ignore",
            )
        )

        (told,) = aws.told("lambda:Invoke")
        event = json.loads(told.pop("Payload"))
        assert told == {"FunctionName": "page", "Qualifier": "live", "InvocationType": "Event"}
        (metric,) = event["alarmData"]["configuration"].pop("metrics")
        assert event == {
            "source": "aws.cloudwatch",
            "alarmArn": ARN,
            "accountId": "111111111111",
            "time": "2026-11-23T05:42:30.000+0000",
            "region": "eu-west-1",
            "alarmData": {
                "alarmName": "errors",
                "state": {"value": "ALARM", "reason": "testing alarm", "timestamp": "2026-11-23T05:42:30.000+0000"},
                "previousState": {
                    "value": "INSUFFICIENT_DATA",
                    "reason": "Unchecked: Initial alarm creation",
                    "timestamp": "2026-11-23T05:42:30.000+0000",
                },
                "configuration": {"description": "testing"},
            },
        }
        del metric["id"]
        assert metric == {
            "metricStat": {
                "metric": {"namespace": "Notes", "name": "Errors", "dimensions": {}},
                "period": 60,
                "stat": "Average",
            },
            "returnData": True,
        }

    def test_an_alarm_over_several_metrics_tells_its_queries(self, world, aws, within):
        metric = {"Metric": {"Namespace": "Notes", "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}
        several = {
            "Metrics": [
                {"Id": "e1", "Expression": "m1 * 2", "Label": "twice"},
                {"Id": "m1", "MetricStat": metric, "ReturnData": False},
            ],
            **dict.fromkeys(("Namespace", "MetricName", "Dimensions", "Statistic", "Period")),
        }

        within(lambda: self.by_hand(world, **several))

        trigger = json.loads(aws.told("sns:Publish")[0]["Message"])["Trigger"]
        assert trigger["Metrics"] == [
            {"Expression": "m1 * 2", "Id": "e1", "Label": "twice", "ReturnData": True},
            {
                "Id": "m1",
                "MetricStat": {
                    "Metric": {"Dimensions": [], "MetricName": "Errors", "Namespace": "Notes"},
                    "Period": 60,
                    "Stat": "Sum",
                },
                "ReturnData": False,
            },
        ]
        assert "MetricName" not in trigger

    def test_what_became_of_it_is_in_the_history(self, world, aws, within):
        aws.refuses["Publish"] = ServiceError("NotFound", "Topic does not exist", 404)

        within(lambda: self.by_hand(world, AlarmActions=[TOPIC, FUNCTION]))

        items = world.cloudwatch("DescribeAlarmHistory", HistoryItemType="Action")["AlarmHistoryItems"]
        assert {item["HistorySummary"] for item in items} == {
            f'Failed to execute action {TOPIC}. Received error: "Topic does not exist (NotFound)"',
            (
                f'Failed to execute action {FUNCTION}. Received error: "CloudWatch Alarms is not authorized to perform:'
                f" lambda:InvokeFunction on the resource: {FUNCTION} because no resource-based policy allows the"
                ' lambda:InvokeFunction action (AccessDeniedException)"'
            ),
        }
        assert {json.loads(item["HistoryData"])["actionState"] for item in items} == {"Failed"}

    def test_a_long_name_is_cut_in_the_subject(self, world, aws, within):
        def work():
            put(world, name="n" * 200)
            world.cloudwatch("SetAlarmState", AlarmName="n" * 200, StateValue="ALARM", StateReason="r")

        within(work)

        assert len(aws.told("sns:Publish")[0]["Subject"]) == 100


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "arn",
        [
            "arn:aws:automate:eu-west-1:ec2:stop",
            "arn:aws:autoscaling:eu-west-1:111111111111:scalingPolicy:1:autoScalingGroupName/g:policyName/p",
            "arn:aws:ssm:eu-west-1:111111111111:opsitem:1",
        ],
    )
    def test_other_actions_by_name(self, world, arn):
        error = world.refused(
            "cloudwatch", "PutCompositeAlarm", AlarmName="a", AlarmRule="TRUE", InsufficientDataActions=[arn]
        )

        assert (error.code, error.status) == ("NotImplemented", 501)
        assert error.message == (
            f"the local AWS does not emulate the action {arn} of InsufficientDataActions. "
            "Use an SNS topic or a Lambda function."
        )

    @pytest.mark.parametrize("arn", ["on-call", "arn:aws:sns:eu-west-1:1:on-call", "arn:aws:lambda:x:y:z"])
    def test_what_is_no_arn(self, world, arn):
        error = world.refused("cloudwatch", "PutCompositeAlarm", AlarmName="a", AlarmRule="TRUE", OKActions=[arn])

        assert (error.code, error.message) == ("ValidationError", f"Invalid arn syntax: {arn}")
