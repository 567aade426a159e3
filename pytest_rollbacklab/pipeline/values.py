"""The pipeline's words as values: what a console and a command line show, and what programs get as JSON.

Frozen and keyword-only, as in ``model``; whatever is here can be written as JSON by its members' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, Literal, TypeVar

from pytest_rollbacklab.model import Build, Change, Release, ReleaseKind

__all__ = [
    "RELEASING",
    "AccessLogState",
    "Activity",
    "ActivityKind",
    "ActivityState",
    "Actor",
    "BuildLine",
    "ChangeLine",
    "Configured",
    "Health",
    "Overview",
    "Page",
    "Pin",
    "PlanView",
    "Remark",
    "StageSettings",
    "StageState",
    "StageStatus",
    "Via",
]

T = TypeVar("T")

Via = Literal["git push", "console", "command line", "lab"]
"""Where something was asked for; ``lab`` is the lab itself, when it starts again."""

ActivityKind = Literal[
    "push", "deploy", "promote", "rollback", "config", "pin", "unpin", "access logs", "user", "remove stage"
]

RELEASING: tuple[ActivityKind, ...] = ("deploy", "promote", "rollback", "config")
"""Kinds of activities that put something on a stage."""

ActivityState = Literal["waiting", "running", "done", "failed", "interrupted"]
"""waiting: for its turn on a stage. interrupted: the lab was stopped in the middle; ``outcome`` says what stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who asks, and from where."""

    name: str
    via: Via


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """One thing that somebody did, from its beginning to its end."""

    number: int
    kind: ActivityKind
    stage: str | None
    """None for a push, which may reach several stages or none."""
    by: str
    via: Via
    summary: str
    """What was asked for, in a few words: ``promote build 7 from dev to prod``."""
    reason: str | None
    begun_at: datetime
    ended_at: datetime | None
    state: ActivityState
    outcome: str | None
    """What came of it, in a sentence, or the whole error; None until it has ended."""
    build: int | None
    releases: tuple[str, ...]
    """The releases that it led to, as ``stage/number``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A stage is held at what is live: pushes build but do not deploy there until somebody releases it."""

    stage: str
    build: int | None
    by: str
    at: datetime
    reason: str | None
    """``rolled back from build 7`` when the rollback set it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How a stage's API has answered lately, in one glance."""

    since: datetime
    minutes: int
    requests: tuple[float, ...]
    """Per minute, the oldest first."""
    client_errors: tuple[float, ...]
    server_errors: tuple[float, ...]
    p99_ms: float | None
    since_release: tuple[int, int] | None = None
    """Calls of what has just become live, and how many were answered 5xx, by the access log: metrics know only whole
    minutes. None where it is older than that, or nothing is logged."""

    @property
    def failing_share(self) -> float | None:
        """Of the requests in the window, how many were answered 5xx: 0 to 1; None when there were none."""
        total = sum(self.requests)
        return sum(self.server_errors) / total if total else None


StageState = Literal["empty", "live", "deploying", "went back", "stuck", "removed"]
"""How a stage stands.

empty
    Nothing was ever live here.
live
    What the ledger says is live is what stands.
deploying
    An activity is at work on it (``busy``).
went back
    The last deployment failed and was undone; the release before it is live.
stuck
    The stack is in a state that needs a person (UPDATE_ROLLBACK_FAILED and the like): ``stack_status`` names it.
removed
    The branch of a pull-request stage is gone, and the stage with it.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageStatus:
    """A stage at a glance."""

    name: str
    branch: str | None
    """The branch that it follows; None when it follows none."""
    promote_only: bool
    pull_request: bool
    """Whether it came with a branch and goes with it."""
    state: StageState
    stack_status: str | None
    """CloudFormation's own word; None when there is no stack."""
    live: Release | None
    pin: Pin | None
    health: Health | None
    """None when nothing is live."""
    busy: Activity | None
    waiting: int
    """How many activities wait for their turn here."""
    last_failure: str | None
    """Why the last deployment went back, where ``state`` is ``went back`` or ``stuck``."""
    api_url: str | None
    """Where the stage's API answers."""

    @property
    def failing_share(self) -> float | None:
        """Of the calls of what is live, how many were answered 5xx: 0 to 1; None when it was not called lately.

        What failed before the release was live is not its fault. Where only whole minutes are known, the one in which
        it became live counts; but that of a rollback does not, for what failed then is what it was made for.
        """
        health, live = self.health, self.live
        if health is None or live is None:
            return None
        if health.since_release is not None:
            calls, failures = health.since_release
            return failures / calls if calls else None
        counted_from = live.released_at - timedelta(minutes=0 if live.kind == "rollback" else 1)
        requests = errors = 0.0
        for minute, (called, failed) in enumerate(zip(health.requests, health.server_errors, strict=True)):
            if health.since + timedelta(minutes=minute) > counted_from:
                requests, errors = requests + called, errors + failed
        return errors / requests if requests else None


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildLine:
    """A build and where it is."""

    build: Build
    live_on: tuple[str, ...]
    """Names of the stages on which it is live."""
    changed: tuple[str, ...]
    """Functions whose package differs from the build before; all of them for the first."""
    pruned: bool = False
    """Whether its packages were removed by retention; it can then not be deployed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """Part of a long list, the newest first."""

    items: tuple[T, ...]
    older: int | None
    """Ask again with ``before`` this number for what is older; None at the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """The app in one look."""

    app: str
    owner: str
    stages: tuple[StageStatus, ...]
    builds: tuple[BuildLine, ...]
    """The newest ones, the newest first."""
    activity: tuple[Activity, ...]
    """The newest ones, the newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeLine:
    """One change of a change set, and what it means for a running service."""

    change: Change
    meaning: str
    """A plain sentence: ``replaced code, no downtime``."""
    loses_data: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """Something to know before a plan is confirmed."""

    kind: Literal["will not come back", "data loss", "note"]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Configured:
    """What was set by hand on a stage, over what ``rollbacklab.toml`` says."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of all functions."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """The template's parameters."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanView:
    """A release that could be: shown before somebody confirms it."""

    id: str
    stage: str
    kind: ReleaseKind
    build: Build
    title: str
    """``Promote build 7 to prod``, ``Roll back prod to build 6``."""
    changes: tuple[ChangeLine, ...]
    remarks: tuple[Remark, ...]
    executable: bool
    """False when the stack stands so already; confirming then only writes the release down."""
    asks_reason: bool
    """Whether a reason is asked for (never forced): for a rollback."""
    reason: str | None
    by: str
    made_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLogState:
    """Whether API access logs are on."""

    enabled: bool
    log_group: str | None
    format: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSettings:
    """What is set on a stage, and by whom it was said."""

    stage: str
    access_logs: AccessLogState | None
    """None when nothing is deployed."""
    file_environment: Mapping[str, str]
    """As in ``rollbacklab.toml``."""
    file_parameters: Mapping[str, str]
    configured: Configured
    """Set by hand, over the file's."""
    retention_builds: int | None
    """How many builds are kept; None for all."""
