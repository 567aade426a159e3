"""A small AWS in memory: a log store, one REST API stage, IAM's roles, CloudWatch's numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
    """Log groups; FilterLogEvents gives them in pages of two, quoted terms alone."""

    exceptions = Exceptions

    def __init__(self) -> None:
        self.groups: dict[str, list[dict[str, Any]]] = {}
        self.retention: dict[str, int] = {}
        self.queries: list[dict[str, Any]] = []
        self.on_query: Callable[[], None] = lambda: None

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

    def get_paginator(self, operation: str) -> FakeLogs:
        assert operation == "filter_log_events"
        return self

    def paginate(self, **query: Any) -> Iterator[dict[str, Any]]:
        self.queries.append(query)
        self.on_query()
        if query["logGroupName"] not in self.groups:
            raise ResourceNotFoundException
        found = [event for event in self.groups[query["logGroupName"]] if self._matches(event, query)]
        found.sort(key=lambda event: event["timestamp"])
        for start in range(0, max(len(found), 1), 2):
            yield {"events": found[start : start + 2]}

    def _matches(self, event: dict[str, Any], query: dict[str, Any]) -> bool:
        return (
            query.get("startTime", 0) <= event["timestamp"] < query.get("endTime", 2**60)
            and query.get("filterPattern", "").strip('"') in event["message"]
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
        return {"Id": query["Id"], "Values": self.values.get((stat["Metric"]["MetricName"], stat["Stat"]), [])}


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
