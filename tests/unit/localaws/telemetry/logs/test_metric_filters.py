"""Metric filters: points out of events as they are written, by all three kinds of patterns; their operations."""

from __future__ import annotations

import json

import pytest

GROUP = "/aws/lambda/create"
ACCESS = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534'


def put(world, pattern="", name="errors", group=GROUP, **more):
    transformation = {"metricName": "Errors", "metricNamespace": "Notes", "metricValue": "1", **more}
    world.logs(
        "PutMetricFilter",
        logGroupName=group,
        filterName=name,
        filterPattern=pattern,
        metricTransformations=[transformation],
    )


def refused(world, pattern="", **more):
    transformation = {"metricName": "Errors", "metricNamespace": "Notes", "metricValue": "1", **more}
    return world.refused(
        "logs",
        "PutMetricFilter",
        logGroupName=GROUP,
        filterName="f",
        filterPattern=pattern,
        metricTransformations=[transformation],
    )


def write(world, *messages, at_ms=None):
    world.telemetry.logs.append(world.scope, GROUP, "s", messages, at_ms)


def points(world, dimensions=None, statistics=("SampleCount", "Sum")):
    found = world.cloudwatch(
        "GetMetricStatistics",
        Namespace="Notes",
        MetricName="Errors",
        Dimensions=[{"Name": name, "Value": value} for name, value in (dimensions or {}).items()],
        StartTime=world.clock.now - 3600,
        EndTime=world.clock.now + 60,
        Period=60,
        Statistics=list(statistics),
    )["Datapoints"]
    return [(point["Unit"], *(point[name] for name in statistics)) for point in found]


@pytest.fixture(autouse=True)
def _group(world):
    world.logs("CreateLogGroup", logGroupName=GROUP)


class TestWhatIsRecorded:
    def test_each_event_that_matches_counts(self, world):
        put(world, "ERROR")

        write(world, "ERROR one", "all well", "ERROR two")

        assert points(world) == [("None", 2.0, 2.0)]

    def test_events_written_before_the_filter_do_not_count(self, world):
        write(world, "ERROR")
        put(world, "ERROR")

        assert points(world) == []

    def test_events_of_the_api_count_too(self, world):
        put(world, "ERROR")
        world.logs("CreateLogStream", logGroupName=GROUP, logStreamName="s")
        event = {"timestamp": int(world.clock.now * 1000), "message": "ERROR"}

        world.logs("PutLogEvents", logGroupName=GROUP, logStreamName="s", logEvents=[event])

        assert points(world) == [("None", 1.0, 1.0)]

    def test_a_property_of_json_is_the_value_at_the_event_s_time(self, world):
        put(world, "{ $.latency = * }", metricValue="$.latency", unit="Milliseconds")

        write(world, '{"latency": 12.5}', '{"latency": "30"}', '{"latency": "slow"}', '{"other": 1}')
        write(world, '{"latency": 7}', at_ms=int(world.clock.now * 1000) - 120_000)

        assert points(world) == [("Milliseconds", 1.0, 7.0), ("Milliseconds", 2.0, 42.5)]

    def test_a_named_field_is_the_value(self, world):
        put(world, "[ip, user, name, time, request, status = 2*, size]", metricValue="$size", unit="Bytes")

        write(world, ACCESS, ACCESS.replace(" 200 ", " 500 "), "something else")

        assert points(world) == [("Bytes", 1.0, 1534.0)]

    def test_dimensions_are_taken_from_the_event_and_one_that_lacks_them_is_no_point(self, world):
        put(world, "{ $.ms = * }", metricValue="$.ms", dimensions={"Route": "$.route", "Code": "$.http.code"})

        write(world, '{"ms": 5, "route": "/a", "http": {"code": 200}}', '{"ms": 6, "route": "/a"}')

        assert points(world, {"Route": "/a", "Code": "200"}) == [("None", 1.0, 5.0)]
        assert world.cloudwatch("ListMetrics")["Metrics"][1:] == []

    def test_a_minute_without_a_match_has_the_default_value_when_it_is_over(self, world):
        put(world, "ERROR", defaultValue=0)
        write(world, "all well")
        assert points(world) == []

        world.clock.advance(60)
        write(world, "all well", "ERROR")
        world.clock.advance(60)

        assert points(world) == [("None", 1.0, 0.0), ("None", 1.0, 1.0)]

    def test_a_minute_without_events_has_none(self, world):
        put(world, "ERROR", defaultValue=0)

        world.clock.advance(180)

        assert points(world) == []

    def test_a_deleted_filter_counts_no_more(self, world):
        put(world, "ERROR")
        write(world, "ERROR")

        world.logs("DeleteMetricFilter", logGroupName=GROUP, filterName="errors")
        write(world, "ERROR")

        assert points(world) == [("None", 1.0, 1.0)]

    def test_an_alarm_hears_of_it(self, world):
        put(world, "ERROR")
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

        write(world, "ERROR")

        assert world.cloudwatch("DescribeAlarms")["MetricAlarms"][0]["StateValue"] == "ALARM"


class TestOperations:
    def test_a_filter_is_shown_as_recorded(self, world):
        put(world, " ", defaultValue=0)

        assert world.logs("DescribeMetricFilters", logGroupName=GROUP)["metricFilters"] == [
            {
                "applyOnTransformedLogs": False,
                "creationTime": int(world.clock.now * 1000),
                "filterName": "errors",
                "filterPattern": " ",
                "logGroupName": GROUP,
                "metricTransformations": [
                    {"defaultValue": 0.0, "metricName": "Errors", "metricNamespace": "Notes", "metricValue": "1"}
                ],
            }
        ]
        assert world.logs("DescribeLogGroups")["logGroups"][0]["metricFilterCount"] == 1

    def test_filters_are_found_by_group_prefix_and_metric_in_pages(self, world):
        world.logs("CreateLogGroup", logGroupName="other")
        put(world, name="b")
        put(world, name="a", metricName="Other")
        put(world, name="ab", group="other")

        def names(**asked):
            return [one["filterName"] for one in world.logs("DescribeMetricFilters", **asked)["metricFilters"]]

        assert names() == ["a", "b", "ab"]
        assert names(logGroupName=GROUP) == ["a", "b"]
        assert names(filterNamePrefix="a") == ["a", "ab"]
        assert names(metricName="Errors", metricNamespace="Notes") == ["b", "ab"]
        page = world.logs("DescribeMetricFilters", limit=2)
        assert names(limit=2, nextToken=page["nextToken"]) == ["ab"]

    def test_a_filter_of_the_same_name_is_put_in_its_place(self, world):
        put(world, "ERROR")
        put(world, "WARN")

        write(world, "ERROR", "WARN", "WARN")

        assert points(world) == [("None", 2.0, 2.0)]

    def test_a_group_has_at_most_a_hundred(self, world):
        for number in range(100):
            put(world, name=f"f{number}")

        error = refused(world)

        assert (error.code, error.message) == ("LimitExceededException", "Resource limit exceeded.")

    @pytest.mark.parametrize(
        ("pattern", "more", "message"),
        [
            (
                "ERROR",
                {"metricValue": "$.latency"},
                "Invalid metric transformation: the metric value '$.latency' is neither a number nor a field.",
            ),
            (
                "ERROR",
                {"dimensions": {"Route": "$.route"}},
                (
                    "Invalid metric transformation: the dimension 'Route' has the value '$.route', which is no field "
                    "of a JSON or space-delimited filter pattern."
                ),
            ),
            (
                "{ $.a = 1 }",
                {"dimensions": {"A": "$.a"}, "defaultValue": 0},
                "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
            ),
            (
                "{ $.a = 1 }",
                {"dimensions": dict.fromkeys("abcd", "$.a")},
                (
                    "1 validation error detected: Value '[4 dimensions]' at 'dimensions' failed to satisfy constraint: "
                    "Member must have length less than or equal to 3"
                ),
            ),
            ("", {"metricNamespace": "AWS/Notes"}, "Metric namespaces must not begin with 'AWS/', which is reserved."),
            (
                "",
                {"metricName": "a:b"},
                (
                    "1 validation error detected: Value 'a:b' at 'metricName' failed to satisfy constraint: Member "
                    "must satisfy regular expression pattern: [^:*$]*"
                ),
            ),
            ("{ $.a", {}, "If a filter pattern starts with '{' it must end with '}'"),
        ],
    )
    def test_a_bad_transformation_is_refused(self, world, pattern, more, message):
        error = refused(world, pattern, **more)

        assert (error.code, error.message) == ("InvalidParameterException", message)
        assert world.logs("DescribeMetricFilters")["metricFilters"] == []

    @pytest.mark.parametrize(
        "option", ["applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFieldDimensions"]
    )
    def test_what_is_not_emulated_is_refused_by_name(self, world, option):
        error = world.refused("logs", "PutMetricFilter", logGroupName=GROUP, filterName="f", **{option: "x"})

        assert error.code == "NotImplemented"
        assert error.message.startswith(f"the local AWS does not emulate {option} of PutMetricFilter. ")

    def test_a_filter_or_a_group_that_is_not_there_is_told(self, world):
        error = world.refused("logs", "DeleteMetricFilter", logGroupName=GROUP, filterName="f")
        assert error.message == "The specified metric filter does not exist."
        error = world.refused("logs", "DeleteMetricFilter", logGroupName="none", filterName="f")
        assert error.message == "The specified log group does not exist."

    def test_a_metric_is_named_whole_or_not_at_all(self, world):
        error = world.refused("logs", "DescribeMetricFilters", metricName="Errors")

        assert error.message == "metricName and metricNamespace have to be given together."


class TestTrying:
    def matches(self, world, pattern, *messages):
        found = world.logs("TestMetricFilter", filterPattern=pattern, logEventMessages=list(messages))["matches"]
        return [(one["eventNumber"], one["extractedValues"]) for one in found]

    def test_fields_are_told_by_name_or_number(self, world):
        values = ["127.0.0.1", "-", "frank", "10/Oct/2000:13:25:15 -0700", "GET /apache_pb.gif HTTP/1.0", "200", "1534"]
        assert self.matches(world, "[]", ACCESS) == [(0, {f"${n}": value for n, value in enumerate(values, 1)})]
        assert self.matches(world, "[..., status = 4*, size]", ACCESS, ACCESS.replace(" 200 ", " 404 ")) == [
            (1, {f"${n}": value for n, value in enumerate(values[:5], 1)} | {"$status": "404", "$size": "1534"})
        ]

    def test_properties_of_the_pattern_are_told(self, world):
        event = json.dumps({"user": {"id": 7}, "kind": "sign-in", "other": True})

        assert self.matches(world, '{ $.user.id = 7 && $.kind = "sign*" }', "no JSON", event) == [
            (1, {"$.user.id": "7", "$.kind": "sign-in"})
        ]

    def test_terms_have_no_values(self, world):
        assert self.matches(world, "ERROR", "ERROR", "fine", "ERROR") == [(0, {}), (2, {})]

    def test_there_have_to_be_messages(self, world):
        error = world.refused("logs", "TestMetricFilter", filterPattern="a", logEventMessages=[])

        assert error.message.endswith("Member must have length greater than or equal to 1")
