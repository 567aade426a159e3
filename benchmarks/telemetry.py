"""What it costs to read metrics and logs, with little and with much in the stores, side by side in one run.

    python benchmarks/telemetry.py [--small N] [--large N] [--rounds N]

Loads as many points and events as asked for through the services' own operations, then asks each store the same
question. Points all lie in the same hour, so that the larger store is also the denser one; events lie a tenth of a
second apart, so that a window holds as many of them in both. The two stores take turns, so that a slow moment of the
machine meets both. Prints the median of each and the ratio; exits 1 when a ratio is above ``LIMIT``.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Scope
from pytest_rollbacklab.localaws.telemetry import Telemetry

LIMIT = 3.0
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()
HOUR_S = 3600
EVENT_EVERY_MS = 100
GROUP = "/aws/lambda/create"
STREAMS = [f"2026/11/23/[$LATEST]{number:032x}" for number in range(10)]
DIMENSIONS = [{"Name": "ApiName", "Value": "notes"}, {"Name": "Stage", "Value": "prod"}]

Question = tuple[str, str, dict[str, Any]]
"""Service, operation and parameters."""


class Store:
    """A telemetry with so many points and so many events in it.

    Args:
        size: How many of each.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._operations = {service.name: service.operations for service in Telemetry(lambda: NOW).services}
        self._scope = Scope(account_id="111111111111", region="eu-west-1")
        self.metrics_load_s = _timed(self._load_metrics)
        self.logs_load_s = _timed(self._load_logs)

    def ask(self, question: Question) -> dict[str, Any]:
        service, operation, params = question
        call = Call(scope=self._scope, service=service, operation=operation, access_key="AKIA", request_id="r")
        answer = self._operations[service][operation](call, params)
        assert isinstance(answer, dict)
        return answer

    def _load_metrics(self) -> None:
        draw = random.Random(1)
        data = (
            {
                "MetricName": "Latency",
                "Dimensions": DIMENSIONS,
                "Timestamp": NOW - HOUR_S + HOUR_S * number / self.size,
                "Value": draw.lognormvariate(3, 0.7),
                "Unit": "Milliseconds",
            }
            for number in range(self.size)
        )
        for batch in _batches(data, 1000):
            self.ask(("cloudwatch", "PutMetricData", {"Namespace": "Notes", "MetricData": batch}))

    def _load_logs(self) -> None:
        self.ask(("logs", "CreateLogGroup", {"logGroupName": GROUP}))
        for stream in STREAMS:
            self.ask(("logs", "CreateLogStream", {"logGroupName": GROUP, "logStreamName": stream}))
        first_ms = int(NOW * 1000) - self.size * EVENT_EVERY_MS
        events = (
            {"timestamp": first_ms + number * EVENT_EVERY_MS, "message": f"[INFO] request {number} answered 200\n"}
            for number in range(self.size)
        )
        for number, batch in enumerate(_batches(events, 100)):
            into = {"logGroupName": GROUP, "logStreamName": STREAMS[number % len(STREAMS)], "logEvents": batch}
            self.ask(("logs", "PutLogEvents", into))


def questions() -> dict[str, Question]:
    """Return what is asked, by what it is called in the table."""
    window = {"StartTime": NOW - HOUR_S, "EndTime": NOW}
    metric = {"Namespace": "Notes", "MetricName": "Latency", "Dimensions": DIMENSIONS}

    def data(stat: str) -> Question:
        query = {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}}
        return ("cloudwatch", "GetMetricData", {"MetricDataQueries": [query], **window})

    last_ten_s = {"startTime": int(NOW * 1000) - 10_000, "endTime": int(NOW * 1000)}
    one_stream = {"logGroupName": GROUP, "logStreamName": STREAMS[-1], "limit": 100}
    every = {**metric, **window, "Period": 60, "Statistics": ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]}
    return {
        "get_metric_data, Average, 60 periods": data("Average"),
        "get_metric_data, p99, 60 periods": data("p99"),
        "get_metric_statistics, all five, 60 periods": ("cloudwatch", "GetMetricStatistics", every),
        "filter_log_events, last 10 s": ("logs", "FilterLogEvents", {"logGroupName": GROUP, **last_ten_s}),
        "filter_log_events, last 10 s, one term": (
            "logs",
            "FilterLogEvents",
            {"logGroupName": GROUP, "filterPattern": "answered", **last_ten_s},
        ),
        "get_log_events, last 100": ("logs", "GetLogEvents", one_stream),
        "get_log_events, first 100": ("logs", "GetLogEvents", {**one_stream, "startFromHead": True}),
    }


def main() -> int:
    options = _read_options()
    small, large = Store(options.small), Store(options.large)
    print(f"{'median of ' + str(options.rounds):<46}{small.size:>12,}{large.size:>12,}{'ratio':>8}")
    worst = 0.0
    for name, question in questions().items():
        few, many = _compare(small, large, question, options.rounds)
        worst = max(worst, many / few)
        print(f"{name:<46}{few:>9.0f} us{many:>9.0f} us{many / few:>8.2f}")
    for name, few, many in (
        ("put_metric_data, each point", small.metrics_load_s, large.metrics_load_s),
        ("put_log_events, each event", small.logs_load_s, large.logs_load_s),
    ):
        print(f"{name:<46}{few / small.size * 1e6:>9.1f} us{many / large.size * 1e6:>9.1f} us")
    print(f"worst ratio of a read: {worst:.2f} (limit {LIMIT})")
    return int(worst > LIMIT)


def _compare(small: Store, large: Store, question: Question, rounds: int) -> tuple[float, float]:
    """Return the median microseconds of both, which have to answer as much as each other."""
    assert _length(small.ask(question)) == _length(large.ask(question)) > 0, question
    times: tuple[list[float], list[float]] = ([], [])
    gc.disable()
    for _ in range(rounds):
        for store, taken in zip((small, large), times, strict=True):
            taken.append(_timed(lambda store=store: store.ask(question)) * 1e6)  # type: ignore[misc]
    gc.enable()
    return statistics.median(times[0]), statistics.median(times[1])


def _length(answer: dict[str, Any]) -> int:
    if "MetricDataResults" in answer:
        return len(answer["MetricDataResults"][0]["Values"])
    return len(answer.get("Datapoints") or answer.get("events") or ())


def _timed(action: Callable[[], Any]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _batches(items: Iterator[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    while batch := list(itertools.islice(items, size)):
        yield batch


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=1_000)
    parser.add_argument("--large", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
