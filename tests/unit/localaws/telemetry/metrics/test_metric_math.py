"""Metric math: arithmetic and functions over series, as the user guide's table has them; what is none is refused."""

from __future__ import annotations

import pytest

A = {"Namespace": "Notes", "MetricName": "A"}
B = {"Namespace": "Notes", "MetricName": "B"}
MINUTE = 60


def stat(identity, metric, **more):
    return {
        "Id": identity,
        "MetricStat": {"Metric": metric, "Period": MINUTE, "Stat": "Sum"},
        "ReturnData": False,
    } | more


@pytest.fixture
def ask(world):
    """Return what computes an expression over a (1, 2, none, 4) and b (10, none, 30, 0), minute by minute."""
    start = world.clock.now // MINUTE * MINUTE - 4 * MINUTE
    for name, values in (("A", [1, 2, None, 4]), ("B", [10, None, 30, 0])):
        for minute, value in enumerate(values):
            if value is not None:
                datum = {"MetricName": name, "Value": value, "Timestamp": start + minute * MINUTE}
                world.cloudwatch("PutMetricData", Namespace="Notes", MetricData=[datum])

    def results(expression, **more):
        queries = [stat("a", A), stat("b", B), {"Id": "e", "Expression": expression, **more}]
        return world.cloudwatch(
            "GetMetricData",
            MetricDataQueries=queries,
            StartTime=start,
            EndTime=start + 4 * MINUTE,
            ScanBy="TimestampAscending",
        )["MetricDataResults"]

    def computed(expression):
        (found,) = results(expression)
        return {
            int((at.timestamp() - start) // MINUTE): value
            for at, value in zip(found["Timestamps"], found["Values"], strict=True)
        }

    computed.results = results
    return computed


@pytest.fixture
def refused(world):
    def ask_for(*queries):
        error = world.refused(
            "cloudwatch",
            "GetMetricData",
            MetricDataQueries=list(queries),
            StartTime=world.clock.now - 60,
            EndTime=world.clock.now,
        )
        return (error.code, error.message)

    return ask_for


@pytest.mark.parametrize(
    ("expression", "points"),
    [
        ("a + b", {0: 11, 3: 4}),
        ("a - b", {0: -9, 3: 4}),
        ("a * 2 + 1", {0: 3, 1: 5, 3: 9}),
        ("2 ^ a", {0: 2, 1: 4, 3: 16}),
        ("-a ^ 2", {0: -1, 1: -4, 3: -16}),
        ("(a + 1) * -1", {0: -2, 1: -3, 3: -5}),
        ("a / b", {0: 0.1}),
        ("1 / (a - 2)", {0: -1, 3: 0.5}),
        ("a > 1", {0: 0, 1: 1, 3: 1}),
        ("a >= 2 AND a < 4", {0: 0, 1: 1, 3: 0}),
        ("a == 1 || a != 2", {0: 1, 1: 0, 3: 1}),
        ("a <= 1 OR b == 0", {0: 1, 3: 1}),
        ("ABS(a - 3)", {0: 2, 1: 1, 3: 1}),
        ("CEIL(a / 2)", {0: 1, 1: 1, 3: 2}),
        ("FLOOR(a / 2)", {0: 0, 1: 1, 3: 2}),
        ("a - AVG([a])", {0: 0, 1: 0, 3: 0}),
        ("a + AVG(b)", {0: 1 + 40 / 3, 1: 2 + 40 / 3, 3: 4 + 40 / 3}),
        ("SUM([a, b])", {0: 11, 1: 2, 2: 30, 3: 4}),
        ("MAX(METRICS())", {0: 10, 1: 2, 2: 30, 3: 4}),
        ('MIN(METRICS("b"))', {0: 10, 2: 30, 3: 0}),
        ("TIME_SERIES(SUM(a))", {0: 7, 1: 7, 2: 7, 3: 7}),
        ("TIME_SERIES(MAX(a) - MIN(a))", {0: 3, 1: 3, 2: 3, 3: 3}),
        ("DATAPOINT_COUNT(METRICS())", {0: 2, 1: 1, 2: 1, 3: 2}),
        ("TIME_SERIES(DATAPOINT_COUNT(a))", {0: 3, 1: 3, 2: 3, 3: 3}),
        ("FILL(a, 0)", {0: 1, 1: 2, 2: 0, 3: 4}),
        ("FILL(a, b)", {0: 1, 1: 2, 2: 30, 3: 4}),
        ("FILL(a, REPEAT)", {0: 1, 1: 2, 2: 2, 3: 4}),
        ("FILL(a, LINEAR)", {0: 1, 1: 2, 2: 3, 3: 4}),
        ("IF(a > 1, a, 100)", {0: 100, 1: 2, 3: 4}),
        ("IF(a > 1, b)", {3: 0}),
        ("IF(1, a, b)", {0: 1, 1: 2, 3: 4}),
        ("DIFF(a)", {1: 1, 3: 2}),
        ("RATE(a)", {1: 1 / 60, 3: 2 / 120}),
        ("RUNNING_SUM(a)", {0: 1, 1: 3, 3: 7}),
        ("a / PERIOD(a)", {0: 1 / 60, 1: 2 / 60, 3: 4 / 60}),
    ],
)
def test_what_an_expression_comes_to(ask, expression, points):
    assert ask(expression) == pytest.approx(points)


def test_an_expression_is_called_by_its_id_or_label(ask):
    assert [found["Label"] for found in ask.results("a + 1")] == ["e"]
    assert [found["Label"] for found in ask.results("a + 1", Label="more")] == ["more"]


def test_an_array_is_a_result_for_each_series(ask):
    found = ask.results("FILL(METRICS(), 0)", Label="filled")

    assert [(one["Id"], one["Label"]) for one in found] == [("e", "filled A"), ("e", "filled B")]
    assert [one["Values"] for one in found] == [[1, 2, 0, 4], [10, 0, 30, 0]]


def test_expressions_may_follow_each_other_in_any_order(world, ask):
    start = world.clock.now // MINUTE * MINUTE - 4 * MINUTE
    queries = [{"Id": "twice", "Expression": "once * 2"}, {"Id": "once", "Expression": "a"}, stat("a", A)]

    found = world.cloudwatch(
        "GetMetricData", MetricDataQueries=queries, StartTime=start, EndTime=start + 60 * 4, ScanBy="TimestampAscending"
    )["MetricDataResults"]

    assert [(one["Id"], one["Values"]) for one in found] == [("twice", [2, 4, 8]), ("once", [1, 2, 4])]


def test_of_no_data_there_is_no_result(world, ask):
    (found,) = world.cloudwatch(
        "GetMetricData",
        MetricDataQueries=[
            stat("m", {"Namespace": "None", "MetricName": "none"}),
            {"Id": "e", "Expression": "m + AVG(m)"},
        ],
        StartTime=world.clock.now - 60,
        EndTime=world.clock.now,
    )["MetricDataResults"]

    assert (found["Values"], found["StatusCode"]) == ([], "Complete")


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("a +", "Error in expression 'e': it does not parse at its end: a +"),
        ("a b", "Error in expression 'e': it does not parse at 'b': a b"),
        ("a $ 1", "Error in expression 'e': unexpected character '$': a $ 1"),
        ("(" * 60, f"Error in expression 'e': it does not parse at '(': {'(' * 60}"),
        ("z + 1", "Error in expression 'e': there is no query with the id 'z'."),
        ("e + 1", "Error in expression 'e': it is computed from itself."),
        ("NOSUCH(a)", "Error in expression 'e': there is no function 'NOSUCH'."),
        ("1 + 2", "The expression of 'e' must return a time series or an array of time series."),
        ("FILL(a)", "Error in expression 'e': it takes 2 arguments, and 1 are given."),
        ("a + 'b'", "Error in expression 'e': a string has no place beside an operator."),
        ("METRICS() + METRICS()", "Error in expression 'e': two arrays of time series do not go together."),
        ("IF(METRICS(), 1, 2)", "Error in expression 'e': IF takes time series and numbers."),
        ("PERIOD(METRICS())", "Error in expression 'e': PERIOD takes a metric."),
        ("DIFF(1)", "Error in expression 'e': it takes a time series."),
        ("a" + " " * 2050, "The expression of 'e' is longer than 2048 characters."),
    ],
)
def test_what_is_none_is_refused(refused, expression, message):
    assert refused(stat("a", A), {"Id": "e", "Expression": expression}) == ("ValidationError", message)


def test_a_query_is_of_one_kind(refused):
    code, message = refused({**stat("a", A), "Expression": "1"})

    assert code == "ValidationError"
    assert message.startswith("The parameters MetricDataQueries.member.1.MetricStat and ")
