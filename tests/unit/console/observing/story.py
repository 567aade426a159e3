"""The chapter's story as a stage leaves it behind: calls that fail while a bad release is live, and their logs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from console.fake_pipeline import FUNCTIONS, FakePipeline, make_build, make_release, now
from console.observing.fake_aws import ACCESS_GROUP, EXECUTION_GROUP, FakeTarget
from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe.access_logs import FORMAT
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.pipeline.values import AccessLogState

CREATE_LOG = "/aws/lambda/notes-prod-CreateFunction"
BAD_SINCE, BAD_UNTIL = timedelta(minutes=21), timedelta(minutes=12)
"""How long ago build 7 went live and was rolled back."""
GATEWAY_ID, LAMBDA_ID = "3f1c0c5e-9a1e-4000-8000-{:012d}", "9bdc7f20-41aa-4c11-8000-{:012d}"
IDENTITY = "us-east-1:9bdc1b3e-7c1f-4a5b-9d0e-2f6a1c3e5d7f"
TRACEBACK = """[ERROR] NameError: name 'gibberish' is not defined
Traceback (most recent call last):
  File "/var/task/create.py", line 12, in main
    gibberish.what
    ^^^^^^^^^"""


class StoryPipeline(FakePipeline):
    """prod: build 6 live, build 7 promoted and rolled back; access logs on."""

    target: FakeTarget

    def __init__(self, directory: Path, *, empty: bool = False) -> None:
        super().__init__(directory, empty=empty)
        self.target = FakeTarget()
        self.access_logs = AccessLogState(enabled=True, log_group=ACCESS_GROUP, format=FORMAT)
        good, bad = make_build(6, minutes_ago=80), make_build(7, "Making a mistake", minutes_ago=30)
        first = make_release(1, "prod", good, "promote", released_at=now() - timedelta(minutes=50, seconds=20))
        broken = make_release(2, "prod", bad, "promote", released_at=now() - BAD_SINCE - timedelta(seconds=20))
        back = make_release(
            3, "prod", good, "rollback", released_at=now() - BAD_UNTIL, rolled_back_from=7, reason="users see 502"
        )
        self.all_releases["prod"] = [back, broken, first]
        self.more_types: dict[str, Mapping[str, str]] = {
            "AWS::Lambda::Version": {"CreateFunctionVersion7": "arn:aws:lambda:us-east-1:1:function:c:7"},
            "AWS::Logs::LogGroup": {"CreateLog": CREATE_LOG, "OtherLog": "/elsewhere"},
            "AWS::Cognito::UserPool": {"Users": "us-east-1_abc"},
            "AWS::IAM::Role": {"CreateFunctionRole": "notes-prod-CreateFunctionRole"},
        }

    def resources(self, stage: str) -> StageResources:
        found = super().resources(stage)
        return replace(found, by_type={**found.by_type, **self.more_types})

    def call(
        self,
        number: int,
        at: datetime,
        status: int = 200,
        method: str = "POST",
        path: str = "/notes",
        latency_ms: int = 41,
    ) -> tuple[str, str]:
        """Let one call leave its lines in all logs; returns API Gateway's and Lambda's ids of it."""
        gateway_id, lambda_id = GATEWAY_ID.format(number), LAMBDA_ID.format(number)
        fields = {
            "requestId": gateway_id,
            "requestTimeEpoch": str(int(at.timestamp() * 1000)),
            "httpMethod": method,
            "path": path,
            "resourcePath": path,
            "status": str(status),
            "responseLatency": str(latency_ms),
            "integration.requestId": lambda_id if status != 403 else "-",
            "integration.status": "200" if status != 403 else "-",
            "identity.sourceIp": "127.0.0.1",
            "identity.cognitoIdentityId": IDENTITY,
        }
        logs = self.target.logs
        logs.write(ACCESS_GROUP, json.dumps({**dict.fromkeys(json.loads(FORMAT), "-"), **fields}), at=at)
        if status == 403:
            return gateway_id, ""
        told = ["Extended Request Id: Abc=", f"HTTP Method: {method}, Resource Path: {path}"]
        told += ["AWS Integration Endpoint RequestId : " + lambda_id]
        if status == 502:
            told += ["Execution failed due to configuration error: Malformed Lambda proxy response"]
        told += [f"Method completed with status: {status}"]
        logs.write(EXECUTION_GROUP, *(f"({gateway_id}) {text}" for text in told), at=at)
        own = [TRACEBACK] if status == 502 else [f"[INFO]\t{at.isoformat()}\t{lambda_id}\tkept note {number}"]
        ends = f"REPORT RequestId: {lambda_id}\tDuration: 12.20 ms\tBilled Duration: 13 ms\tMemory Size: 256 MB"
        started = f"START RequestId: {lambda_id} Version: 7"
        logs.write(CREATE_LOG, started, *own, f"END RequestId: {lambda_id}", ends, at=at)
        return gateway_id, lambda_id

    def tell(self) -> None:
        """Make an hour of calls, with the metrics that go with them."""
        self.target.logs.write(CREATE_LOG, "INIT_START Runtime Version: python:3.12", at=now() - timedelta(minutes=49))
        for number in range(40):
            at = now() - timedelta(minutes=48 - number * 1.2)
            is_bad = _is_bad(at) and number % 3 != 2
            status = 502 if is_bad else 403 if number % 13 == 5 else 200
            method, path = (("POST", "/notes"), ("GET", "/notes"), ("PUT", f"/notes/{number}"))[number % 3]
            self.call(number, at, status, method, path, 30 + number * 7 % 60 + (900 if number == 0 else 0))
        self.target.cloudwatch.value = metric


def _is_bad(at: datetime) -> bool:
    """Return whether build 7 was live then."""
    return now() - BAD_SINCE <= at < now() - BAD_UNTIL


def metric(name: str, stat: str, whose: str, at: datetime) -> float | None:
    """Return what CloudWatch has for a minute: calls since 50 minutes ago, errors while build 7 was live."""
    minute = int(at.timestamp() // 60)
    if at < now() - timedelta(minutes=50) or minute % 11 == 3 or at > now():
        return None
    share = 1 if whose == "notes-prod" else 0.6 if "Create" in whose else 0.1 + minute % 3 / 10
    calls = round((8 + minute % 5 * 2 + minute % 3) * share)
    bad = round(calls * 0.45) if _is_bad(at) and ("Create" in whose or whose == "notes-prod") else 0
    counted = {
        "Count": calls,
        "Invocations": calls,
        "5XXError": bad,
        "Errors": bad,
        "4XXError": 1 if minute % 9 == 0 else 0,
        "Throttles": 0,
    }
    if stat == "Sum":
        return float(counted[name])
    return {"p50": 31.0, "p90": 62.0, "p99": 118.0}[stat] + minute * 37 % 23 + (200 if minute % 17 == 0 else 0)


def line(message: str, *, at: datetime | None = None, group: str = CREATE_LOG) -> LogLine:
    return LogLine(group=group, stream="s", at=at or now(), message=message)


__all__ = ["FUNCTIONS", "StoryPipeline", "line", "metric", "now"]
