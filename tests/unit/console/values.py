"""Values as the pipeline gives them, of an app with the stages dev and prod, each as on a good day."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_rollbacklab.model import Build, Change, Commit, Package, Release, ReleaseKind
from pytest_rollbacklab.pipeline.values import Activity, ChangeLine, Health, PlanView, Remark, StageStatus

__all__ = [
    "FUNCTIONS",
    "make_activity",
    "make_build",
    "make_health",
    "make_plan",
    "make_release",
    "make_stage",
    "now",
]

FUNCTIONS = ("CreateFunction", "ListFunction", "GetFunction", "UpdateFunction", "DeleteFunction")


@functools.cache
def now() -> datetime:
    """Return when the story is told: one moment for all of a test, which ``conftest`` forgets before the next."""
    return datetime.now(UTC).replace(microsecond=0)


def make_build(number: int, title: str = "Notes API", *, minutes_ago: float = 0, **changed: Any) -> Build:
    commit = Commit(
        sha=f"{number:07x}".ljust(40, "a"),
        author="Kim Minji <minji@example.com>",
        message=f"{title}\n\nWith a longer text.",
        committed_at=now() - timedelta(minutes=minutes_ago),
    )
    packages = tuple(
        Package(function=name, sha256=f"{number}{at}".ljust(64, "e"), size_bytes=14_213 + at, reused=at > 0)
        for at, name in enumerate(FUNCTIONS)
    )
    made = Build(
        number=number,
        app="notes",
        commit=commit,
        packages=packages,
        template_key=f"templates/{number}",
        template_sha256=f"{number}".ljust(64, "d"),
        built_at=now() - timedelta(minutes=minutes_ago),
        duration_s=1.24,
    )
    return replace(made, **changed)


def make_release(number: int, stage: str, build: Build, kind: ReleaseKind = "deploy", **changed: Any) -> Release:
    made = Release(
        number=number,
        stage=stage,
        kind=kind,
        build=build,
        parameters={"StageName": stage},
        released_at=build.built_at + timedelta(seconds=30),
        duration_s=3.4,
        packages_rebuilt=0,
        changes=CHANGES,
        outputs={"Url": f"http://127.0.0.1:4566/_aws/execute-api/abc123/{stage}"},
        by="Minji",
    )
    return replace(made, **changed)


CHANGES = (
    Change(
        action="Modify",
        logical_id="CreateFunction",
        resource_type="AWS::Lambda::Function",
        replacement="False",
        properties=("Code",),
    ),
    Change(
        action="Add",
        logical_id="CreateFunctionVersion7",
        resource_type="AWS::Lambda::Version",
        replacement=None,
        properties=(),
    ),
    Change(
        action="Modify",
        logical_id="CreateFunctionAliaslive",
        resource_type="AWS::Lambda::Alias",
        replacement="False",
        properties=("FunctionVersion",),
    ),
)
MEANINGS = ("replaced code, no downtime", "new version", "traffic moves at once")


def make_health(failing: float = 0.0, *, calls: float = 12.0) -> Health:
    minutes = 15
    requests = tuple(calls + at % 4 for at in range(minutes))
    errors = tuple(count * failing if at >= minutes // 3 else 0.0 for at, count in enumerate(requests))
    return Health(
        since=now() - timedelta(minutes=minutes),
        minutes=minutes,
        requests=requests,
        client_errors=tuple(0.0 for _ in requests),
        server_errors=errors,
        p99_ms=120.0 if failing else 41.3,
    )


def make_stage(name: str, live: Release | None = None, **changed: Any) -> StageStatus:
    made = StageStatus(
        name=name,
        branch="main" if name == "dev" else None,
        promote_only=name == "prod",
        pull_request=False,
        state="live" if live else "empty",
        stack_status="UPDATE_COMPLETE" if live else None,
        live=live,
        pin=None,
        health=make_health() if live else None,
        busy=None,
        waiting=0,
        last_failure=None,
        api_url=f"http://127.0.0.1:4566/_aws/execute-api/abc123/{name}" if live else None,
    )
    return replace(made, **changed)


def make_activity(number: int, kind: Any = "deploy", **changed: Any) -> Activity:
    made = Activity(
        number=number,
        kind=kind,
        stage="dev",
        by="Minji",
        via="git push",
        summary=f"deploy build {number} to dev",
        reason=None,
        begun_at=now() - timedelta(minutes=100 - number),
        ended_at=now() - timedelta(minutes=100 - number) + timedelta(seconds=3.4),
        state="done",
        outcome=f"build {number} is live on dev as release {number}, in 3.40 s",
        build=number,
        releases=(f"dev/{number}",),
    )
    return replace(made, **changed)


def make_plan(stage: str, kind: ReleaseKind, build: Build, *, plan_id: str = "p1", **changed: Any) -> PlanView:
    lines = tuple(
        ChangeLine(change=change, meaning=meaning, loses_data=False)
        for change, meaning in zip(CHANGES, MEANINGS, strict=True)
    )
    since = f"{now():%Y-%m-%d %H:%M:%S} UTC"
    remarks = (
        Remark(
            kind="will not come back",
            text=f"what was written since build 7 went live ({since}) stays as it is: items in NotesTable",
        ),
    )
    made = PlanView(
        id=plan_id,
        stage=stage,
        kind=kind,
        build=build,
        title=f"{kind} build {build.number} to {stage}",
        changes=lines,
        remarks=remarks if kind == "rollback" else (),
        executable=True,
        asks_reason=kind == "rollback",
        reason=None,
        by="Minji",
        made_at=now(),
    )
    return replace(made, **changed)
