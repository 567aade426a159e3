"""Deploy, promote and roll back: one operation, with another build.

A release is a build and its parameters put on a stage. It is planned (a change set, described) and then executed, and
both steps are open to whoever wants to look in between. A rollback plans an earlier release again: the very packages,
template and parameters of then, with nothing rebuilt; they are read back and compared before the stage is touched.

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
from pytest_rollbacklab.deploy.ledger import Ledger
from pytest_rollbacklab.deploy.stack import DEFAULT_TIMEOUT_S, Stack
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
    parameters: Mapping[str, str]
    change_set: ChangeSet
    executable: bool
    """Whether there is a change set to execute; there is none when nothing would change."""
    planned_in_s: float
    rolled_back_from: int | None
    """The build number that is live, for a rollback."""
    reason: str | None


class Releases:
    """The releases of an app on its stages.

    Args:
        target: Where AWS is.
        app: The app and its stages.
        shelf: The app's builds.
        timeout_s: Seconds that a stack may take to settle.
    """

    def __init__(self, target: Target, app: AppConfig, shelf: Shelf, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._target, self._app, self._shelf, self._timeout_s = target, app, shelf, timeout_s
        self._ledgers: dict[str, Ledger] = {}

    def stack(self, stage: str) -> Stack:
        """Return a stage's stack, ``{app}-{stage}``.

        Raises:
            UnknownStageError: the app has no such stage.
        """
        name = self._app.stage(stage).name
        return Stack(self._target, f"{self._app.name}-{name}", timeout_s=self._timeout_s)

    def ledger(self, stage: str) -> Ledger:
        """Return a stage's ledger.

        Raises:
            UnknownStageError: the app has no such stage.
        """
        return self._ledgers.setdefault(self._app.stage(stage).name, Ledger(self._shelf.bucket, stage))

    def deploy(self, build: Build, stage: str, *, reason: str | None = None) -> Release:
        """Put a build on a stage, with the stage's parameters.

        Raises:
            DeployError: the build failed, or the deployment did.
            UnknownStageError: the app has no such stage.
        """
        return self.put(build, stage, kind="deploy", reason=reason)

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

    def put(
        self,
        build: Build,
        stage: str,
        *,
        kind: ReleaseKind,
        parameters: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> Release:
        """Plan a release and execute it: what deploy, promote and roll back have in common.

        Raises:
            DeployError, PromoteError, UnknownStageError: see ``plan`` and ``execute``.
        """
        return self.execute(self.plan(build, stage, kind=kind, parameters=parameters, reason=reason))

    def plan_promote(
        self, from_stage: str, to_stage: str, *, build: int | None = None, reason: str | None = None
    ) -> Plan:
        """Plan to put what is live on one stage on another, with the other's parameters.

        Args:
            build: The number of a build that was live on ``from_stage``; None for the one that is.

        Raises:
            PromoteError: there is no such build there, or it failed.
            UnknownStageError: one of the stages is not the app's.
        """
        if self._app.stage(from_stage) == self._app.stage(to_stage):
            raise PromoteError(f"{from_stage} cannot be promoted to itself", mend="name two stages")
        return self.plan(self._promotable(from_stage, build), to_stage, kind="promote", reason=reason)

    def plan_roll_back(self, stage: str, *, to: int | None = None, reason: str | None = None) -> Plan:
        """Plan to put an earlier release on a stage again: its packages, its template, its parameters.

        Args:
            to: A build number; None for what was live before (see ``Ledger.previous_good``).

        Raises:
            NothingToRollBackError: there is no such release, or it is live already.
            DeployError: the shelf no longer holds what it was made of; the stage was not touched.
            UnknownStageError: the app has no such stage.
        """
        release = self.ledger(stage).previous_good(to)
        return self.plan(release.build, stage, kind="rollback", parameters=release.parameters, reason=reason)

    def plan(
        self,
        build: Build,
        stage: str,
        *,
        kind: ReleaseKind,
        parameters: Mapping[str, str] | None = None,
        reason: str | None = None,
    ) -> Plan:
        """Plan a release: verify the build's parts and let CloudFormation say what would change.

        Args:
            parameters: None for the stage's own.

        Raises:
            DeployError: the build failed, its parts are not on the shelf, or CloudFormation refused.
            PromoteError: it failed and was to be promoted.
            UnknownStageError: the app has no such stage.
        """
        stage_parameters = self._app.stage(stage).parameters
        begun = time.monotonic()
        _refuse_failed(build, stage, kind)
        if kind != "deploy":  # what was just built needs no second look
            self._shelf.verify(build)
        live = self.ledger(stage).live() if kind == "rollback" else None
        chosen = dict(stage_parameters if parameters is None else parameters)
        change_set, executable = create_change_set(self._target, self.stack(stage), self._shelf, build, chosen)
        return Plan(
            stage=stage,
            kind=kind,
            build=build,
            parameters=chosen,
            change_set=change_set,
            executable=executable,
            planned_in_s=time.monotonic() - begun,
            rolled_back_from=live.build.number if live else None,
            reason=reason,
        )

    def execute(self, plan: Plan) -> Release:
        """Do what was planned, wait until it is live, and write it into the ledger.

        Raises:
            DeployError: the stack refused or went back; the ledger is as it was.
            WaitTimeout: the stack did not settle in time; the ledger is as it was.
        """
        begun = time.monotonic()
        outputs = self._apply(plan)
        duration_s = plan.planned_in_s + time.monotonic() - begun
        made = sum(not package.reused for package in plan.build.packages) if plan.kind == "deploy" else 0

        def released(number: int) -> Release:
            return Release(
                number=number,
                stage=plan.stage,
                kind=plan.kind,
                build=plan.build,
                parameters=plan.parameters,
                released_at=datetime.now(UTC),
                duration_s=duration_s,
                packages_rebuilt=made,
                changes=plan.change_set.changes,
                rolled_back_from=plan.rolled_back_from,
                reason=plan.reason,
                outputs=outputs,
            )

        release = self.ledger(plan.stage).append(released)
        logger.info("release %d of %s: %s of build %d", release.number, plan.stage, plan.kind, plan.build.number)
        return release

    def discard(self, plan: Plan) -> None:
        """Drop a plan that will not be executed."""
        if plan.executable:
            delete_change_set(self._target, plan.change_set)

    def _apply(self, plan: Plan) -> Mapping[str, str]:
        """Execute the change set, if there is one, and return the stack's outputs."""
        stack = self.stack(plan.stage)
        if plan.executable:
            live = self.ledger(plan.stage).live()
            before = f"build {live.build.number}" if live else "what was there before"
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
        releases = self.ledger(from_stage).releases()
        if build.succeeded and number not in (release.build.number for release in releases):
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
