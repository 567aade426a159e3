"""What a push sets off: a build before git takes the commit, deployments afterwards, and stages that come and go.

A commit is built once: pushed again, or to another branch, it is the build that it was. Builds take turns, so that
retention never removes what another build is about to reuse.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pytest_rollbacklab.build.build import last_line, make_build
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.deploy.stack import Stack
from pytest_rollbacklab.errors import BuildError, ConflictError, RollbacklabError
from pytest_rollbacklab.model import Build
from pytest_rollbacklab.pipeline.ground import BUILDING, Ground
from pytest_rollbacklab.pipeline.journal import Running
from pytest_rollbacklab.pipeline.releasing import Releasing
from pytest_rollbacklab.pipeline.retention import prune
from pytest_rollbacklab.pipeline.values import Actor

__all__ = ["Pushes", "take_down"]

Say = Callable[[str], None]


class Pushes:
    """What pushes set off."""

    def __init__(self, ground: Ground, releasing: Releasing) -> None:
        self._ground, self._releasing = ground, releasing
        self._built: dict[str, str] = {}
        """The commit that was built last for a branch."""
        self._on_the_way: dict[str, int] = {}
        """By branch, the build whose commit git is taking: nothing is done with it yet, and it is needed."""

    def build(self, branch: str, sha: str, *, who: Actor, say: Say, quarantine: Mapping[str, str]) -> Build:
        """Build a commit; see ``Pipeline.pushed_commit``."""
        ground = self._ground
        repository = Repository(ground.repository.path, quarantine=quarantine)
        commit = repository.commit_at(sha)
        with ground.doing("push", who, f"push {commit.short_sha} {commit.title} to {branch}") as running:
            tell = _both(running, say)
            with ground.turn(BUILDING, running, tell):
                known = ground.shelf.build_of(commit.sha)
                build = known or make_build(ground.app, repository, commit, ground.shelf, log=tell)
                if known is not None:
                    tell(f"Commit {commit.short_sha} was built before, as build {known.number}; nothing is rebuilt")
                ground.journal.moved_on(running, build=build.number)
                if build.succeeded:
                    self._built[branch], self._on_the_way[branch] = commit.sha, build.number
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
            self._releasing.deploy(
                build,
                stage.name,
                who=who,
                say=say,
                summary=f"deploy build {build.number} to {stage.name}",
                refuse_outdated=lambda: self._refuse_outdated(branch, sha),
            )
        if self._on_the_way.get(branch) == build.number:
            del self._on_the_way[branch]

    def removed(self, branch: str, *, who: Actor, say: Say) -> None:
        """Take down the stages that came with a branch; see ``Pipeline.removed``."""
        ground = self._ground
        following = [stage for stage in ground.app.stages if stage.branch == branch]
        gone = {stage.name: ground.releases.stack(stage.name) for stage in following if stage.pull_request}
        ground.reread_branches()  # before they are deleted: what waits in line for them finds that they are gone
        for stage in following:
            if not stage.pull_request:
                say(f"{stage.name} followed {branch}: what is live there stays")
        for name, stack in gone.items():
            try:
                take_down(ground, name, stack, who=who, say=say)
            except RollbacklabError as error:
                _say_all(say, str(error))

    def log(self, number: int) -> tuple[str, ...]:
        """Return a build's log."""
        shelf = self._ground.shelf
        return (*shelf.log(number), last_line(shelf.build(number)))

    def _refuse_outdated(self, branch: str, sha: str) -> None:
        """Refuse to deploy what the branch has left behind while it waited: its head has a push of its own."""
        if self._built.get(branch, sha) == sha:
            return
        head = self._ground.repository.branches().get(branch, sha)
        if head != sha:
            raise ConflictError(
                f"{branch} has moved on to {head[:7]} since {sha[:7]} was pushed",
                looked_at="the repository's branches",
                mend="nothing has to be done: the later push is deployed by itself",
            )

    def _prune(self, tell: Say) -> None:
        app = self._ground.app
        if app.retained_builds is not None:
            ledgers = [self._ground.releases.ledger(stage.name) for stage in app.stages]
            at_work = self._ground.journal.builds_at_work() | self._releasing.builds_planned()
            in_use = {*at_work, *self._on_the_way.copy().values()}
            pruned = prune(self._ground.shelf, ledgers, keep_newest=app.retained_builds, in_use=in_use)
            if pruned:
                builds = f"build{'' if len(pruned) == 1 else 's'} {', '.join(map(str, pruned))}"
                tell(f"Retention: the packages of {builds} were removed")


def take_down(ground: Ground, stage: str, stack: Stack, *, who: Actor, say: Say) -> None:
    """Delete the stack of a stage whose branch is gone.

    Raises:
        DeployError, WaitTimeout: it was not deleted.
    """
    with ground.doing("remove stage", who, f"remove {stage}, its branch is gone", stage=stage) as running:
        tell = _both(running, say)
        with ground.turn(stage, running, tell):
            tell(f"{stage}: deleting its stack")
            stack.delete()
            ground.forget(stage)
        running.outcome = f"{stage} is gone, with all that was in it"
        tell(running.outcome)


def _both(running: Running, say: Say) -> Say:
    def tell(line: str) -> None:
        running.say(line)
        say(line)

    return tell


def _say_all(say: Say, text: str) -> None:
    for line in text.splitlines():
        say(line)
