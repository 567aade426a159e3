"""Telemetry as a whole: its two services, and that accounts see nothing of each other."""

from __future__ import annotations

import time

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry import Telemetry

METRIC_OPERATIONS = {"PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics"}
ALARM_OPERATIONS = {
    "PutMetricAlarm",
    "PutCompositeAlarm",
    "DescribeAlarms",
    "DescribeAlarmsForMetric",
    "DescribeAlarmHistory",
    "DeleteAlarms",
    "SetAlarmState",
    "EnableAlarmActions",
    "DisableAlarmActions",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
}
DASHBOARD_OPERATIONS = {"PutDashboard", "GetDashboard", "ListDashboards", "DeleteDashboards"}
LOG_OPERATIONS = {
    "PutMetricFilter",
    "DescribeMetricFilters",
    "DeleteMetricFilter",
    "TestMetricFilter",
    "PutSubscriptionFilter",
    "DescribeSubscriptionFilters",
    "DeleteSubscriptionFilter",
    "StartQuery",
    "GetQueryResults",
    "StopQuery",
    "DescribeQueries",
    "CreateLogGroup",
    "DeleteLogGroup",
    "DescribeLogGroups",
    "CreateLogStream",
    "DeleteLogStream",
    "DescribeLogStreams",
    "PutLogEvents",
    "GetLogEvents",
    "FilterLogEvents",
    "StartLiveTail",
    "PutRetentionPolicy",
    "DeleteRetentionPolicy",
    "TagLogGroup",
    "UntagLogGroup",
    "ListTagsLogGroup",
    "TagResource",
    "UntagResource",
    "ListTagsForResource",
}


def test_the_services_answer_for_themselves_and_leave_nothing_to_moto():
    cloudwatch, logs = Telemetry().services

    assert cloudwatch.name == "cloudwatch"
    assert set(cloudwatch.operations) == METRIC_OPERATIONS | ALARM_OPERATIONS | DASHBOARD_OPERATIONS
    assert (logs.name, set(logs.operations)) == ("logs", LOG_OPERATIONS)
    assert not cloudwatch.rest_on_moto
    assert not logs.rest_on_moto


def test_without_a_clock_of_its_own_it_is_now():
    telemetry = Telemetry()
    scope = Scope(account_id="111111111111", region="eu-west-1")
    seen = []
    telemetry.logs.subscribe(scope, "g", seen.extend)

    before = int(time.time() * 1000)
    telemetry.logs.append(scope, "g", "s", ["hello"])

    assert before <= seen[0].at_ms <= int(time.time() * 1000)


def test_accounts_and_regions_see_nothing_of_each_other(world):
    elsewhere = Scope(account_id="222222222222", region="eu-west-1")
    abroad = Scope(account_id="111111111111", region="us-east-1")
    world.publish(1.0)
    world.telemetry.logs.append(world.scope, "g", "s", ["hello"])

    for scope in (elsewhere, abroad):
        assert world.call("cloudwatch", "ListMetrics", {}, scope) == {"Metrics": []}
        assert world.call("logs", "DescribeLogGroups", {}, scope) == {"logGroups": []}
