"""What a push sets off: a build before git takes the commit, deployments afterwards, and stages that come and go.

A commit is built once: pushed again, or to another branch, it is the build that it was. Builds take turns, so that
retention never removes what another build is about to reuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_rollbacklab.build.build import last_line, make_build
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import BuildError, RollbacklabError
from pytest_rollbacklab.model import Build
from pytest_rollbacklab.pipeline.ground import Ground
from pytest_rollbacklab.pipeline.journal import Running
from pytest_rollbacklab.pipeline.releasing import Releasing
from pytest_rollbacklab.pipeline.retention import prune
from pytest_rollbacklab.pipeline.values import Actor

__all__ = ["Pushes"]

_BUILDING = "(build)"
"""The turn that builds take; no stage can have this name."""

Say = Callable[[str], None]


class Pushes:
    """What pushes set off."""

    def __init__(self, ground: Ground, releasing: Releasing) -> None:
        self._ground, self._releasing = ground, releasing

    def build(self, branch: str, sha: str, *, who: Actor, say: Say, quarantine: Mapping[str, str]) -> Build:
        """Build a commit; see ``Pipeline.pushed_commit``."""
        ground = self._ground
        repository = Repository(ground.repository.path, quarantine=quarantine)
        commit = repository.commit_at(sha)
        with ground.doing("push", who, f"push {commit.short_sha} {commit.title} to {branch}") as running:
            tell = _both(running, say)
            with ground.turns.take(_BUILDING, running.number, waiting=lambda first: tell(_in_line(first))):
                known = ground.shelf.build_of(commit.sha)
                build = known or make_build(ground.app, repository, commit, ground.shelf, log=tell)
                if known is not None:
                    tell(f"Commit {commit.short_sha} was built before, as build {known.number}; nothing is rebuilt")
                ground.journal.moved_on(running, build=build.number)
                if known is None:
                    self._prune(tell)
            ground.changed("builds", str(build.number))
            if build.failure is not None:
                raise BuildError(f"build {build.number} of {commit.short_sha} {commit.title!r} failed: {build.failure}")
            running.outcome = f"build {build.number} of {commit.short_sha} {commit.title}"
        return build

    def moved(self, branch: str, sha: str, *, who: Actor, say: Say) -> None:
        """Deploy a branch's new head; see ``Pipeline.moved``."""
        ground = self._ground
        ground.add_branch(branch)
        try:
            build = ground.shelf.build_of(sha) or self.build(branch, sha, who=who, say=say, quarantine={})
            following = ground.app.following(branch)
        except RollbacklabError as error:
            _say_all(say, str(error))
            return
        if not following:
            say(f"no stage follows {branch}: build {build.number} waits on the shelf")
        for stage in following:
            summary = f"deploy build {build.number} to {stage.name}"
            self._releasing.deploy(build, stage.name, who=who, say=say, summary=summary)

    def removed(self, branch: str, *, who: Actor, say: Say) -> None:
        """Take down the stages that came with a branch; see ``Pipeline.removed``."""
        ground = self._ground
        for stage in ground.app.stages:
            if stage.branch == branch and stage.pull_request:
                try:
                    self._take_down(stage.name, who, say)
                except RollbacklabError as error:
                    _say_all(say, str(error))
            elif stage.branch == branch:
                say(f"{stage.name} followed {branch}: what is live there stays")
        ground.reread_branches()

    def log(self, number: int) -> tuple[str, ...]:
        """Return a build's log."""
        shelf = self._ground.shelf
        return (*shelf.log(number), last_line(shelf.build(number)))

    def _take_down(self, stage: str, who: Actor, say: Say) -> None:
        ground = self._ground
        with ground.doing("remove stage", who, f"remove {stage}, its branch is gone", stage=stage) as running:
            tell = _both(running, say)
            with ground.turns.take(stage, running.number, waiting=lambda first: tell(_in_line(first))):
                tell(f"{stage}: deleting its stack")
                ground.releases.stack(stage).delete()
            running.outcome = f"{stage} is gone, with all that was in it"
            tell(running.outcome)

    def _prune(self, tell: Say) -> None:
        app = self._ground.app
        if app.retained_builds is not None:
            ledgers = [self._ground.releases.ledger(stage.name) for stage in app.stages]
            pruned = prune(self._ground.shelf, ledgers, keep_newest=app.retained_builds)
            if pruned:
                tell(f"Retention: the packages of build {', '.join(map(str, pruned))} were removed")


def _in_line(first: int) -> str:
    return f"waiting in line: activity {first} is at work"


def _both(running: Running, say: Say) -> Say:
    def tell(line: str) -> None:
        running.say(line)
        say(line)

    return tell


def _say_all(say: Say, text: str) -> None:
    for line in text.splitlines():
        say(line)
