"""What a page of the console asks for costs the same behind ten lines and points as behind a hundred thousand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

GROUP, FEW, MANY = "/aws/lambda/create", 10, 100_000
ID = "5b1f5f8c-1c1f-4d3c-9b59-0d6f0f1e2a3b"
WINDOWS = {"15m": (900, 60), "1h": (3600, 60), "3h": (10_800, 120), "1d": (86_400, 900)}
"""How long each is and which period its charts have, in seconds."""
Work = Callable[[Callable[[], object]], int]


def log_of(world: Any, lines: int) -> Any:
    """Fill a log: a stream for each thousand lines, older ones first."""
    now_ms = int(world.clock.now * 1000)
    world.telemetry.logs.append(world.scope, GROUP, "0", [f"START RequestId: {ID}\n"], now_ms - lines - 1)
    for first in range(0, lines, 1000):
        messages = [f"line {number}\n" for number in range(first, min(first + 1000, lines))]
        for number, message in enumerate(messages, first):
            world.telemetry.logs.append(world.scope, GROUP, f"{first // 1000}", [message], now_ms - lines + number)
    return world


def newest_streams(world: Any) -> Any:
    return world.logs("DescribeLogStreams", logGroupName=GROUP, orderBy="LastEventTime", descending=True, limit=1)


def newest_of_stream(world: Any) -> Any:
    (stream,) = newest_streams(world)["logStreams"]
    return world.logs("GetLogEvents", logGroupName=GROUP, logStreamName=stream["logStreamName"], limit=5)


def newest_search(world: Any) -> Any:
    since_ms = int(world.clock.now * 1000) - 86_400_000
    asked = {"filterPattern": '"line"', "startTime": since_ms, "startFromHead": False, "limit": 5}
    return world.logs("FilterLogEvents", logGroupName=GROUP, **asked)


def one_request(world: Any) -> Any:
    return world.logs("FilterLogEvents", logGroupName=GROUP, filterPattern=f'"{ID}"')


def one_line_more(world: Any) -> None:
    world.telemetry.logs.append(world.scope, GROUP, "0", ["one more\n"])


@pytest.mark.parametrize("ask", [newest_streams, newest_of_stream, newest_search, one_request, one_line_more])
def test_a_log_that_is_long_costs_no_more_than_a_short_one(
    new_world: Callable[[], Any], work_of: Work, ask: Callable[[Any], Any]
) -> None:
    short, long = log_of(new_world(), FEW), log_of(new_world(), MANY)
    few = work_of(lambda: ask(short))
    assert few > 10
    assert work_of(lambda: ask(long)) <= few * 1.1


def measured(world: Any, points: int, span_s: int) -> Any:
    """Spread points over a window, every fourth of them a failure and each with a latency of its own."""
    now = world.clock.now
    where = {"ApiName": "notes", "Stage": "prod"}
    for number in range(points):
        at = now - span_s * (number + 0.5) / points
        world.telemetry.metrics.record(world.scope, "AWS/ApiGateway", "Count", where, 1.0, "Count", at)
        latency_ms = 5.0 + (number * 7919) % 400
        world.telemetry.metrics.record(world.scope, "AWS/ApiGateway", "Latency", where, latency_ms, "Milliseconds", at)
    return world


def chart(world: Any, span_s: int, period_s: int) -> Any:
    dimensions = [{"Name": "ApiName", "Value": "notes"}, {"Name": "Stage", "Value": "prod"}]
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {"Namespace": "AWS/ApiGateway", "MetricName": name, "Dimensions": dimensions},
                "Period": period_s,
                "Stat": stat,
            },
        }
        for number, (name, stat) in enumerate([("Count", "Sum"), *(("Latency", p) for p in ("p50", "p90", "p99"))])
    ]
    start, end = (world.clock.now - span_s) // period_s * period_s, world.clock.now + period_s
    return world.cloudwatch("GetMetricData", MetricDataQueries=queries, StartTime=start, EndTime=end)


@pytest.mark.parametrize("window", list(WINDOWS))
def test_a_chart_of_many_points_costs_what_one_of_few_does(
    new_world: Callable[[], Any], work_of: Work, window: str
) -> None:
    """The few fill every period of the chart as the many do, so that as much is drawn."""
    span_s, period_s = WINDOWS[window]
    few, many = measured(new_world(), span_s // period_s, span_s), measured(new_world(), MANY, span_s)
    for world in (few, many):
        chart(world, span_s, period_s)  # what is past is summed up when it is first looked at
    assert len(chart(few, span_s, period_s)["MetricDataResults"][0]["Values"]) >= span_s // period_s
    drawn_from_few = work_of(lambda: chart(few, span_s, period_s))
    assert work_of(lambda: chart(many, span_s, period_s)) <= 2 * drawn_from_few
