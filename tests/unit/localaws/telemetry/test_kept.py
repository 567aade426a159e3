"""Logs, metrics and alarms are after a restart what they were before, and go on from there."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry.metrics.distribution import MAX_DISTINCT_VALUES

ELSEWHERE = Scope(account_id="111111111111", region="us-east-1")
GROUP = "/aws/lambda/create"
ALARM = {
    "AlarmName": "errors",
    "Namespace": "Notes",
    "MetricName": "Errors",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "TreatMissingData": "notBreaching",
}


@dataclass
class Lab:
    """A telemetry that is kept, and that can be ended and started again."""

    journal: Any
    put_back: Callable[..., None]
    new_world: Callable[..., Any]

    def __post_init__(self) -> None:
        self.world = self.new_world(self.journal)

    def restart(self, *, compacted: bool = False, backwards: bool = False) -> Any:
        """Return what comes back, with the clock where it was; ``compacted``: from states alone, without events."""
        self.journal.commit()
        if compacted:
            parts = {part.name: part for part in self.world.telemetry.parts}
            for name, scope, key in list(self.journal.records):
                state = parts[name].dump(scope, key)
                self.journal.records[name, scope, key] = (pickle.dumps(state), ())
        again = self.new_world(self.journal)
        again.clock.now = self.world.clock.now
        self.put_back(self.journal.records, again.telemetry.parts, backwards=backwards)
        self.world = again
        return again


@pytest.fixture
def lab(new_journal: Callable[..., Any], put_back: Callable[..., None], new_world: Callable[..., Any]) -> Lab:
    return Lab(new_journal(), put_back, new_world)


@pytest.fixture(params=[False, True], ids=["replayed", "compacted"])
def compacted(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def put(world: Any, *messages: str, stream: str = "s", at_ms: int | None = None) -> None:
    world.telemetry.logs.append(world.scope, GROUP, stream, messages, at_ms)


def filtered(world: Any, **more: Any) -> dict[str, Any]:
    return world.logs("FilterLogEvents", logGroupName=GROUP, **more)


class TestLogs:
    def test_groups_streams_and_events_are_what_they_were(self, lab: Lab, compacted: bool) -> None:
        world = lab.world
        world.logs("CreateLogGroup", logGroupName="mine", tags={"a": "1"}, logGroupClass="INFREQUENT_ACCESS")
        world.logs("PutRetentionPolicy", logGroupName="mine", retentionInDays=14)
        world.logs("TagLogGroup", logGroupName="mine", tags={"b": "2"})
        put(world, "first", "zwölf\n", stream="a")
        world.clock.advance(2)
        put(world, "late", stream="a", at_ms=int(world.clock.now * 1000) - 60_000)
        put(world, "second", stream="b")
        world.logs("CreateLogStream", logGroupName=GROUP, logStreamName="empty")
        world.telemetry.logs.append(ELSEWHERE, GROUP, "a", ["abroad"])
        asked: list[tuple[str, dict[str, Any]]] = [
            ("DescribeLogGroups", {}),
            ("ListTagsLogGroup", {"logGroupName": "mine"}),
            ("DescribeLogStreams", {"logGroupName": GROUP}),
            ("DescribeLogStreams", {"logGroupName": GROUP, "orderBy": "LastEventTime"}),
            ("FilterLogEvents", {"logGroupName": GROUP}),
            ("GetLogEvents", {"logGroupName": GROUP, "logStreamName": "a"}),
        ]
        before = [world.logs(operation, **params) for operation, params in asked]
        assert [event["message"] for event in before[4]["events"]] == ["late", "first", "zwölf\n", "second"]
        again = lab.restart(compacted=compacted)
        assert [again.logs(operation, **params) for operation, params in asked] == before
        abroad = again.call("logs", "FilterLogEvents", {"logGroupName": GROUP}, ELSEWHERE)
        assert [event["message"] for event in abroad["events"]] == ["abroad"]

    def test_a_batch_is_kept_as_it_happens_and_never_the_whole_group_again(self, lab: Lab) -> None:
        put(lab.world, "x")
        lab.journal.commit()
        written = list(lab.journal.writes)
        for _ in range(5):
            put(lab.world, "y" * 100)
            lab.journal.commit()
        assert lab.journal.writes == written
        _, events = lab.journal.records["logs", lab.world.scope, GROUP]
        assert len(events) == 5
        assert max(map(len, events)) < 200

    def test_what_is_deleted_does_not_come_back(self, lab: Lab, compacted: bool) -> None:
        world = lab.world
        put(world, "x", stream="a")
        put(world, "y", stream="b")
        world.logs("CreateLogGroup", logGroupName="gone")
        lab.journal.commit()
        world.logs("DeleteLogStream", logGroupName=GROUP, logStreamName="a")
        world.logs("DeleteLogGroup", logGroupName="gone")
        again = lab.restart(compacted=compacted)
        assert [group["logGroupName"] for group in again.logs("DescribeLogGroups")["logGroups"]] == [GROUP]
        assert [event["message"] for event in filtered(again)["events"]] == ["y"]

    def test_a_group_that_is_made_again_is_empty(self, lab: Lab, compacted: bool) -> None:
        put(lab.world, "old")
        lab.journal.commit()
        lab.world.logs("DeleteLogGroup", logGroupName=GROUP)
        put(lab.world, "new")
        again = lab.restart(compacted=compacted)
        assert [event["message"] for event in filtered(again)["events"]] == ["new"]

    def test_tokens_from_before_lead_on(self, lab: Lab, compacted: bool) -> None:
        put(lab.world, *"abcd")
        stream = {"logGroupName": GROUP, "logStreamName": "s"}
        page = lab.world.logs("GetLogEvents", **stream, limit=2, startFromHead=True)
        search = filtered(lab.world, limit=3)
        lab.world.telemetry.logs.append(lab.world.scope, GROUP, "t", ["e"])
        streams = lab.world.logs("DescribeLogStreams", logGroupName=GROUP, limit=1, orderBy="LastEventTime")
        again = lab.restart(compacted=compacted)
        put(again, "f")
        after = again.logs("GetLogEvents", **stream, nextToken=page["nextForwardToken"])
        assert [event["message"] for event in after["events"]] == ["c", "d", "f"]
        found = filtered(again, nextToken=search["nextToken"])
        assert [event["message"] for event in found["events"]] == ["d", "e", "f"]
        rest = again.logs(
            "DescribeLogStreams", logGroupName=GROUP, orderBy="LastEventTime", nextToken=streams["nextToken"]
        )
        assert [one["logStreamName"] for one in rest["logStreams"]] == ["t"]
        refused = again.refused("logs", "GetLogEvents", **stream, nextToken="f/1/s")
        assert (refused.code, refused.message) == ("InvalidParameterException", "The specified nextToken is invalid.")

    def test_events_that_come_later_have_ids_of_their_own(self, lab: Lab, compacted: bool) -> None:
        put(lab.world, "a", "b")
        again = lab.restart(compacted=compacted)
        put(again, "c")
        ids = [event["eventId"] for event in filtered(again)["events"]]
        assert len(set(ids)) == 3
        assert ids == sorted(ids)

    def test_what_the_retention_ended_meanwhile_is_gone(self, lab: Lab) -> None:
        put(lab.world, "old")
        lab.world.logs("PutRetentionPolicy", logGroupName=GROUP, retentionInDays=1)
        lab.world.clock.advance(23 * 3600)
        put(lab.world, "young")
        again = lab.restart()
        again.clock.advance(2 * 3600)
        assert [event["message"] for event in filtered(again)["events"]] == ["young"]


class TestMetrics:
    def asked(self, world: Any, stat: str = "p90", period_s: int = 60) -> Any:
        metric = {"Namespace": "Notes", "MetricName": "Latency", "Dimensions": [{"Name": "Stage", "Value": "prod"}]}
        query = {"Id": "q", "MetricStat": {"Metric": metric, "Period": period_s, "Stat": stat}}
        end = world.clock.now
        return world.cloudwatch("GetMetricData", MetricDataQueries=[query], StartTime=end - 7200, EndTime=end + 60)[
            "MetricDataResults"
        ]

    def record(self, world: Any, value: float) -> None:
        world.telemetry.metrics.record(world.scope, "Notes", "Latency", {"Stage": "prod"}, value, "Milliseconds")

    @pytest.mark.parametrize("stat", ["p50", "p99", "Average", "Minimum", "Maximum", "Sum", "SampleCount"])
    def test_every_statistic_is_what_it_was(self, lab: Lab, compacted: bool, stat: str) -> None:
        for number in range(MAX_DISTINCT_VALUES + 100):
            self.record(lab.world, 1.0 + number * 1.37)
        for _ in range(5):
            lab.world.clock.advance(60)
            self.record(lab.world, 42.0)
        before = [self.asked(lab.world, stat, period_s) for period_s in (60, 300)]
        assert len(before[0][0]["Values"]) == 6
        again = lab.restart(compacted=compacted)
        assert [self.asked(again, stat, period_s) for period_s in (60, 300)] == before

    def test_new_points_join_the_old_ones(self, lab: Lab, compacted: bool) -> None:
        self.record(lab.world, 10.0)
        again = lab.restart(compacted=compacted)
        self.record(again, 20.0)
        assert self.asked(again, "Sum")[0]["Values"] == [30.0]
        assert self.asked(lab.restart(compacted=compacted), "Sum")[0]["Values"] == [30.0]

    def test_published_metrics_come_back_with_their_units_sets_and_seconds(self, lab: Lab, compacted: bool) -> None:
        world = lab.world
        world.publish(1.0, 2.0, StorageResolution=1)
        world.publish(3.0, Unit="Count")
        statistic_set = {"SampleCount": 4.0, "Sum": 10.0, "Minimum": 1.0, "Maximum": 4.0}
        data = [{"MetricName": "Errors", "StatisticValues": statistic_set, "Unit": "Bytes"}]
        world.cloudwatch("PutMetricData", Namespace="Notes", MetricData=data)
        query = {
            "Namespace": "Notes",
            "MetricName": "Errors",
            "StartTime": world.clock.now - 60,
            "EndTime": world.clock.now + 60,
            "Period": 1,
            "Statistics": ["Sum", "Maximum"],
        }
        before = world.cloudwatch("GetMetricStatistics", **query)
        assert {point["Unit"]: point["Sum"] for point in before["Datapoints"]} == {
            "None": 3.0,
            "Count": 3.0,
            "Bytes": 10.0,
        }
        again = lab.restart(compacted=compacted)
        assert again.cloudwatch("GetMetricStatistics", **query) == before
        assert again.cloudwatch("ListMetrics") == world.cloudwatch("ListMetrics")

    def test_written_anew_a_hundred_thousand_points_are_their_buckets(self, lab: Lab) -> None:
        for _ in range(100_000):
            lab.world.telemetry.metrics.record(lab.world.scope, "Notes", "Latency", {"Stage": "prod"}, 5.0, "Count")
        lab.restart(compacted=True)
        state, events = lab.journal.records["metrics", lab.world.scope, ""]
        assert (len(state) < 1000, events) == (True, ())


class TestAlarms:
    def shown(self, world: Any) -> list[dict[str, Any]]:
        return list(world.cloudwatch("DescribeAlarms")["MetricAlarms"])

    def history(self, world: Any) -> list[str]:
        return [item["HistorySummary"] for item in world.cloudwatch("DescribeAlarmHistory")["AlarmHistoryItems"]]

    def alarmed(self, lab: Lab) -> Any:
        lab.world.cloudwatch("PutMetricAlarm", **ALARM, Tags=[{"Key": "a", "Value": "1"}])
        lab.world.publish(1.0)
        assert [alarm["StateValue"] for alarm in self.shown(lab.world)] == ["ALARM"]
        return lab.world

    @pytest.mark.parametrize("backwards", [False, True])
    def test_states_reasons_tags_and_history_are_what_they_were(
        self, lab: Lab, compacted: bool, backwards: bool
    ) -> None:
        world = self.alarmed(lab)
        world.cloudwatch(
            "PutMetricAlarm", **{**ALARM, "AlarmName": "slow", "ExtendedStatistic": "p99", "Statistic": None}
        )
        world.cloudwatch("DisableAlarmActions", AlarmNames=["slow"])
        arn = self.shown(world)[0]["AlarmArn"]
        world.cloudwatch("TagResource", ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
        world.cloudwatch("UntagResource", ResourceARN=arn, TagKeys=["a"])
        before = (self.shown(world), self.history(world), world.cloudwatch("ListTagsForResource", ResourceARN=arn))
        assert before[2] == {"Tags": [{"Key": "b", "Value": "2"}]}
        again = lab.restart(compacted=compacted, backwards=backwards)
        tags = again.cloudwatch("ListTagsForResource", ResourceARN=arn)
        assert (self.shown(again), self.history(again), tags) == before

    def test_an_alarm_goes_on_where_it_was(self, lab: Lab, compacted: bool) -> None:
        self.alarmed(lab)
        again = lab.restart(compacted=compacted)
        again.clock.advance(600)
        (alarm,) = self.shown(again)
        assert (alarm["StateValue"], alarm["StateTransitionedTimestamp"].minute) == ("OK", 46)
        assert self.history(again) == [
            "Alarm updated from ALARM to OK",
            "Alarm updated from OK to ALARM",
            "Alarm updated from INSUFFICIENT_DATA to OK",
            'Alarm "errors" created',
        ]

    def test_moments_that_were_gone_through_are_not_gone_through_again(self, lab: Lab) -> None:
        """What came late, after its minute was judged, changes nothing: not without a restart, and not with one."""
        lab.world.cloudwatch("PutMetricAlarm", **ALARM)
        for _ in range(2):
            self.shown(lab.world)
            lab.journal.commit()
            lab.world.clock.advance(3600)
        self.shown(lab.world)
        lab.world.publish(1.0, Timestamp=lab.world.clock.now - 1800)
        again = lab.restart()
        assert ([alarm["StateValue"] for alarm in self.shown(again)], len(self.history(again))) == (["OK"], 2)

    def test_looking_twice_in_a_minute_writes_nothing(self, lab: Lab) -> None:
        world = self.alarmed(lab)
        lab.journal.commit()
        written = len(lab.journal.writes)
        world.clock.advance(1)
        self.shown(world)
        lab.journal.commit()
        assert len(lab.journal.writes) == written

    def test_a_deleted_alarm_leaves_its_history(self, lab: Lab, compacted: bool) -> None:
        world = self.alarmed(lab)
        lab.journal.commit()
        world.cloudwatch("DeleteAlarms", AlarmNames=["errors"])
        again = lab.restart(compacted=compacted)
        assert (self.shown(again), self.history(again)[0]) == ([], 'Alarm "errors" deleted')
        again.cloudwatch("PutMetricAlarm", **ALARM)
        again.clock.advance(0.5)
        assert self.history(again).count('Alarm "errors" created') == 2


class TestFiltersAndDashboards:
    def test_metric_filters_are_kept_and_count_nothing_twice(self, lab: Lab, compacted: bool) -> None:
        world = lab.world
        world.logs("CreateLogGroup", logGroupName=GROUP)
        put_filter = {"metricName": "E", "metricNamespace": "Notes", "metricValue": "1"}
        for name in ("errors", "gone"):
            world.logs(
                "PutMetricFilter",
                logGroupName=GROUP,
                filterName=name,
                filterPattern="ERROR",
                metricTransformations=[put_filter],
            )
        world.logs("DeleteMetricFilter", logGroupName=GROUP, filterName="gone")
        put(world, "ERROR")
        before = world.logs("DescribeMetricFilters")
        again = lab.restart(compacted=compacted)
        assert again.logs("DescribeMetricFilters") == before
        put(again, "ERROR")
        points = again.cloudwatch(
            "GetMetricStatistics",
            Namespace="Notes",
            MetricName="E",
            StartTime=again.clock.now - 60,
            EndTime=again.clock.now + 60,
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        assert [point["Sum"] for point in points] == [2.0]

    def test_subscriptions_are_kept(self, lab: Lab, compacted: bool) -> None:
        world = lab.world
        world.logs("CreateLogGroup", logGroupName=GROUP)
        sink = "arn:aws:lambda:eu-west-1:111111111111:function:sink"
        for name in ("a", "gone"):
            asked = {"logGroupName": GROUP, "filterName": name, "filterPattern": "", "destinationArn": sink}
            world.logs("PutSubscriptionFilter", **asked)
        world.logs("DeleteSubscriptionFilter", logGroupName=GROUP, filterName="gone")
        before = world.logs("DescribeSubscriptionFilters", logGroupName=GROUP)
        assert len(before["subscriptionFilters"]) == 1
        again = lab.restart(compacted=compacted)
        assert again.logs("DescribeSubscriptionFilters", logGroupName=GROUP) == before

    def test_composite_and_computed_alarms_are_kept(self, lab: Lab, compacted: bool) -> None:
        world = lab.world
        stat = {"Metric": {"Namespace": "Notes", "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}
        queries = [
            {"Id": "e", "Expression": "FILL(m, 0) * 2"},
            {"Id": "m", "MetricStat": stat, "ReturnData": False},
        ]
        computed = {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}
        world.cloudwatch("PutMetricAlarm", AlarmName="twice", Metrics=queries, **computed)
        world.cloudwatch("PutCompositeAlarm", AlarmName="all", AlarmRule="ALARM(twice)")
        both = {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        before = (world.cloudwatch("DescribeAlarms", **both), world.cloudwatch("DescribeAlarmHistory", **both))
        again = lab.restart(compacted=compacted, backwards=True)
        assert (again.cloudwatch("DescribeAlarms", **both), again.cloudwatch("DescribeAlarmHistory", **both)) == before
        again.publish(5.0)
        again.clock.advance(60)
        states = again.cloudwatch("DescribeAlarms", AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        assert [state["StateValue"] for state in states] == ["ALARM"]

    def test_dashboards_are_kept(self, lab: Lab, compacted: bool) -> None:
        for name in ("a", "gone"):
            lab.world.cloudwatch("PutDashboard", DashboardName=name, DashboardBody='{"widgets": []}')
        lab.world.cloudwatch("DeleteDashboards", DashboardNames=["gone"])
        before = lab.world.cloudwatch("ListDashboards")
        assert lab.restart(compacted=compacted).cloudwatch("ListDashboards") == before
