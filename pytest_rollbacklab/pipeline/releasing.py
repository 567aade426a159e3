"""Releases by hand and by push: planned, confirmed, taken in turn, written down, and pinned after a rollback."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from pytest_rollbacklab.build.template_text import parse_template
from pytest_rollbacklab.deploy.configuration import configured
from pytest_rollbacklab.deploy.release import Plan
from pytest_rollbacklab.errors import RollbacklabError, UsageError
from pytest_rollbacklab.model import Build, Release, ReleaseKind
from pytest_rollbacklab.pipeline.ground import Ground
from pytest_rollbacklab.pipeline.journal import Running
from pytest_rollbacklab.pipeline.meanings import change_line
from pytest_rollbacklab.pipeline.plans import Plans, Waiting, title_of
from pytest_rollbacklab.pipeline.refusals import refuse_busy, refuse_moved_on, refuse_pinned
from pytest_rollbacklab.pipeline.remarks import remarks
from pytest_rollbacklab.pipeline.values import Activity, Actor, Configured, PlanView
from pytest_rollbacklab.pipeline.views import Views

__all__ = ["Releasing"]

logger = logging.getLogger(__name__)

_LOOKED_AT = 50


class Releasing:
    """What puts builds on stages."""

    def __init__(self, ground: Ground, views: Views) -> None:
        self._ground, self._views = ground, views
        self._plans = Plans()

    def plan(
        self,
        stage: str,
        kind: ReleaseKind,
        *,
        who: Actor,
        build: int | None,
        from_stage: str | None,
        configure: Configured | None,
        reason: str | None,
    ) -> PlanView:
        """Plan a release; see ``Pipeline.plan``."""
        ground = self._ground
        ground.app.stage(stage)
        if build is not None:  # what can never be done is said before what cannot be done now
            ground.shelf.refuse_pruned(ground.shelf.build(build))
        refuse_busy(ground, stage)
        refuse_pinned(ground, stage, kind)
        plan = self._plan(stage, kind, who, build, from_stage, configure, reason)
        try:
            waiting = Waiting(plan=plan, view=self._view(plan, who))
        except BaseException:
            self._discard(plan)
            raise
        dropped = self._plans.add(waiting)
        if dropped is not None:
            self._discard(dropped.plan)
        return waiting.view

    def planned(self, stage: str, plan_id: str) -> PlanView:
        """Return a plan that waits."""
        return self._plans.get(stage, plan_id).view

    def confirm(self, stage: str, plan_id: str, *, who: Actor, reason: str | None) -> Activity:
        """Begin what was planned, on a thread of its own."""
        waiting = self._plans.take(stage, plan_id)
        plan = replace(waiting.plan, by=who.name, reason=reason or waiting.plan.reason)
        self._still_good(plan)
        summary = waiting.view.title[0].lower() + waiting.view.title[1:]
        running = self._ground.journal.begin(plan.kind, who, summary, stage=stage, reason=plan.reason)
        self._ground.journal.moved_on(running, build=plan.build.number)
        threading.Thread(target=self._carry_out, args=(running, plan), name=f"activity-{running.number}").start()
        return running.activity

    def cancel(self, stage: str, plan_id: str) -> None:
        """Drop a plan."""
        try:
            waiting = self._plans.take(stage, plan_id)
        except UsageError:
            return
        self._discard(waiting.plan)

    def builds_planned(self) -> frozenset[int]:
        """Return the numbers of the builds that plans are about."""
        return self._plans.builds()

    def deploy(
        self,
        build: Build,
        stage: str,
        *,
        who: Actor,
        say: Callable[[str], None],
        summary: str,
        refuse_outdated: Callable[[], None] = lambda: None,
    ) -> Release | None:
        """Put a pushed build on a stage that follows its branch, unless the stage is pinned.

        Args:
            refuse_outdated: Called when it is this build's turn; raises when another should be put there.

        Returns:
            The release; None when the stage is pinned, or when it failed, which is said and written down.
        """

        def planned() -> Plan:
            refuse_pinned(ground, stage, "deploy")  # by a rollback that was first in line
            refuse_outdated()
            return ground.releases.plan(build, stage, kind="deploy", by=who.name)

        ground = self._ground
        pin = ground.pins(stage).pin()
        if pin is not None:
            held = "nothing" if pin.build is None else f"build {pin.build}"
            say(f"{stage} is pinned to {held} by {pin.by}{f' ({pin.reason})' if pin.reason else ''}:")
            say(f"  build {build.number} was built but is not deployed there until the pin is released")
            return None
        running = ground.journal.begin("deploy", who, summary, stage=stage)
        ground.journal.moved_on(running, build=build.number)
        try:
            with ground.ending(running):
                return self._put(running, stage, planned, say)
        except RollbacklabError as error:
            for line in str(error).splitlines():
                say(line)
        except Exception as error:  # git has taken the push: other stages are still to be reached
            logger.exception("activity %d failed", running.number)
            say(f"the lab failed at {stage}: {type(error).__name__}: {error}")
        return None

    def _carry_out(self, running: Running, plan: Plan) -> None:
        def checked() -> Plan:
            self._still_good(plan)
            return plan

        try:
            with self._ground.ending(running):
                self._put(running, plan.stage, checked, running.say)
        except RollbacklabError as error:
            logger.info("activity %d failed: %s", running.number, error)
        except Exception:  # written down by ``ending``; nobody is there to hear it on this thread
            logger.exception("activity %d failed", running.number)

    def _put(self, running: Running, stage: str, make_plan: Callable[[], Plan], say: Callable[[str], None]) -> Release:
        """Take the turn on a stage, and put there what is planned then."""
        ground = self._ground

        def tell(line: str) -> None:
            running.say(line)
            if say != running.say:
                say(line)

        pins = ground.pins(stage)  # asked for while the file is known to name the stage
        with ground.turn(stage, running, tell):
            ground.changed("stage", stage)
            plan = make_plan()
            ground.journal.moved_on(running, build=plan.build.number)
            tell(f"{stage}: putting build {plan.build.number} there, {_counted(len(plan.change_set.changes))}")
            for change in plan.change_set.changes:
                line = change_line(change, {})
                tell(f"  {change.action} {change.logical_id} ({change.resource_type}): {line.meaning}")
            release = ground.releases.execute(plan)
            # Within the turn: whoever comes next must find the pin.
            is_pinned = pins.after(release)
            ground.journal.moved_on(running, releases=(f"{stage}/{release.number}",))
            running.outcome = (
                f"build {release.build.number} is live on {stage} as release {release.number}, "
                f"in {release.duration_s:.2f} s"
            )
            tell(f"{stage}: {running.outcome}")
            if is_pinned:
                tell(f"{stage} is pinned: pushes build but do not deploy here until the pin is released")
        ground.released(release)
        return release

    def _plan(
        self,
        stage: str,
        kind: ReleaseKind,
        who: Actor,
        build: int | None,
        from_stage: str | None,
        configure: Configured | None,
        reason: str | None,
    ) -> Plan:
        releases = self._ground.releases
        if kind == "rollback":
            return releases.plan_roll_back(stage, to=build, reason=reason, by=who.name)
        if kind == "promote":
            if from_stage is None:
                raise UsageError("a promotion needs the stage that it is from", mend="name it")
            return releases.plan_promote(from_stage, stage, build=build, reason=reason, by=who.name)
        if kind == "config":
            live = releases.ledger(stage).live()
            if live is None or configure is None:
                raise UsageError(
                    f"there is nothing on {stage} to configure", mend="push, or promote to this stage, first"
                )
            chosen = configured(
                self._ground.app.stage(stage), parameters=configure.parameters, environment=configure.environment
            )
            return releases.plan(live.build, stage, kind="config", configuration=chosen, reason=reason, by=who.name)
        return releases.plan(self._to_deploy(build), stage, kind="deploy", reason=reason, by=who.name)

    def _to_deploy(self, number: int | None) -> Build:
        shelf = self._ground.shelf
        if number is not None:
            build = shelf.build(number)
            if build.succeeded:  # of one that failed, the plan says why
                shelf.verify(build)
            return build
        there = (build for build in shelf.newest(_LOOKED_AT) if build.succeeded and build.number not in shelf.pruned())
        found = next(there, None)
        if found is None:
            raise UsageError(
                "there is no build to deploy",
                looked_at=f"the newest {_LOOKED_AT} builds",
                mend="push a commit that builds",
            )
        return found

    def _view(self, plan: Plan, who: Actor) -> PlanView:
        ground = self._ground
        live = self._standing(plan.stage)
        template = parse_template(ground.shelf.template(live.build), where="the live template") if live else {}
        changes = tuple(change_line(change, template) for change in plan.change_set.changes)
        logs = self._views.access_logs(plan.stage) if live else None
        return PlanView(
            id=self._plans.new_id(),
            stage=plan.stage,
            kind=plan.kind,
            build=plan.build,
            title=title_of(plan),
            changes=changes,
            remarks=remarks(
                plan.kind,
                live=live,
                configuration=plan.configuration,
                changes=changes,
                resources=ground.stage(plan.stage).resources.by_type if live else {},
                access_logs_on=logs.enabled if logs else False,
                pin=ground.pins(plan.stage).pin(),
            ),
            executable=plan.executable,
            asks_reason=plan.kind == "rollback",
            reason=plan.reason,
            by=who.name,
            made_at=datetime.now(UTC),
        )

    def _standing(self, stage: str) -> Release | None:
        """Return what is live; None also when the stack was deleted beside the lab."""
        releases = self._ground.releases
        state = releases.stack(stage).state()
        # A stack that was only planned holds nothing.
        is_there = state is not None and state.status != "REVIEW_IN_PROGRESS"
        return releases.ledger(stage).live() if is_there else None

    def _still_good(self, plan: Plan) -> None:
        """Refuse, and drop, a plan that was overtaken by what others did."""
        try:
            refuse_pinned(self._ground, plan.stage, plan.kind)
            refuse_moved_on(self._ground, plan)
        except RollbacklabError:
            self._discard(plan)
            raise

    def _discard(self, plan: Plan) -> None:
        try:
            self._ground.releases.discard(plan)
        except (ClientError, BotoCoreError) as error:  # CloudFormation may have dropped it before
            logger.info("the change set %s was not deleted: %s", plan.change_set.name, error)


def _counted(changes: int) -> str:
    return f"{changes} change{'' if changes == 1 else 's'}" if changes else "nothing changes"
