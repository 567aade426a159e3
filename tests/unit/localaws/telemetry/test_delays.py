"""With delays, metrics and logs are first seen late, and every time that is told stays what it was."""

from __future__ import annotations

import asyncio

import pytest

from pytest_rollbacklab.localaws.telemetry.delays import AT_ONCE, AWS, Delays, read_delays

GROUP = "g"


def values(world):
    points = world.cloudwatch(
        "GetMetricStatistics",
        Namespace="Notes",
        MetricName="Errors",
        StartTime=world.clock.now - 600,
        EndTime=world.clock.now + 60,
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    return [(point["Timestamp"].timestamp(), point["Sum"]) for point in points]


def messages(world):
    found = world.logs("FilterLogEvents", logGroupName=GROUP)["events"]
    read = world.logs("GetLogEvents", logGroupName=GROUP, logStreamName="s", startFromHead=True)["events"]
    assert [event["message"] for event in found] == [event["message"] for event in read]
    return [(event["message"], event["ingestionTime"]) for event in found]


def write(world, message="hello"):
    world.telemetry.logs.append(world.scope, GROUP, "s", [message])


@pytest.mark.parametrize(
    ("text", "delays"),
    [
        ("none", AT_ONCE),
        ("aws", AWS),
        ("metrics=90", Delays(metrics_s=90)),
        ("logs=2.5,metrics=1", Delays(metrics_s=1, logs_s=2.5)),
    ],
)
def test_delays_are_read(text, delays):
    assert read_delays(text) == delays


@pytest.mark.parametrize(
    "text", ["", "AWS", "traces=1", "metrics=-1", "metrics=x", "logs=1,logs=2", "logs=99999", "logs=nan"]
)
def test_what_is_no_delay_is_refused(text):
    with pytest.raises(ValueError, match=r"delay|float"):
        read_delays(text)


@pytest.mark.parametrize("second", [0, 1, 30, 59.9])
def test_as_on_aws_a_metric_is_seen_after_one_to_two_minutes(second):
    start = 1_000_000 // 60 * 60.0

    waited = AWS.metric_seen_at(start + second) - (start + second)

    assert 60 <= waited <= 120


def test_a_point_is_seen_late_at_its_own_time(new_world):
    world = new_world(delays=Delays(metrics_s=90))
    recorded = world.clock.now // 60 * 60
    world.publish(5.0)

    world.clock.advance(89)
    assert values(world) == []
    assert world.cloudwatch("ListMetrics")["Metrics"] == []

    world.clock.advance(1)
    assert values(world) == [(recorded, 5.0)]


def test_an_alarm_sees_it_no_earlier(new_world):
    world = new_world(delays=Delays(metrics_s=90))
    world.cloudwatch(
        "PutMetricAlarm",
        AlarmName="a",
        Namespace="Notes",
        MetricName="Errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    world.publish(5.0)

    world.clock.advance(80)
    assert world.cloudwatch("DescribeAlarms")["MetricAlarms"][0]["StateValue"] == "INSUFFICIENT_DATA"
    world.clock.advance(60)
    assert world.cloudwatch("DescribeAlarms")["MetricAlarms"][0]["StateValue"] == "ALARM"


def test_an_event_is_seen_late_with_the_time_at_which_it_came(new_world):
    world = new_world(delays=Delays(logs_s=5))
    came = int(world.clock.now * 1000)
    write(world)

    world.clock.advance(4.9)
    assert messages(world) == []

    world.clock.advance(0.2)
    assert messages(world) == [("hello", came)]


def test_who_follows_a_group_hears_of_it_late(new_world):
    world = new_world(delays=Delays(logs_s=5))
    set_for, heard = [], []

    async def body():
        world.telemetry.logs.start(aws=None, permits=None, later=lambda seconds, work: set_for.append((seconds, work)))
        world.telemetry.logs.subscribe(world.scope, GROUP, heard.extend)
        write(world)

    asyncio.run(body())

    assert heard == []
    ((seconds, work),) = set_for
    work()
    assert (seconds, [event.message for event in heard]) == (5, ["hello"])
