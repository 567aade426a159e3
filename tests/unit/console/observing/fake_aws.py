"""A small AWS in memory, as far as the pages look at it: logs that can be followed, metrics, the stage of one API."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from pytest_rollbacklab.observe.access_logs import FORMAT
from pytest_rollbacklab.target import Target

ACCESS_GROUP = "/rollbacklab/access/notes-prod"
EXECUTION_GROUP = "API-Gateway-Execution-Logs_abc123/prod"


class ResourceNotFoundException(ClientError):  # noqa: N818 - as AWS names it
    def __init__(self) -> None:
        super().__init__({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "Operation")


class Exceptions:
    ResourceNotFoundException = ResourceNotFoundException


class FakeLogs:
    """Groups of one stream each; filter patterns are quoted terms, and selectors of a JSON's status."""

    exceptions = Exceptions
    meta = SimpleNamespace(
        service_model=SimpleNamespace(
            operation_model=lambda _: SimpleNamespace(input_shape=SimpleNamespace(members={"startFromHead"}))
        )
    )

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}
        self.tails: list[Tail] = []
        self.on_filter: Callable[[], None] = lambda: None

    def write(self, group: str, *messages: str, at: datetime | None = None) -> None:
        for message in messages:
            at_ms = int((at or datetime.now(UTC)).timestamp() * 1000)
            event = {"logStreamName": "s", "timestamp": at_ms, "message": message}
            self.groups.setdefault(group, []).append(event)
            for tail in self.tails:
                tail.tell(group, event)

    def get_paginator(self, operation: str) -> Any:
        return {"describe_log_streams": _Streams, "filter_log_events": _Filter}[operation](self)

    def get_log_events(self, *, logGroupName: str, limit: int, **query: Any) -> dict[str, Any]:
        events = [event for event in self.events(logGroupName) if _within(event, query)]
        return {"events": events[-limit:] if "nextToken" not in query else [], "nextBackwardToken": "b/1"}

    def events(self, group: str) -> list[dict[str, Any]]:
        if group not in self.groups:
            raise ResourceNotFoundException
        return sorted(self.groups[group], key=lambda event: event["timestamp"])

    def start_live_tail(self, *, logGroupIdentifiers: list[str], **query: Any) -> dict[str, Any]:
        group = logGroupIdentifiers[0].partition(":log-group:")[2]
        self.events(group)
        tail = Tail(group, query.get("logEventFilterPattern", ""), self.tails)
        return {"responseStream": tail}


class Tail:
    """A Live Tail session: says every tenth of a second what has come."""

    def __init__(self, group: str, pattern: str, tails: list[Tail]) -> None:
        self.group, self.pattern, self.tails = group, pattern, tails
        self.told: list[dict[str, Any]] = []
        self.closed = threading.Event()
        tails.append(self)

    def tell(self, group: str, event: dict[str, Any]) -> None:
        if group == self.group and _fits(event["message"], self.pattern):
            self.told.append(event)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield {"sessionStart": {}}
        while not self.closed.wait(0.1):
            told, self.told = self.told, []
            yield {"sessionUpdate": {"sessionResults": told}}

    def close(self) -> None:
        self.closed.set()
        self.tails.remove(self)


class _Streams:
    def __init__(self, logs: FakeLogs) -> None:
        self.logs = logs

    def paginate(self, *, logGroupName: str, **_: Any) -> Iterator[dict[str, Any]]:
        events = self.logs.events(logGroupName)
        last = events[-1]["timestamp"] if events else 0
        yield {"logStreams": [{"logStreamName": "s", "creationTime": 0, "lastEventTimestamp": last}] if events else []}


class _Filter:
    def __init__(self, logs: FakeLogs) -> None:
        self.logs = logs

    def paginate(self, *, logGroupName: str, filterPattern: str = "", **query: Any) -> Iterator[dict[str, Any]]:
        self.logs.on_filter()
        events = [event for event in self.logs.events(logGroupName) if _within(event, query)]
        found = [event for event in events if _fits(event["message"], filterPattern)]
        yield {"events": found[::-1] if query.get("startFromHead") is False else found}


def _within(event: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    return bool(query.get("startTime", 0) <= event["timestamp"] <= query.get("endTime", 2**60))


def _fits(message: str, pattern: str) -> bool:
    if pattern.startswith("{"):
        return True  # a selector; whoever searched looks at the lines again
    return all(term.strip('"') in message for term in pattern.split('" "')) if pattern else True


class FakeGateway:
    def __init__(self) -> None:
        self.stage: dict[str, Any] = {"stageName": "prod", "methodSettings": {"*/*": {"loggingLevel": "INFO"}}}
        self.log_access()

    def log_access(self, log_format: str = FORMAT) -> None:
        arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{ACCESS_GROUP}"
        self.stage["accessLogSettings"] = {"destinationArn": arn, "format": log_format}

    def get_stage(self, **_: str) -> dict[str, Any]:
        return self.stage

    def get_rest_api(self, *, restApiId: str) -> dict[str, Any]:
        return {"id": restApiId, "name": "notes-prod"}


class FakeCloudWatch:
    """GetMetricData: a value for each period, by metric, statistic, whose it is, and when."""

    def __init__(self) -> None:
        self.value: Callable[[str, str, str, datetime], float | None] = lambda *_: None
        self.asked: list[int] = []

    def get_paginator(self, operation: str) -> FakeCloudWatch:
        assert operation == "get_metric_data"
        return self

    def paginate(self, *, MetricDataQueries: list[Any], StartTime: datetime, EndTime: datetime) -> Iterator[Any]:
        results = []
        for query in MetricDataQueries:
            stat = query["MetricStat"]
            metric, period_s = stat["Metric"], stat["Period"]
            self.asked.append(period_s)
            whose = metric["Dimensions"][0]["Value"]
            starts = range(int(StartTime.timestamp()), int(EndTime.timestamp()), period_s)
            values: list[tuple[datetime, float]] = []
            for start in starts:
                minutes = [datetime.fromtimestamp(minute, UTC) for minute in range(start, start + period_s, 60)]
                told = [self.value(metric["MetricName"], stat["Stat"], whose, minute) for minute in minutes]
                if known := [value for value in told if value is not None]:
                    values.append((minutes[0], sum(known) if stat["Stat"] == "Sum" else max(known)))
            results.append(
                {"Id": query["Id"], "Timestamps": [at for at, _ in values], "Values": [value for _, value in values]}
            )
        yield {"MetricDataResults": results}


@dataclass(frozen=True, kw_only=True)
class FakeTarget(Target):
    """A target whose clients are in memory."""

    endpoint_url: str = "http://127.0.0.1:4566"
    logs: FakeLogs = field(default_factory=FakeLogs, compare=False)
    apigateway: FakeGateway = field(default_factory=FakeGateway, compare=False)
    cloudwatch: FakeCloudWatch = field(default_factory=FakeCloudWatch, compare=False)

    def client(self, service: str) -> Any:
        return getattr(self, service)


def wait_until(holds: Callable[[], object], *, timeout_s: float = 10.0) -> None:
    """Wait for something that another thread brings about."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)
