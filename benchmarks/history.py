"""A past for a lab: builds, releases, activities, log lines and metric points, as many as asked for.

Builds, releases and activities are written through the pipeline's own records, before the first push, so that what is
live is what a real push has put there. Metric points come of real requests, since nobody may publish to ``AWS/...``:
each leaves five. Log lines are real ones where requests leave them; the rest are copies of real ones with ids and times
of their own, written with PutLogEvents as evenly as time goes by.
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import re
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from running_lab import RunningLab

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.deploy.ledger import Ledger
from pytest_rollbacklab.model import Build, Change, Commit, Package, Release
from pytest_rollbacklab.observe.lambda_logs import group_of
from pytest_rollbacklab.pipeline.journal import Journal
from pytest_rollbacklab.pipeline.values import Actor
from pytest_rollbacklab.target import Target

__all__ = ["STAGE", "copy_lines", "fill_logs", "fill_records", "target_of", "unsigned_requests"]

STAGE = "dev"
FUNCTION = "ListFunction"
POINTS_A_REQUEST = 5
"""Count, 4XXError, 5XXError, Latency, IntegrationLatency of the API's stage; as many again of the API as a whole."""

_RELEASE_EVERY = timedelta(minutes=5)
_BATCH = 1_000
_STREAMS = 10
_LINE_EVERY_MS = 100
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FUNCTIONS = ("CreateFunction", "DeleteFunction", "GetFunction", "ListFunction", "UpdateFunction")
_ANN = Actor(name="ann", via="git push")


@dataclass(frozen=True, kw_only=True, slots=True)
class Requests:
    """What real requests have left."""

    ids: tuple[str, ...]
    """API Gateway's, of the first and the last."""
    count: int


def target_of(lab: RunningLab) -> Target:
    place = lab.place
    return Target(endpoint_url=place.endpoint_url, account_id=place.account_id, region=place.region)


def fill_records(lab: RunningLab, size: int) -> None:
    """Write down so many builds, so many releases of dev, and as many activities."""
    bucket = Bucket(target_of(lab), lab.place.app)
    shelf, ledger, journal = Shelf(bucket), Ledger(bucket, STAGE), Journal(bucket, changed=lambda _: None)
    now = datetime.now(UTC)
    for number in range(1, size + 1):
        at = now - _RELEASE_EVERY * (size + 1 - number)
        build = shelf.add_build(lambda given, at=at: _build(given, lab.place.app, at), log=_LOG)  # type: ignore[misc]
        release = ledger.append(lambda given, build=build, at=at: _release(given, build, at))  # type: ignore[misc]
        running = journal.begin("deploy", _ANN, f"deploy build {build.number} to {STAGE}", stage=STAGE)
        running.update(build=build.number, releases=(f"{STAGE}/{release.number}",))
        running.say(f"{STAGE}: build {build.number} is live")
        journal.end(running, "done", f"build {build.number} is live on {STAGE} as release {release.number}, in 0.09 s")


_LOG = [f"{name}: reused, made of the same files" for name in _FUNCTIONS]


def _build(number: int, app: str, at: datetime) -> Build:
    changed = _FUNCTIONS[number % len(_FUNCTIONS)]
    commit = Commit(
        sha=hashlib.sha1(f"commit {number}".encode(), usedforsecurity=False).hexdigest(),
        author="ann <ann@example.com>",
        message=f"Change number {number}\n\nWhat was done, and why, in a sentence or two.\n",
        committed_at=at,
    )
    return Build(
        number=number,
        app=app,
        commit=commit,
        packages=tuple(_package(name, number if name == changed else 0) for name in _FUNCTIONS),
        template_key=f"templates/{_sha256(number)}.json",
        template_sha256=_sha256(number),
        built_at=at,
        duration_s=0.05,
    )


def _package(function: str, number: int) -> Package:
    return Package(function=function, sha256=_sha256(f"{function} {number}"), size_bytes=1_500, reused=number == 0)


def _release(number: int, build: Build, at: datetime) -> Release:
    def change(action: str, logical_id: str, kind: str, *properties: str) -> Change:
        replacement = "False" if action == "Modify" else None
        return Change(
            action=action, logical_id=logical_id, resource_type=kind, replacement=replacement, properties=properties
        )

    return Release(
        number=number,
        stage=STAGE,
        kind="deploy",
        build=build,
        parameters={"StageName": STAGE},
        released_at=at,
        duration_s=0.09,
        packages_rebuilt=1,
        changes=(
            change("Modify", "ListFunction", "AWS::Lambda::Function", "Code"),
            change("Add", f"ListFunctionVersion{_sha256(number)[:10]}", "AWS::Lambda::Version"),
            change("Modify", "ListFunctionAliaslive", "AWS::Lambda::Alias", "FunctionVersion"),
        ),
        by="ann",
    )


def _sha256(of: object) -> str:
    return hashlib.sha256(str(of).encode()).hexdigest()


def unsigned_requests(lab: RunningLab, count: int) -> Requests:
    """Call the API so many times without a signature: answered by 403, logged, and counted as any other."""
    address = urlsplit(lab.page(f"/stages/{STAGE}")["stage"]["api_url"])
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    first = last = ""
    try:
        for _ in range(count):
            connection.request("GET", f"{address.path}/notes")
            answer = connection.getresponse()
            answer.read()
            if answer.status != 403:
                raise SystemExit(f"an unsigned request was answered {answer.status}, not 403")
            last = answer.headers["x-amzn-RequestId"]
            first = first or last
    finally:
        connection.close()
    return Requests(ids=(first, last), count=count)


def fill_logs(lab: RunningLab, size: int) -> None:
    """Bring the access log and one function's log to so many lines, all but the real ones older than those.

    Requests and at least one invocation of the function have to have been made.
    """
    resources = {one["logical_id"]: one["physical_id"] for one in lab.page(f"/stages/{STAGE}/resources")["resources"]}
    access = lab.page(f"/stages/{STAGE}/access-logs")["log_group"]
    for group in (access, group_of(resources[FUNCTION])):
        copy_lines(target_of(lab), group, size)


def copy_lines(target: Target, group: str, size: int) -> None:
    """Bring a log group to so many lines, with copies of its own that are older than they are."""
    logs = target.client("logs")
    real = _real_lines(logs, group, size)
    missing = size - len(real)
    names = [f"copies/{number}" for number in range(min(_STREAMS, max(1, missing // 10)))]
    for name in names:
        logs.create_log_stream(logGroupName=group, logStreamName=name)
    first_ms = int(time.time() * 1000) - 60_000 - missing * _LINE_EVERY_MS
    events = ({"timestamp": first_ms + n * _LINE_EVERY_MS, "message": m} for n, m in enumerate(_copies(real, missing)))
    for name, batch in zip(itertools.cycle(names), _batches(events), strict=False):
        logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=batch)


def _real_lines(logs: Any, group: str, most: int) -> list[str]:
    found: list[str] = []
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        found += [event["message"] for event in page["events"]]
        if len(found) >= most:
            break
    if not found:
        raise SystemExit(f"{group} has no lines that could be copied")
    return found[:most]


def _copies(real: Sequence[str], count: int) -> Iterator[str]:
    """Yield copies of lines, each with another id in the place of each id."""
    for message in itertools.islice(itertools.cycle(real[:1_000]), count):
        yield _UUID.sub(str(uuid.uuid4()), message)


def _batches(events: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    events = iter(events)
    while batch := list(itertools.islice(events, _BATCH)):
        yield batch


def invoke(lab: RunningLab, count: int) -> None:
    """Run one function so many times, without the gateway."""
    resources = {one["logical_id"]: one["physical_id"] for one in lab.page(f"/stages/{STAGE}/resources")["resources"]}
    client = target_of(lab).client("lambda")
    event = json.dumps({"requestContext": {"identity": {"cognitoIdentityId": "us-east-1:nobody"}}}).encode()
    for _ in range(count):
        answer = client.invoke(FunctionName=f"{resources[FUNCTION]}:live", Payload=event)
        answer["Payload"].read()
        if "FunctionError" in answer:
            raise SystemExit(f"{FUNCTION} failed")
