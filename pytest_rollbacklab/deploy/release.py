"""Deploy, promote and roll back: one operation, with another build.

A release is a build and its configuration put on a stage. It is planned (a change set, described) and then executed,
and both steps are open to whoever wants to look in between. A rollback plans an earlier release again: the very
packages, template and configuration of then, with nothing rebuilt; they are read back and compared before the stage is
touched.

How a build is made is not known here, nor what makes a release good or bad.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.config import AppConfig
from pytest_rollbacklab.deploy.change_set import create_change_set, delete_change_set
from pytest_rollbacklab.deploy.configuration import Configuration, of_release, of_stage
from pytest_rollbacklab.deploy.ledger import Ledger
from pytest_rollbacklab.deploy.stack import DEFAULT_TIMEOUT_S, Stack
from pytest_rollbacklab.deploy.under_way import Settled, UnderWay, settle
from pytest_rollbacklab.errors import DeployError, PromoteError
from pytest_rollbacklab.model import Build, ChangeSet, Release, ReleaseKind
from pytest_rollbacklab.target import Target

__all__ = ["Plan", "Releases"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A release that could be: all that is needed to execute it, and what it would change."""

    stage: str
    kind: ReleaseKind
    build: Build
    configuration: Configuration
    change_set: ChangeSet
    executable: bool
    """Whether there is a change set to execute; there is none when nothing would change."""
    planned_in_s: float
    before: int | None
    """The number of the build that was live when this was planned; None for none."""
    reason: str | None
    by: str | None
    after: int
    """The number of the release that was live when this was planned; 0 for none."""

    @property
    def rolled_back_from(self) -> int | None:
        """The number of the build that a rollback takes away."""
        return self.before if self.kind == "rollback" else None


class Releases:
    """The releases of an app on its stages.

    Args:
        target: Where AWS is.
        app: The app and its stages.
        shelf: The app's builds.
        timeout_s: Seconds that a stack may take to settle.
    """

    def __init__(self, target: Target, app: AppConfig, shelf: Shelf, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self.app = app
        """May be replaced when the file that describes the app has changed."""
        self._target, self._shelf, self._timeout_s = target, shelf, timeout_s
        self._ledgers: dict[str, Ledger] = {}

    def stack(self, stage: str) -> Stack:
        """Return a stage's stack, ``{app}-{stage}``.

        Raises:
            UnknownStageError: the app has no such stage.
        """
        name = self.app.stage(stage).name
        return Stack(self._target, f"{self.app.name}-{name}", timeout_s=self._timeout_s)

    def ledger(self, stage: str) -> Ledger:
        """Return a stage's ledger.

        Raises:
            UnknownStageError: the app has no such stage.
        """
        return self._ledgers.setdefault(self.app.stage(stage).name, Ledger(self._shelf.bucket, stage))

    def deploy(self, build: Build, stage: str, *, reason: str | None = None, by: str | None = None) -> Release:
        """Put a build on a stage, with the stage's configuration.

        Raises:
            DeployError: the build failed, or the deployment did.
            UnknownStageError: the app has no such stage.
        """
        return self.execute(self.plan(build, stage, kind="deploy", reason=reason, by=by))

    def promote(
        self, from_stage: str, to_stage: str, *, build: int | None = None, reason: str | None = None
    ) -> Release:
        """Put what is live on one stage on another.

        Raises:
            PromoteError, DeployError, UnknownStageError: see ``plan_promote`` and ``execute``.
        """
        return self.execute(self.plan_promote(from_stage, to_stage, build=build, reason=reason))

    def roll_back(self, stage: str, *, to: int | None = None, reason: str | None = None) -> Release:
        """Put an earlier release's build on a stage again; nothing is rebuilt.

        Raises:
            NothingToRollBackError, DeployError, UnknownStageError: see ``plan_roll_back`` and ``execute``.
        """
        return self.execute(self.plan_roll_back(stage, to=to, reason=reason))

    def plan_promote(
        self,
        from_stage: str,
        to_stage: str,
        *,
        build: int | None = None,
        reason: str | None = None,
        by: str | None = None,
    ) -> Plan:
        """Plan to put what is live on one stage on another, with the other's configuration.

        Args:
            build: The number of a build that was live on ``from_stage``; None for the one that is.

        Raises:
            PromoteError: there is no such build there, or it failed.
            UnknownStageError: one of the stages is not the app's.
        """
        if self.app.stage(from_stage) == self.app.stage(to_stage):
            raise PromoteError(f"{from_stage} cannot be promoted to itself", mend="name two stages")
        return self.plan(self._promotable(from_stage, build), to_stage, kind="promote", reason=reason, by=by)

    def plan_roll_back(
        self, stage: str, *, to: int | None = None, reason: str | None = None, by: str | None = None
    ) -> Plan:
        """Plan to put an earlier release on a stage again: its packages, its template, its configuration.

        Args:
            to: A build number; None for what was live before (see ``Ledger.previous_good``).

        Raises:
            NothingToRollBackError: there is no such release, or it is live already.
            BuildError: retention has removed what it was made of; the stage was not touched.
            DeployError: the shelf no longer holds what it was made of; the stage was not touched.
            UnknownStageError: the app has no such stage.
        """
        release = self.ledger(stage).previous_good(to)
        configuration = of_release(release)
        return self.plan(release.build, stage, kind="rollback", configuration=configuration, reason=reason, by=by)

    def plan(
        self,
        build: Build,
        stage: str,
        *,
        kind: ReleaseKind,
        configuration: Configuration | None = None,
        reason: str | None = None,
        by: str | None = None,
    ) -> Plan:
        """Plan a release: verify the build's parts and let CloudFormation say what would change.

        Args:
            configuration: None for the stage's own.

        Raises:
            DeployError: the build failed, its parts are not on the shelf, or CloudFormation refused.
            PromoteError: it failed and was to be promoted.
            UnknownStageError: the app has no such stage.
        """
        config, live = self.app.stage(stage), self.ledger(stage).live()
        begun = time.monotonic()
        _refuse_failed(build, stage, kind)
        if kind != "deploy":  # what was just built needs no second look
            self._shelf.verify(build)
        chosen = of_stage(config, live) if configuration is None else configuration
        change_set, executable = create_change_set(self._target, self.stack(stage), self._shelf, build, chosen)
        return Plan(
            stage=stage,
            kind=kind,
            build=build,
            configuration=chosen,
            change_set=change_set,
            executable=executable,
            planned_in_s=time.monotonic() - begun,
            before=live.build.number if live else None,
            reason=reason,
            by=by,
            after=live.number if live else 0,
        )

    def execute(self, plan: Plan) -> Release:
        """Do what was planned, wait until it is live, and write it into the ledger.

        What is to be live is noted before the stack is touched, so that one who is stopped in between can tell
        afterwards what it was (see ``settle``).

        Raises:
            DeployError: the stack refused or went back; the ledger is as it was.
            WaitTimeout: the stack did not settle in time; the ledger is as it was.
        """
        begun = time.monotonic()
        under_way = UnderWay(self._shelf.bucket, plan.stage)
        under_way.note(self._release(plan, number=plan.after + 1, outputs={}, duration_s=0.0))
        try:
            outputs = self._apply(plan)
        except DeployError:
            under_way.clear()
            raise
        duration_s = plan.planned_in_s + time.monotonic() - begun
        release = self.ledger(plan.stage).append(
            lambda number: self._release(plan, number=number, outputs=outputs, duration_s=duration_s)
        )
        under_way.clear()
        logger.info("release %d of %s: %s of build %d", release.number, plan.stage, plan.kind, plan.build.number)
        return release

    def settle(self, stage: str) -> Settled | None:
        """Say what became of a release that was under way when its process ended, and write it down if it is live.

        Returns:
            None when nothing was under way.

        Raises:
            WaitTimeout: the stack did not settle in time.
        """
        under_way = UnderWay(self._shelf.bucket, stage)
        wanted = under_way.noted()
        if wanted is None:
            return None
        settled = settle(self._target, self.stack(stage), self._shelf, self.ledger(stage), wanted)
        under_way.clear()
        return settled

    @staticmethod
    def _release(plan: Plan, *, number: int, outputs: Mapping[str, str], duration_s: float) -> Release:
        return Release(
            number=number,
            stage=plan.stage,
            kind=plan.kind,
            build=plan.build,
            parameters=plan.configuration.parameters,
            environment=plan.configuration.environment,
            set_by_hand=plan.configuration.set_by_hand,
            released_at=datetime.now(UTC),
            duration_s=duration_s,
            packages_rebuilt=sum(not p.reused for p in plan.build.packages) if plan.kind == "deploy" else 0,
            changes=plan.change_set.changes,
            rolled_back_from=plan.rolled_back_from,
            reason=plan.reason,
            by=plan.by,
            outputs=outputs,
        )

    def discard(self, plan: Plan) -> None:
        """Drop a plan that will not be executed."""
        if plan.executable:
            delete_change_set(self._target, plan.change_set)

    def _apply(self, plan: Plan) -> Mapping[str, str]:
        """Execute the change set, if there is one, and return the stack's outputs."""
        stack = self.stack(plan.stage)
        if plan.executable:
            before = f"build {plan.before}" if plan.before else "what was there before"
            deploying = f"build {plan.build.number}"
            return stack.execute(plan.change_set.name, deploying=deploying, before=before).outputs
        state = stack.state()
        return state.outputs if state else {}

    def _promotable(self, from_stage: str, number: int | None) -> Build:
        if number is None:
            live = self.ledger(from_stage).live()
            if live is None:
                raise PromoteError(
                    f"there is nothing on {from_stage} to promote",
                    looked_at=f"the ledger of {from_stage}: no release",
                    mend=f"deploy to {from_stage} first; if the last build failed, mend it and push again",
                )
            return live.build
        build = self._shelf.build(number)
        if build.succeeded and self.ledger(from_stage).last_of(number) is None:
            raise PromoteError(f"build {number} was never live on {from_stage}", mend="deploy it there first")
        return build


def _refuse_failed(build: Build, stage: str, kind: ReleaseKind) -> None:
    if build.failure is None:
        return
    error, done = (PromoteError, "promoted") if kind == "promote" else (DeployError, "deployed")
    raise error(
        f"build {build.number} failed and cannot be {done} to {stage}: {build.failure}",
        mend="mend the commit and push again",
    )
