"""What can be done with an app in a running lab, and what can be seen of it: one object for console, CLI and hook.

Everything that changes a stage is an activity: numbered, with who, from where and why; it takes its turn on its stage,
so that two cannot interleave, and it ends in a state that has a name, whatever happens in between. All methods block
and may be called from any thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.config import AppConfig
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import Answer, Build, Release, ReleaseKind
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.pipeline.ground import Changed, Ground
from pytest_rollbacklab.pipeline.pushes import Pushes
from pytest_rollbacklab.pipeline.recovery import recover
from pytest_rollbacklab.pipeline.releasing import Releasing
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
from pytest_rollbacklab.pipeline.views import Views
from pytest_rollbacklab.target import Target

__all__ = ["Changed", "Pipeline"]

logger = logging.getLogger(__name__)

_GOODBYE_S = 60.0


class Pipeline:
    """An app in a running lab.

    Args:
        target: Where AWS is.
        directory: Where the app's ``rollbacklab.toml`` lies; it is read again when it has changed.
        repository: Where its commits are pushed to.
        owner: Whose it is: the student's name in a workshop, else the user's.

    Raises:
        ConfigError: the file is not there, or is wrong.
    """

    def __init__(self, *, target: Target, directory: Path, repository: Repository, owner: str) -> None:
        self.target, self.owner = target, owner
        self._ground = Ground(target=target, directory=directory, repository=repository)
        self._views = Views(self._ground)
        self._releasing = Releasing(self._ground, self._views)
        self._pushes = Pushes(self._ground, self._releasing)

    # -- what is there --------------------------------------------------------------------------------------------

    @property
    def app(self) -> AppConfig:
        """The app as its ``rollbacklab.toml`` says now, with the pull-request stages that there are."""
        return self._ground.app

    def overview(self) -> Overview:
        """Return all stages with the newest builds and activities."""
        stages = tuple(self.stage(stage.name) for stage in self.app.stages)
        return Overview(
            app=self.app.name,
            owner=self.owner,
            stages=stages,
            builds=self._views.builds(limit=10).items,
            activity=self._views.activities(before=None, limit=10).items,
        )

    def stage(self, name: str) -> StageStatus:
        """Return how a stage stands. Raises UnknownStageError."""
        return self._views.stage(name)

    def releases(self, stage: str, *, before: int | None = None, limit: int = 20) -> Page[Release]:
        """Return a stage's releases, the newest first. Raises UnknownStageError."""
        return self._views.releases(stage, before=before, limit=limit)

    def builds(self, *, before: int | None = None, limit: int = 20) -> Page[BuildLine]:
        """Return builds, the newest first."""
        return self._views.builds(before=before, limit=limit)

    def build(self, number: int) -> BuildLine:
        """Return a build. Raises BuildError when there is none of this number."""
        return self._views.build(number)

    def build_log(self, number: int) -> tuple[str, ...]:
        """Return what was logged while a build was made. Raises BuildError."""
        return self._pushes.log(number)

    def activities(self, *, before: int | None = None, limit: int = 20) -> Page[Activity]:
        """Return what was done, the newest first."""
        return self._views.activities(before=before, limit=limit)

    def activity(self, number: int) -> Activity:
        """Return one activity. Raises UsageError when there is none of this number."""
        return self._ground.journal.activity(number)

    def follow(self, number: int, *, stop: threading.Event) -> Iterator[str | None]:
        """Yield an activity's log lines, old and new, until it ends; None now and then when it is quiet.

        Raises UsageError when there is no such activity.
        """
        self.activity(number)
        running = self._ground.journal.running(number)
        if running is not None:
            yield from running.follow(stop)
        else:
            yield from self._ground.journal.log(number)

    def subscribe(self, listener: Changed) -> Callable[[], None]:
        """Let a listener hear of changes, on whatever thread makes them; returns how to stop it."""
        return self._ground.subscribe(listener)

    def resources(self, stage: str) -> StageResources:
        """Return what a stage's stack is made of. Raises UsageError when nothing is deployed."""
        return self._ground.stage(stage).resources

    def settings(self, stage: str) -> StageSettings:
        """Return what is set on a stage. Raises UnknownStageError."""
        return self._views.settings(stage)

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
        return self._releasing.plan(
            stage, kind, who=who, build=build, from_stage=from_stage, configure=configure, reason=reason
        )

    def planned(self, stage: str, plan_id: str) -> PlanView:
        """Return a plan that waits for confirmation. Raises UsageError when it is gone."""
        return self._releasing.planned(stage, plan_id)

    def confirm(self, stage: str, plan_id: str, *, who: Actor, reason: str | None = None) -> Activity:
        """Begin what was planned; returns at once with the activity, to be followed.

        Raises UsageError when the plan is gone or the stage has moved on since.
        """
        return self._releasing.confirm(stage, plan_id, who=who, reason=reason)

    def cancel(self, stage: str, plan_id: str) -> None:
        """Drop a plan; one that is gone already is no error."""
        self._releasing.cancel(stage, plan_id)

    def pin(self, stage: str, *, who: Actor, reason: str | None = None) -> Pin:
        """Hold a stage at what is live: pushes build but do not deploy there.

        It holds at once, for those too that wait in line; what is at work now comes to its end, and is then held.
        """
        live = self._ground.releases.ledger(stage).live()
        with self._ground.doing("pin", who, f"pin {stage}", stage=stage, reason=reason) as running:
            pin = self._ground.pins(stage).set(build=live.build.number if live else None, by=who.name, reason=reason)
            running.outcome = f"{stage} is pinned to build {pin.build}" if live else f"{stage} is pinned, empty"
        return pin

    def unpin(self, stage: str, *, who: Actor, reason: str | None = None) -> None:
        """Release a pin; nothing is deployed by it. Raises UsageError when the stage is not pinned."""
        with self._ground.doing("unpin", who, f"release the pin of {stage}", stage=stage, reason=reason) as running:
            pin = self._ground.pins(stage).release(by=who.name, reason=reason)
            running.outcome = (
                f"{stage} is no longer pinned; deployments reach it again"
                if pin.build is None
                else f"{stage} is no longer pinned to build {pin.build}; deployments reach it again"
            )

    def set_access_logs(self, stage: str, enabled: bool, *, who: Actor) -> tuple[str, ...]:
        """Switch API access logs on or off; returns a sentence for each thing that was made or changed."""
        on = "on" if enabled else "off"
        with self._ground.doing("access logs", who, f"switch access logs of {stage} {on}", stage=stage) as running:
            with self._ground.turn(stage, running, running.say):
                if enabled:
                    done = self._ground.stage(stage).enable_access_logs().done
                else:
                    self._ground.stage(stage).disable_access_logs()
                    done = ()
            for line in done:
                running.say(line)
            running.outcome = f"access logs of {stage} are {on}"
        return done

    def add_user(self, stage: str, username: str, password: str, *, who: Actor) -> None:
        """Make a user of the app who can sign in at once. Raises SignInError when the user pool refuses."""
        with self._ground.doing("user", who, f"add user {username} to {stage}", stage=stage) as running:
            with self._ground.turn(stage, running, running.say):
                self._ground.stage(stage).add_user(username, password)
            running.outcome = f"{username} can sign in on {stage}"

    def probe(self, stage: str) -> Answer:
        """Send the app's probe, signed as a user of the app. Raises UsageError when there is none, CallError."""
        probe = self.app.probe
        if probe is None:
            raise UsageError(
                "the app has no probe", looked_at="rollbacklab.toml", mend="add [probe] with method and path to it"
            )
        answer = self._ground.stage(stage).api.request(probe.method, probe.path, json=probe.body)
        self._ground.changed("stage", stage)
        return answer

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
        return self._pushes.build(branch, sha, who=who, say=say, quarantine=quarantine)

    def moved(self, branch: str, sha: str, *, who: Actor, say: Callable[[str], None]) -> None:
        """Deploy a branch's new head, which was built before, to the stages that follow it; pinned ones are told.

        What goes wrong is said and recorded, not raised: git has taken the push already.
        """
        self._pushes.moved(branch, sha, who=who, say=say)

    def removed(self, branch: str, *, who: Actor, say: Callable[[str], None]) -> None:
        """Take down the pull-request stages of a branch that is gone."""
        self._pushes.removed(branch, who=who, say=say)

    def recover(self) -> tuple[str, ...]:
        """Settle what was under way when the lab was stopped; returns a sentence for each thing that was settled."""
        return recover(self._ground, self._releasing)

    def close(self) -> None:
        """Wait for what is at work, within reason, and close connections."""
        if not self._ground.turns.wait_until_idle(_GOODBYE_S):
            logger.warning("closed while somebody was still at work, after %g s", _GOODBYE_S)
        self._ground.close()
