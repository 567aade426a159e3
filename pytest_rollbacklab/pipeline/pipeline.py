"""What can be done with an app in a running lab, and what can be seen of it: one object for console, CLI and hook.

Everything that changes a stage is an activity: numbered, with who, from where and why; it takes its turn on its stage,
so that two cannot interleave, and it ends in a state that has a name, whatever happens in between. All methods block
and may be called from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Literal

from pytest_rollbacklab.config import AppConfig
from pytest_rollbacklab.model import Answer, Build, Release, ReleaseKind
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.pipeline.values import (
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

__all__ = ["Changed", "Pipeline"]

Changed = Callable[[Literal["stage", "builds", "activity"], str], None]
"""Hears that something is not what it was: what, and its name or number."""


class Pipeline:
    """An app in a running lab."""

    target: Target
    owner: str
    """Whose it is: the student's name in a workshop, else the user's."""

    # -- what is there --------------------------------------------------------------------------------------------

    @property
    def app(self) -> AppConfig:
        """The app as its ``rollbacklab.toml`` says now, with the pull-request stages that there are."""
        raise NotImplementedError

    def overview(self) -> Overview:
        """Return all stages with the newest builds and activities."""
        raise NotImplementedError

    def stage(self, name: str) -> StageStatus:
        """Return how a stage stands. Raises UnknownStageError."""
        raise NotImplementedError

    def releases(self, stage: str, *, before: int | None = None, limit: int = 20) -> Page[Release]:
        """Return a stage's releases, the newest first. Raises UnknownStageError."""
        raise NotImplementedError

    def builds(self, *, before: int | None = None, limit: int = 20) -> Page[BuildLine]:
        """Return builds, the newest first."""
        raise NotImplementedError

    def build(self, number: int) -> BuildLine:
        """Return a build. Raises BuildError when there is none of this number."""
        raise NotImplementedError

    def build_log(self, number: int) -> tuple[str, ...]:
        """Return what was logged while a build was made. Raises BuildError."""
        raise NotImplementedError

    def activities(self, *, before: int | None = None, limit: int = 20) -> Page[Activity]:
        """Return what was done, the newest first."""
        raise NotImplementedError

    def activity(self, number: int) -> Activity:
        """Return one activity. Raises UsageError when there is none of this number."""
        raise NotImplementedError

    def follow(self, number: int, *, stop: threading.Event) -> Iterator[str | None]:
        """Yield an activity's log lines, old and new, until it ends; None now and then when it is quiet.

        Raises UsageError when there is no such activity.
        """
        raise NotImplementedError

    def subscribe(self, listener: Changed) -> Callable[[], None]:
        """Let a listener hear of changes, on whatever thread makes them; returns how to stop it."""
        raise NotImplementedError

    def resources(self, stage: str) -> StageResources:
        """Return what a stage's stack is made of. Raises UsageError when nothing is deployed."""
        raise NotImplementedError

    def settings(self, stage: str) -> StageSettings:
        """Return what is set on a stage. Raises UnknownStageError."""
        raise NotImplementedError

    # -- what can be done -----------------------------------------------------------------------------------------

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
        """Plan a release and say what it would change; nothing is changed until it is confirmed.

        Args:
            kind: ``deploy`` (the newest good build, or ``build``: also "redeploy"), ``promote`` (what is live on
                ``from_stage``, or its ``build``), ``rollback`` (to what was live before, or to ``build``), ``config``.
            configure: For ``config``: all that is to be set by hand from now on.

        Raises:
            UsageError: it cannot be done: unknown stage or build, nothing to roll back to, the stage is busy ...
            DeployError: CloudFormation refused.
        """
        raise NotImplementedError

    def planned(self, stage: str, plan_id: str) -> PlanView:
        """Return a plan that waits for confirmation. Raises UsageError when it is gone."""
        raise NotImplementedError

    def confirm(self, stage: str, plan_id: str, *, who: Actor, reason: str | None = None) -> Activity:
        """Begin what was planned; returns at once with the activity, to be followed.

        Raises UsageError when the plan is gone or the stage has moved on since.
        """
        raise NotImplementedError

    def cancel(self, stage: str, plan_id: str) -> None:
        """Drop a plan; one that is gone already is no error."""
        raise NotImplementedError

    def pin(self, stage: str, *, who: Actor, reason: str | None = None) -> Pin:
        """Hold a stage at what is live: pushes build but do not deploy there."""
        raise NotImplementedError

    def unpin(self, stage: str, *, who: Actor, reason: str | None = None) -> None:
        """Release a pin; nothing is deployed by it. Raises UsageError when the stage is not pinned."""
        raise NotImplementedError

    def set_access_logs(self, stage: str, enabled: bool, *, who: Actor) -> tuple[str, ...]:
        """Switch API access logs on or off; returns a sentence for each thing that was made or changed."""
        raise NotImplementedError

    def add_user(self, stage: str, username: str, password: str, *, who: Actor) -> None:
        """Make a user of the app who can sign in at once. Raises SignInError when the user pool refuses."""
        raise NotImplementedError

    def probe(self, stage: str) -> Answer:
        """Send the app's probe, signed as a user of the app. Raises UsageError when there is none, CallError."""
        raise NotImplementedError

    # -- what git sets off ----------------------------------------------------------------------------------------

    def pushed_commit(
        self, branch: str, sha: str, *, who: Actor, say: Callable[[str], None], quarantine: dict[str, str]
    ) -> Build:
        """Build a commit that is being pushed, before git takes it; ``say`` gets the log, a line at a time.

        Args:
            quarantine: git's environment variables under which the pushed objects can be read.

        Raises:
            BuildError: it does not build: the push is to be refused.
        """
        raise NotImplementedError

    def moved(self, branch: str, sha: str, *, who: Actor, say: Callable[[str], None]) -> None:
        """Deploy a branch's new head, which was built before, to the stages that follow it; pinned ones are told.

        What goes wrong is said and recorded, not raised: git has taken the push already.
        """
        raise NotImplementedError

    def removed(self, branch: str, *, who: Actor, say: Callable[[str], None]) -> None:
        """Take down the pull-request stages of a branch that is gone."""
        raise NotImplementedError

    def recover(self) -> tuple[str, ...]:
        """Settle what was under way when the lab was stopped; returns a sentence for each thing that was settled."""
        raise NotImplementedError

    def close(self) -> None:
        """Wait for what is at work, within reason, and close connections."""
        raise NotImplementedError
