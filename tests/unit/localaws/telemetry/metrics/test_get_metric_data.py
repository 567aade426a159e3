"""GetMetricData, as recorded from AWS where a recording is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

MINUTE = timedelta(minutes=1)


def at(world, offset_s=0.0):
    return datetime.fromtimestamp(world.clock.now + offset_s, tz=UTC)


def query(name="Errors", stat="Sum", period=60, identity="m1", **more):
    unit = {"Unit": more.pop("unit")} if "unit" in more else {}
    metric = {"Namespace": "Notes", "MetricName": name, **more.pop("metric", {})}
    return {"Id": identity, "MetricStat": {"Metric": metric, "Period": period, "Stat": stat, **unit}, **more}


def get(world, *queries, **more):
    params = {"StartTime": at(world, -3600), "EndTime": at(world, 60), **more}
    return world.cloudwatch("GetMetricData", MetricDataQueries=list(queries or [query()]), **params)


def refused(world, *queries, **more):
    params = {"StartTime": at(world, -3600), "EndTime": at(world, 60), **more}
    return world.refused("cloudwatch", "GetMetricData", MetricDataQueries=list(queries or [query()]), **params)


@pytest.mark.parametrize(
    ("stat", "value"),
    [("Sum", 66.0), ("SampleCount", 11.0), ("Minimum", 1.0), ("Maximum", 11.0), ("Average", 6.0), ("p90", 10.0)],
)
def test_a_metric_by_a_statistic(world, stat, value):
    world.publish(*map(float, range(1, 12)))

    assert get(world, query(stat=stat)) == {
        "MetricDataResults": [
            {
                "Id": "m1",
                "Label": "Errors",
                "Timestamps": [datetime(2026, 11, 23, 5, 42, tzinfo=UTC)],
                "Values": [value],
                "StatusCode": "Complete",
            }
        ],
        "Messages": [],
    }


def test_a_metric_that_is_not_there_has_no_values(world):
    (result,) = get(world, query(name="Nothing"))["MetricDataResults"]

    assert (result["Values"], result["Timestamps"], result["StatusCode"]) == ([], [], "Complete")


def test_a_metric_with_dimensions_is_another_one_than_without(world):
    world.publish(1.0, Dimensions=[{"Name": "Stage", "Value": "prod"}])

    assert get(world)["MetricDataResults"][0]["Values"] == []
    dimensions = {"Dimensions": [{"Name": "Stage", "Value": "prod"}]}
    assert get(world, query(metric=dimensions))["MetricDataResults"][0]["Values"] == [1.0]


def test_points_come_newest_first_unless_asked_otherwise(world):
    for minutes in (3, 1, 2):
        world.publish(float(minutes), Timestamp=at(world) - minutes * MINUTE)

    assert get(world)["MetricDataResults"][0]["Values"] == [1.0, 2.0, 3.0]
    assert get(world, ScanBy="TimestampDescending")["MetricDataResults"][0]["Values"] == [1.0, 2.0, 3.0]
    assert get(world, ScanBy="TimestampAscending")["MetricDataResults"][0]["Values"] == [3.0, 2.0, 1.0]


def test_high_resolution_is_read_by_the_second(world):
    for second in (1.0, 2.0, 2.5):
        world.publish(second, Timestamp=at(world, second), StorageResolution=1)

    start = at(world)
    (result,) = get(world, query(period=1), StartTime=start, ScanBy="TimestampAscending")["MetricDataResults"]
    assert result["Values"] == [1.0, 4.5]
    assert result["Timestamps"] == [at(world, 1), at(world, 2)]


def test_what_is_not_wanted_is_not_returned(world):
    results = get(world, query(), query(identity="m2", ReturnData=False))["MetricDataResults"]

    assert [result["Id"] for result in results] == ["m1"]


@pytest.mark.parametrize(
    ("queries", "labels"),
    [
        ([("Sum", 60), ("Minimum", 30)], ["Errors Sum 60", "Errors Minimum 30"]),
        ([("Sum", 60), ("Minimum", 60)], ["Errors Sum", "Errors Minimum"]),
        ([("Sum", 60), ("Sum", 30)], ["Errors 60", "Errors 30"]),
        ([("Sum", 60), ("Sum", 60)], ["Errors", "Errors"]),
    ],
)
def test_labels_say_what_queries_differ_by(world, queries, labels):
    asked = [query(stat=stat, period=period, identity=f"m{n}") for n, (stat, period) in enumerate(queries)]

    assert [result["Label"] for result in get(world, *asked)["MetricDataResults"]] == labels


def test_a_label_that_is_given_is_kept(world):
    assert get(world, query(Label="5XX"))["MetricDataResults"][0]["Label"] == "5XX"


def test_without_a_unit_the_first_by_name_is_taken_and_all_are_named(world):
    world.publish(60.0, Unit="Seconds")
    world.publish(60000.0, Unit="Milliseconds")

    (result,) = get(world)["MetricDataResults"]
    assert result["Values"] == [60000.0]
    assert result["Messages"] == [
        {"Code": "MultipleUnits", "Value": "Multiple units returned: '[Milliseconds, Seconds]'"}
    ]


def test_a_unit_that_is_asked_for_is_taken_alone(world):
    world.publish(60.0, Unit="Seconds")
    world.publish(60000.0, Unit="Milliseconds")

    (result,) = get(world, query(unit="Seconds"))["MetricDataResults"]
    assert (result["Values"], "Messages" in result) == ([60.0], False)


class TestPages:
    @pytest.fixture(autouse=True)
    def _five_points_each(self, world):
        for minutes in range(5):
            world.publish(float(minutes), Timestamp=at(world) - minutes * MINUTE)
            world.publish(10.0 + minutes, name="Calls", Timestamp=at(world) - minutes * MINUTE)

    def pages(self, world, size, **more):
        queries = [query(), query(name="Calls", identity="m2")]
        token, pages = {}, []
        while True:
            answer = get(world, *queries, MaxDatapoints=size, **more, **token)
            pages.append([(one["Id"], one["Values"], one["StatusCode"]) for one in answer["MetricDataResults"]])
            if "NextToken" not in answer:
                return pages
            token = {"NextToken": answer["NextToken"]}

    def test_a_page_holds_so_many_points_over_all_queries(self, world):
        assert self.pages(world, 4) == [
            [("m1", [0.0, 1.0, 2.0, 3.0], "PartialData")],
            [("m1", [4.0], "Complete"), ("m2", [10.0, 11.0, 12.0], "PartialData")],
            [("m2", [13.0, 14.0], "Complete")],
        ]

    def test_a_page_may_end_with_a_query(self, world):
        assert self.pages(world, 5) == [
            [("m1", [0.0, 1.0, 2.0, 3.0, 4.0], "Complete")],
            [("m2", [10.0, 11.0, 12.0, 13.0, 14.0], "Complete")],
        ]

    def test_pages_go_forward_in_time_too(self, world):
        values = [
            value for page in self.pages(world, 3, ScanBy="TimestampAscending") for _, some, _ in page for value in some
        ]

        assert values == [4.0, 3.0, 2.0, 1.0, 0.0, 14.0, 13.0, 12.0, 11.0, 10.0]

    def test_a_token_that_is_none_is_refused(self, world):
        for token in ("nonsense", "eyJwb3NpdGlvbiI6NX0="):
            error = refused(world, NextToken=token)
            assert (error.code, error.message) == ("InvalidNextToken", "The next token specified is invalid.")


@pytest.mark.parametrize(
    ("asked", "more", "message"),
    [
        (
            query(),
            {"EndTime": datetime(2020, 1, 1, tzinfo=UTC)},
            "The parameter EndTime must be greater than StartTime.\n",
        ),
        ({"Id": "m1"}, {}, "The parameter MetricDataQueries.member.1.MetricStat is required.\n"),
        (
            query(identity="M1"),
            {},
            (
                "The parameter MetricDataQueries.member.1.Id must begin with a lowercase letter and hold only letters, "
                "digits and underscores; it is 'M1'."
            ),
        ),
        (
            query(stat="Mode"),
            {},
            "The value Mode for parameter MetricDataQueries.member.1.MetricStat.Stat is not supported.",
        ),
        (
            query(period=7),
            {},
            "The parameter MetricDataQueries.member.1.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.",
        ),
        (query(), {"MaxDatapoints": 100_801}, "The parameter MaxDatapoints must be between 1 and 100800."),
        (
            query(),
            {"ScanBy": "Random"},
            (
                "1 validation error detected: Value 'Random' at 'scanBy' failed to satisfy constraint: Member must "
                "satisfy enum value set: [TimestampDescending, TimestampAscending]"
            ),
        ),
    ],
)
def test_a_query_that_breaks_a_rule_is_refused(world, asked, more, message):
    error = refused(world, asked, **more)

    assert (error.code, error.message) == ("ValidationError", message)


def test_a_window_without_length_is_refused(world):
    error = refused(world, StartTime=at(world), EndTime=at(world))

    assert error.message == "The parameter StartTime must not equal parameter EndTime.\n"


def test_ids_have_to_differ(world):
    assert (
        refused(world, query(), query()).message == "The values for parameter id in MetricDataQueries are not unique.\n"
    )


def test_more_than_500_queries_are_refused(world):
    error = refused(world, *(query(identity=f"m{n}") for n in range(501)))

    assert error.message == "The collection MetricDataQueries must not have a size greater than 500."


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"Id": "e1", "Expression": "SELECT AVG(Errors) FROM Notes"},
            "the Metrics Insights query of 'e1'. Ask for the metrics with MetricStat.",
        ),
        (
            {"Id": "e1", "Expression": "SEARCH('{Notes} Errors', 'Sum', 60)"},
            (
                "the function SEARCH of metric math (in 'e1'). Use ABS, AVG, CEIL, DATAPOINT_COUNT, DIFF, FILL, FLOOR, "
                "IF, MAX, METRICS, MIN, PERIOD, RATE, RUNNING_SUM, SUM, TIME_SERIES."
            ),
        ),
        (query(Label="${MAX}"), "the dynamic label '${MAX}'. Use a label without ${...}."),
        (query(AccountId="9"), "metrics of another account (9). Ask with that account's credentials."),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(world, asked, message):
    error = refused(world, asked)

    assert (error.code, error.status) == ("NotImplemented", 501)
    assert error.message == f"the local AWS does not emulate {message}"
