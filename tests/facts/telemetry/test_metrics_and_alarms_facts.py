"""Metrics, alarms, their actions, and dashboards, as recorded against AWS or published."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

NAMES = {"alarm": "a", "namespace": "n", "region_name_full": "EU (Ireland)"}


def alarm(aws, *actions, **more):
    aws.cloudwatch.put_metric_alarm(
        **{
            "AlarmName": "a",
            "AlarmDescription": "testing cloudwatch alarms",
            "MetricName": "my-metric101",
            "Namespace": "n",
            "Dimensions": [{"Name": "InstanceId", "Value": "abc"}],
            "Period": 10,
            "Statistic": "Average",
            "Unit": "Seconds",
            "EvaluationPeriods": 2,
            "Threshold": 2,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "ignore",
            "AlarmActions": list(actions),
            "OKActions": list(actions),
            **more,
        }
    )
    return f"arn:aws:cloudwatch:{aws.region}:{aws.account}:alarm:a"


def by_hand(aws, state="ALARM"):
    aws.cloudwatch.set_alarm_state(AlarmName="a", StateValue=state, StateReason="testing alarm")


def sums(aws, *queries, name="metric1", namespace="n", dimensions=()):
    asked = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": list(dimensions)},
                "Period": period,
                "Stat": stat,
            },
        }
        for number, (stat, period) in enumerate(queries)
    ]
    now = datetime.now(UTC)
    window = {"StartTime": now - timedelta(minutes=10), "EndTime": now + timedelta(minutes=1)}
    return aws.cloudwatch.get_metric_data(MetricDataQueries=asked, **window)["MetricDataResults"]


@pytest.mark.parametrize(
    ("identity", "metrics"),
    [
        ("lambda-metrics-success", {"get-metric-data": "Invocations"}),
        (
            "lambda-metrics-error",
            {"get-metric-data-invocations": "Invocations", "get-metric-data-errors": "Errors"},
        ),
    ],
)
def test_an_invocation_is_counted(aws, fact, identity, metrics):
    expected = fact(identity)
    aws.function("f")
    event = {"fail": "FunctionError" in expected["invoke"]}
    answer = aws.awslambda.invoke(FunctionName="f", Payload=json.dumps(event))

    assert answer.get("FunctionError") == expected["invoke"].get("FunctionError")
    for recorded, metric in metrics.items():
        dimensions = [{"Name": "FunctionName", "Value": "f"}]
        (found,) = sums(aws, ("Sum", 60), name=metric, namespace="AWS/Lambda", dimensions=dimensions)
        (result,) = expected[recorded]["MetricDataResults"]
        told = {name: found[name] for name in ("Label", "StatusCode", "Values")}
        assert told == {name: result[name] for name in told}


def test_a_topic_is_told_of_a_state_set_by_hand(aws, fact, eventually, undated):
    topic, take = aws.inbox("t")
    arn = alarm(aws, topic)

    by_hand(aws)

    expected = fact("alarm-topic-by-hand", account=aws.account, topic=topic, alarm_arn=arn, **NAMES)
    assert undated(eventually(take)) == expected


def test_a_topic_is_told_of_a_breach_that_nobody_looked_at(aws, fact, eventually, undated):
    topic, take = aws.inbox("t")
    arn = alarm(aws, topic, TreatMissingData="breaching")

    expected = fact("alarm-topic-by-itself", account=aws.account, topic=topic, alarm_arn=arn, **NAMES)
    assert undated(eventually(take)) == expected


def test_switched_off_actions_tell_nobody(aws, eventually):
    topic, take = aws.inbox("t")
    alarm(aws, topic)
    aws.cloudwatch.disable_alarm_actions(AlarmNames=["a"])
    by_hand(aws, "OK")
    aws.cloudwatch.enable_alarm_actions(AlarmNames=["a"])
    by_hand(aws, "ALARM")

    assert eventually(take)["NewStateValue"] == "ALARM"
    assert take() is None


def test_a_function_is_told(aws, fact, eventually, undated):
    function = aws.function("f")
    aws.awslambda.add_permission(
        FunctionName="f",
        StatementId="alarm",
        Action="lambda:InvokeFunction",
        Principal="lambda.alarms.cloudwatch.amazonaws.com",
    )
    given = {"Namespace": "namespace", "MetricName": "metric1", "Dimensions": [], "EvaluationPeriods": 1}
    aws.cloudwatch.put_metric_alarm(
        AlarmName="a",
        AlarmDescription="testing lambda alarm action",
        Period=10,
        Statistic="Average",
        Threshold=2,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
        AlarmActions=[function],
        **given,
    )

    by_hand(aws)

    (event,) = eventually(lambda: aws.got("f"))
    arn = f"arn:aws:cloudwatch:{aws.region}:{aws.account}:alarm:a"
    identity = event["alarmData"]["configuration"]["metrics"][0]["id"]
    names = {"account": aws.account, "alarm_arn": arn, "alarm": "a", "region": aws.region, "uuid": identity}
    assert undated(event) == fact("alarm-function", **names)


def test_a_composite_alarm_tells_of_the_child(aws, fact, eventually, undated):
    topic, take = aws.inbox("t")
    child = alarm(aws)
    aws.cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="ALARM(a)", AlarmActions=[topic])

    by_hand(aws)

    told, expected = eventually(take), fact("alarm-composite-topic", child_arn=child)
    assert list(told) == expected["members"]
    assert undated(told["TriggeringChildren"]) == expected["TriggeringChildren"]
    at = datetime.strptime(told["StateChangeTime"], "%Y-%m-%dT%H:%M:%S.%f%z")
    said = at.strftime("%A %d %B, %Y %H:%M:%S")
    assert told["NewStateReason"] == f"{child} transitioned to ALARM at {said} UTC"
    assert expected["NewStateReason"].startswith(f"{child} transitioned to ALARM at ")


def test_a_dashboard_is_shown(aws, fact):
    body = json.dumps({"widgets": [{"type": "metric", "properties": {"metrics": [["AWS/EC2", "CPUUtilization"]]}}]})
    aws.cloudwatch.put_dashboard(DashboardName="d", DashboardBody=body)

    shown = aws.cloudwatch.get_dashboard(DashboardName="d")
    expected = fact("dashboard-shown", account=aws.account, dashboard="d")
    assert {name: shown[name] for name in expected} == expected
    assert json.loads(shown["DashboardBody"]) == json.loads(body)
    (entry,) = aws.cloudwatch.list_dashboards()["DashboardEntries"]
    assert entry["Size"] == len(body)
    aws.cloudwatch.delete_dashboards(DashboardNames=["d"])
    assert aws.cloudwatch.list_dashboards(DashboardNamePrefix="d")["DashboardEntries"] == []


def test_labels_tell_queries_apart(aws, fact):
    aws.cloudwatch.put_metric_data(Namespace="n", MetricData=[{"MetricName": "metric1", "Value": 1}])

    for example in fact("metric-data-labels"):
        assert [found["Label"] for found in sums(aws, *map(tuple, example["queries"]))] == example["labels"]


def test_zero_is_a_value(aws, fact):
    at = datetime.now(UTC).replace(second=0, microsecond=0)
    data = [{"MetricName": "metric1", "Value": value, "Timestamp": at} for value in (0, 5.5, 11, 0, 0, 100)]
    aws.cloudwatch.put_metric_data(Namespace="n", MetricData=data)

    expected = fact("metric-data-zero")
    found = sums(aws, *((stat, 60) for stat in expected))

    assert [one["Values"] for one in found] == [[value] for value in expected.values()]
