"""A pipeline in memory, with the real one's methods: what pages need to be seen, and a note of what they asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from console.values import (
    FUNCTIONS,
    make_activity,
    make_build,
    make_health,
    make_plan,
    make_release,
    make_stage,
    now,
)
from pytest_rollbacklab.config import AppConfig, Probe, StageConfig
from pytest_rollbacklab.errors import BuildError, UnknownStageError, UsageError
from pytest_rollbacklab.model import Answer, Release, ReleaseKind
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.pipeline.pipeline import Changed, Pipeline
from pytest_rollbacklab.pipeline.values import (
    AccessLogState,
    Activity,
    Actor,
    BuildLine,
    Configured,
    Overview,
    Page,
    Pin,
    PlanView,
    StageSettings,
    StageStatus,
)
from pytest_rollbacklab.target import Target

__all__ = [
    "FUNCTIONS",
    "FakePipeline",
    "make_activity",
    "make_build",
    "make_health",
    "make_plan",
    "make_release",
    "make_stage",
    "now",
]

TOML = """app = "notes"

[stages.dev]
branch = "main"

[stages.prod]
promote_only = true
"""


class FakePipeline(Pipeline):
    """The chapter's story by default: build 7 is broken on dev; prod was rolled back from it and is pinned."""

    def __init__(self, directory: Path, *, empty: bool = False) -> None:
        self.target = Target(endpoint_url="http://127.0.0.1:4566", account_id="123456789012", region="us-east-1")
        self.owner = "minji"
        self.config = AppConfig(
            name="notes",
            directory=directory,
            stages=(StageConfig(name="dev", branch="main"), StageConfig(name="prod", promote_only=True)),
            probe=Probe(method="POST", path="/notes"),
        )
        (directory / "rollbacklab.toml").write_text(TOML)
        self.calls: list[tuple[str, Any]] = []
        """What was asked for, with what: ``("pin", "prod")``; the limits of lists too."""
        self.asked_by: list[Actor] = []
        self.fails: dict[str, Exception] = {}
        """What a method raises instead of answering, by its name."""
        self.listeners: list[Changed] = []
        self.log: tuple[str, ...] = ("$ rollbacklab build", "CreateFunction  packaged, 14.2 kB", "built in 1.2 s")
        self.more_log: list[str | None] = []
        self.plans: dict[str, PlanView] = {}
        self.all_builds: list[BuildLine] = []
        self.all_activities: list[Activity] = []
        self.all_releases: dict[str, list[Release]] = {"dev": [], "prod": []}
        self.stages = {"dev": make_stage("dev"), "prod": make_stage("prod")}
        self.configured = Configured()
        self.access_logs: AccessLogState | None = AccessLogState(enabled=False, log_group=None, format=None)
        if not empty:
            self._tell_the_story()

    def _tell_the_story(self) -> None:
        good, bad = make_build(6, minutes_ago=60), make_build(7, "Making a mistake", minutes_ago=8)
        failed = make_build(5, "A typo", minutes_ago=80, failure="functions/create.py: invalid syntax\n  line 12")
        self.all_builds = [
            BuildLine(build=bad, live_on=("dev",), changed=("CreateFunction",)),
            BuildLine(build=good, live_on=("prod",), changed=FUNCTIONS),
            BuildLine(build=failed, live_on=(), changed=()),
        ]
        back = make_release(3, "prod", good, "rollback", rolled_back_from=7, reason="users see 502", released_at=now())
        self.all_releases = {
            "dev": [make_release(2, "dev", bad), make_release(1, "dev", good)],
            "prod": [back, make_release(2, "prod", bad, "promote"), make_release(1, "prod", good, "promote")],
        }
        pin = Pin(stage="prod", build=6, by="Minji", at=now(), reason="rolled back from build 7")
        self.stages = {
            "dev": make_stage("dev", self.all_releases["dev"][0], health=make_health(0.47)),
            "prod": make_stage("prod", back, pin=pin),
        }
        self.all_activities = [
            make_activity(
                12,
                "rollback",
                stage="prod",
                via="console",
                build=6,
                reason="users see 502",
                summary="roll back prod to build 6",
                begun_at=now(),
                ended_at=now() + timedelta(seconds=2),
            ),
            make_activity(11, "promote", stage="prod", via="console", build=7, summary="promote build 7 to prod"),
            make_activity(10, "push", stage=None, build=7, summary="push 0000007 Making a mistake to main"),
        ]

    def _note(self, method: str, what: Any = None) -> None:
        self.calls.append((method, what))
        if method in self.fails:
            raise self.fails[method]

    def named(self, method: str) -> list[Any]:
        """Return what a method was called with, each time."""
        return [what for name, what in self.calls if name == method]

    @property
    def app(self) -> AppConfig:
        self._note("app")
        return self.config

    def overview(self) -> Overview:
        self._note("overview")
        return Overview(
            app=self.config.name,
            owner=self.owner,
            stages=tuple(self.stages.values()),
            builds=tuple(self.all_builds[:10]),
            activity=tuple(self.all_activities[:10]),
        )

    def stage(self, name: str) -> StageStatus:
        self._note("stage", name)
        try:
            return self.stages[name]
        except KeyError:
            raise UnknownStageError(f"the app 'notes' has no stage {name!r}", mend="use one of them") from None

    def releases(self, stage: str, *, before: int | None = None, limit: int = 20) -> Page[Release]:
        self._note("releases", limit)
        self.stage(stage)
        return _page(self.all_releases.get(stage, []), before, limit, lambda item: item.number)

    def builds(self, *, before: int | None = None, limit: int = 20) -> Page[BuildLine]:
        self._note("builds", limit)
        return _page(self.all_builds, before, limit, lambda item: item.build.number)

    def build(self, number: int) -> BuildLine:
        self._note("build", number)
        for line in self.all_builds:
            if line.build.number == number:
                return line
        raise BuildError(f"there is no build {number}", mend="look at the builds there are")

    def build_log(self, number: int) -> tuple[str, ...]:
        self._note("build_log", number)
        return self.log

    def activities(self, *, before: int | None = None, limit: int = 20) -> Page[Activity]:
        self._note("activities", limit)
        return _page(self.all_activities, before, limit, lambda item: item.number)

    def activity(self, number: int) -> Activity:
        self._note("activity", number)
        for activity in self.all_activities:
            if activity.number == number:
                return activity
        raise UsageError(f"there is no activity {number}")

    def follow(self, number: int, *, stop: threading.Event) -> Iterator[str | None]:
        self._note("follow", number)
        try:
            yield from self.log
            yield from self.more_log
            if self.activity(number).ended_at is None:
                stop.wait(30)  # as long as somebody listens
        finally:
            self.calls.append(("stopped following", number))

    def subscribe(self, listener: Changed) -> Callable[[], None]:
        self._note("subscribe")
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def resources(self, stage: str) -> StageResources:
        self._note("resources", stage)
        self.stage(stage)
        by_type = {
            "AWS::ApiGateway::RestApi": {"Api": "abc123"},
            "AWS::ApiGateway::Stage": {"ApiStage": stage},
            "AWS::DynamoDB::Table": {"NotesTable": f"notes-{stage}-table"},
            "AWS::Lambda::Function": {name: f"notes-{stage}-{name}" for name in FUNCTIONS},
        }
        return StageResources(stack_name=f"notes-{stage}", by_type=by_type)

    def settings(self, stage: str) -> StageSettings:
        self._note("settings", stage)
        self.stage(stage)
        return StageSettings(
            stage=stage,
            access_logs=self.access_logs,
            file_environment={"LOG_LEVEL": "info"},
            file_parameters={"StageName": stage},
            configured=self.configured,
            retention_builds=None,
        )

    def plan(
        self,
        stage: str,
        kind: ReleaseKind,
        *,
        who: Actor,
        build: int | None = None,
        from_stage: str | None = None,
        configure: Configured | None = None,
        reason: str | None = None,
    ) -> PlanView:
        self.asked_by.append(who)
        self._note("plan", (stage, kind, build, from_stage, configure, reason))
        self.stage(stage)
        plan = make_plan(
            stage, kind, self.build(build).build if build else self.all_builds[0].build, by=who.name, reason=reason
        )
        self.plans[plan.id] = plan
        return plan

    def planned(self, stage: str, plan_id: str) -> PlanView:
        self._note("planned", plan_id)
        try:
            return self.plans[plan_id]
        except KeyError:
            raise UsageError("this plan is gone", mend="plan it again") from None

    def confirm(self, stage: str, plan_id: str, *, who: Actor, reason: str | None = None) -> Activity:
        self.asked_by.append(who)
        self._note("confirm", (stage, plan_id, reason))
        self.planned(stage, plan_id)
        begun = make_activity(13, "promote", stage=stage, state="running", ended_at=None, outcome=None, reason=reason)
        self.all_activities.insert(0, begun)
        return begun

    def cancel(self, stage: str, plan_id: str) -> None:
        self._note("cancel", (stage, plan_id))
        self.plans.pop(plan_id, None)

    def pin(self, stage: str, *, who: Actor, reason: str | None = None) -> Pin:
        self.asked_by.append(who)
        self._note("pin", (stage, reason))
        self.stage(stage)
        return Pin(stage=stage, build=6, by=who.name, at=now(), reason=reason)

    def unpin(self, stage: str, *, who: Actor, reason: str | None = None) -> None:
        self._note("unpin", (stage, reason))

    def set_access_logs(self, stage: str, enabled: bool, *, who: Actor) -> tuple[str, ...]:
        self._note("set_access_logs", (stage, enabled))
        return ("log group /rollbacklab/access/notes-prod made, kept for 14 days",)

    def add_user(self, stage: str, username: str, password: str, *, who: Actor) -> None:
        self._note("add_user", (stage, username, password))

    def probe(self, stage: str) -> Answer:
        self._note("probe", stage)
        return Answer(
            method="POST",
            url="http://127.0.0.1:4566/notes",
            status=502,
            reason="Bad Gateway",
            headers={"x-amzn-requestid": "3f1c0c5e-0000-4000-8000-000000000001"},
            body=b'{"message": "Internal server error"}',
            latency_ms=41.0,
            sent_at=now(),
        )


def _page(items: list[Any], before: int | None, limit: int, number: Callable[[Any], int]) -> Page[Any]:
    rest = [item for item in items if before is None or number(item) < before]
    return Page(items=tuple(rest[:limit]), older=number(rest[limit - 1]) if len(rest) > limit else None)
