"""A small AWS in memory: a log store, one REST API stage, IAM's roles, CloudWatch's numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_rollbacklab.model import Answer
from pytest_rollbacklab.observe.resources import StageResources

START = datetime(2026, 11, 23, 7, 0, 0, tzinfo=UTC)
CREATE, GET = "notes-prod-Create", "notes-prod-Get"


class Refusal(ClientError):  # noqa: N818 - its kinds are named as AWS names them
    def __init__(self, message: str = "no") -> None:
        super().__init__({"Error": {"Code": type(self).__name__, "Message": message}}, "Operation")


class ResourceNotFoundException(Refusal): ...


class ResourceAlreadyExistsException(Refusal): ...


class NoSuchEntityException(Refusal): ...


class BadRequestException(Refusal): ...


class Exceptions:
    ResourceNotFoundException = ResourceNotFoundException
    ResourceAlreadyExistsException = ResourceAlreadyExistsException
    NoSuchEntityException = NoSuchEntityException
    BadRequestException = BadRequestException


class FakeLogs:
    """Log groups; everything comes in pages of two, and quoted terms alone are searched for."""

    exceptions = Exceptions

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}
        self.retention: dict[str, int] = {}
        self.queries: list[dict[str, Any]] = []
        """Of FilterLogEvents."""
        self.reads: list[dict[str, Any]] = []
        """Of GetLogEvents."""
        self.on_query: Callable[[], None] = lambda: None
        self.searches_backwards = True

    @property
    def meta(self) -> Any:
        """What boto3 knows of FilterLogEvents."""
        members = {"startFromHead"} if self.searches_backwards else set()
        operation = SimpleNamespace(input_shape=SimpleNamespace(members=members))
        return SimpleNamespace(service_model=SimpleNamespace(operation_model={"FilterLogEvents": operation}.get))

    def write(self, group: str, *messages: str, at: datetime = START, stream: str = "s") -> None:
        events = self.groups.setdefault(group, [])
        for message in messages:
            at_ms = int(at.timestamp() * 1000)
            events.append({"logStreamName": stream, "timestamp": at_ms, "message": message})

    def create_log_group(self, *, logGroupName: str) -> None:
        if logGroupName in self.groups:
            raise ResourceAlreadyExistsException
        self.groups[logGroupName] = []

    def put_retention_policy(self, *, logGroupName: str, retentionInDays: int) -> None:
        self.retention[logGroupName] = retentionInDays

    def get_paginator(self, operation: str) -> Any:
        pages = {"filter_log_events": self._filtered, "describe_log_streams": self._streams}
        return SimpleNamespace(paginate=pages[operation])

    def get_log_events(self, **query: Any) -> dict[str, Any]:
        """Answer backwards; the token is where to go on, and at the beginning the same again."""
        assert query["startFromHead"] is False
        self.reads.append(query)
        found = [
            event
            for event in self._sorted(query["logGroupName"])
            if event["logStreamName"] == query["logStreamName"]
            and query.get("startTime", 0) <= event["timestamp"] < query.get("endTime", 2**60)
        ]
        end = int(query.get("nextToken", len(found)))
        start = max(0, end - min(2, query["limit"]))
        return {"events": found[start:end], "nextBackwardToken": str(start)}

    def _streams(self, *, logGroupName: str, orderBy: str, descending: bool) -> Iterator[dict[str, Any]]:
        assert (orderBy, descending) == ("LastEventTime", True)
        streams: dict[str, dict[str, Any]] = {}
        for event in self._sorted(logGroupName):
            name, at_ms = event["logStreamName"], event["timestamp"]
            first = {"logStreamName": name, "creationTime": at_ms, "firstEventTimestamp": at_ms}
            streams.setdefault(name, first)["lastEventTimestamp"] = at_ms
        latest_first = sorted(streams.values(), key=lambda stream: -stream["lastEventTimestamp"])
        for start in range(0, len(latest_first), 2):
            yield {"logStreams": latest_first[start : start + 2]}

    def _filtered(self, **query: Any) -> Iterator[dict[str, Any]]:
        self.queries.append(query)
        self.on_query()
        found = [event for event in self._sorted(query["logGroupName"]) if self._matches(event, query)]
        if query.get("startFromHead") is False:
            assert self.searches_backwards
            found.reverse()
        for start in range(0, max(len(found), 1), 2):
            yield {"events": found[start : start + 2]}

    def _sorted(self, group: str) -> list[dict[str, Any]]:
        if group not in self.groups:
            raise ResourceNotFoundException
        return sorted(self.groups[group], key=lambda event: event["timestamp"])

    def _matches(self, event: dict[str, Any], query: dict[str, Any]) -> bool:
        return (
            query.get("startTime", 0) <= event["timestamp"] <= query.get("endTime", 2**60)
            and all(term in event["message"] for term in re.findall(r'"([^"]*)"', query.get("filterPattern", "")))
            and event["logStreamName"] in query.get("logStreamNames", [event["logStreamName"]])
        )


class FakeGateway:
    """One stage and the account's settings."""

    exceptions = Exceptions

    def __init__(self) -> None:
        self.stage: dict[str, Any] = {"stageName": "prod"}
        self.account: dict[str, str] = {}
        self.patches: list[list[dict[str, str]]] = []
        self.role_refusals: list[str] = []

    def get_stage(self, *, restApiId: str, stageName: str) -> dict[str, Any]:
        assert (restApiId, stageName) == ("abc123", "prod")
        return self.stage

    def get_rest_api(self, *, restApiId: str) -> dict[str, Any]:
        assert restApiId == "abc123"
        return {"id": restApiId, "name": "notes"}

    def update_stage(self, *, restApiId: str, stageName: str, patchOperations: list[dict[str, str]]) -> None:
        self.patches.append(patchOperations)
        for patch in patchOperations:
            if patch == {"op": "remove", "path": "/accessLogSettings"}:
                del self.stage["accessLogSettings"]
            elif patch["path"] == "/*/*/logging/loglevel":
                self.stage.setdefault("methodSettings", {})["*/*"] = {"loggingLevel": patch["value"]}
            else:
                name = patch["path"].removeprefix("/accessLogSettings/")
                self.stage.setdefault("accessLogSettings", {})[name] = patch["value"]

    def get_account(self) -> dict[str, str]:
        return self.account

    def update_account(self, *, patchOperations: list[dict[str, str]]) -> None:
        if self.role_refusals:
            raise BadRequestException(self.role_refusals.pop(0))
        self.account["cloudwatchRoleArn"] = patchOperations[0]["value"]

    def log_access(self, log_format: str, group: str = "access") -> None:
        """Set the stage to write access logs."""
        arn = f"arn:aws:logs:eu-west-1:123456789012:log-group:{group}"
        self.stage["accessLogSettings"] = {"destinationArn": arn, "format": log_format}

    def log_execution(self, level: str) -> None:
        self.stage["methodSettings"] = {"*/*": {"loggingLevel": level}}


class FakeIam:
    exceptions = Exceptions

    def __init__(self) -> None:
        self.roles: dict[str, str] = {}
        self.attached: list[tuple[str, str]] = []

    def get_role(self, *, RoleName: str) -> dict[str, Any]:
        if RoleName not in self.roles:
            raise NoSuchEntityException
        return {"Role": {"Arn": f"arn:aws:iam::123456789012:role/{RoleName}"}}

    def create_role(self, *, RoleName: str, AssumeRolePolicyDocument: str) -> dict[str, Any]:
        self.roles[RoleName] = AssumeRolePolicyDocument
        return self.get_role(RoleName=RoleName)

    def attach_role_policy(self, *, RoleName: str, PolicyArn: str) -> None:
        self.attached.append((RoleName, PolicyArn))


class FakeCloudWatch:
    """GetMetricData: what it is told, by metric and statistic, a page for each ten queries."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], list[float]] = {}
        self.asked: list[dict[str, Any]] = []

    def get_paginator(self, operation: str) -> FakeCloudWatch:
        assert operation == "get_metric_data"
        return self

    def paginate(self, **query: Any) -> Iterator[dict[str, Any]]:
        self.asked.append(query)
        queries = query["MetricDataQueries"]
        for start in range(0, len(queries), 10):
            yield {"MetricDataResults": [self._result(one) for one in queries[start : start + 10]]}

    def _result(self, query: dict[str, Any]) -> dict[str, Any]:
        stat = query["MetricStat"]
        values = self.values.get((stat["Metric"]["MetricName"], stat["Stat"]), [])
        times = [START + timedelta(seconds=stat["Period"] * number) for number in range(len(values))]
        return {"Id": query["Id"], "Timestamps": times, "Values": values}


@dataclass
class World:
    """A target, and what is behind it."""

    logs: FakeLogs = field(default_factory=FakeLogs)
    apigateway: FakeGateway = field(default_factory=FakeGateway)
    iam: FakeIam = field(default_factory=FakeIam)
    cloudwatch: FakeCloudWatch = field(default_factory=FakeCloudWatch)
    cloudformation: Any = None
    checks: list[Exception] = field(default_factory=list)
    region = "eu-west-1"
    account_id = "123456789012"

    def client(self, service: str) -> Any:
        return getattr(self, service)

    def check(self) -> None:
        if self.checks:
            raise self.checks[0]

    check_broken_connection = check


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def resources() -> StageResources:
    return StageResources(
        stack_name="notes-prod",
        by_type={
            "AWS::ApiGateway::RestApi": {"NotesApi": "abc123"},
            "AWS::ApiGateway::Stage": {"NotesApiprodStage": "prod"},
            "AWS::Lambda::Function": {"CreateFunction": CREATE, "GetFunction": GET},
        },
    )


@pytest.fixture
def broken() -> Answer:
    """A 502 half a second after ``START``, as users get it."""
    return Answer(
        method="POST",
        url="http://127.0.0.1:4566/_aws/execute-api/abc123/prod/notes",
        status=502,
        reason="Bad Gateway",
        headers={"x-amzn-requestid": "5b1f5f8c-1c1f-4d3c-9b59-0d6f0f1e2a3b"},
        body=b'{"message": "Internal server error"}',
        latency_ms=42.4,
        sent_at=START + timedelta(seconds=0.5),
    )
