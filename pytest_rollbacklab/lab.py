"""The composition root: an app with its repository, its pipeline and its stages, ready to be drilled.

Here the parts are chosen and wired; what each does is theirs. A ``Lab`` is what a test, a console or a command line
holds in its hand: push, promote, roll back, look. It keeps the drill's timeline from what passes through it, so that
nobody has to write it down.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.build import make_build
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.config import AppConfig, load_config
from pytest_rollbacklab.deploy.release import Releases
from pytest_rollbacklab.drill.drill import Timeline
from pytest_rollbacklab.errors import BuildError, RollbacklabError
from pytest_rollbacklab.model import Build, DrillRow, Release
from pytest_rollbacklab.observe import explain
from pytest_rollbacklab.shipped import copy_app
from pytest_rollbacklab.stage import Stage
from pytest_rollbacklab.target import Target

__all__ = ["BRANCH", "Lab", "Stage", "open_lab"]

BRANCH = "main"
"""The branch that a lab's pushes go to."""


class Lab:
    """An app under drill.

    Args:
        target: Where AWS is.
        app: The app and its stages.
        repository: Where its source lies; its working tree is the drill's to change.
        name: The drill's, for the summary.
    """

    def __init__(self, *, target: Target, app: AppConfig, repository: Repository, name: str) -> None:
        self.target, self.app, self.repository = target, app, repository
        self.opened_at = datetime.now(UTC)
        self.shelf = Shelf(Bucket(target, app.name))
        self.releases = Releases(target, app, self.shelf)
        self.timeline = Timeline(name)
        self._stages: dict[str, Stage] = {}

    def stage(self, name: str) -> Stage:
        """Return a stage.

        Raises:
            UnknownStageError: the app has none of this name.
        """
        self.app.stage(name)
        if name not in self._stages:
            self._stages[name] = Stage(
                name, target=self.target, releases=self.releases, timeline=self.timeline, since=self.opened_at
            )
        return self._stages[name]

    def push(self, message: str) -> Build:
        """Commit all that has changed, build the commit, and deploy it to the stages that follow the branch.

        Raises:
            SourceError: nothing has changed.
            BuildError: the commit does not build; the build is kept with its reason.
            DeployError: a stage's stack refused or went back.
        """
        commit = self.repository.commit(message)
        build = make_build(self.app, self.repository, commit, self.shelf)
        if build.failure is not None:
            raise BuildError(f"build {build.number} of {commit.short_sha} {commit.title!r} failed: {build.failure}")
        for stage in self.app.following(BRANCH):
            self.stage(stage.name).released(self.releases.deploy(build, stage.name))
        return build

    def promote(self, from_stage: str, to_stage: str, *, reason: str | None = None) -> Release:
        """Put what is live on one stage on another.

        Raises:
            PromoteError: there is nothing that could be promoted.
            DeployError: the stack refused or went back.
            UnknownStageError: the app has no such stage.
        """
        return self.stage(to_stage).released(self.releases.promote(from_stage, to_stage, reason=reason))

    def edit(self, path: str, *, at_top_of: str, insert: str) -> None:
        """Insert a statement at the top of a function in the working tree.

        Raises:
            SourceError: the file or the function is not there.
        """
        self.repository.edit(path, at_top_of=at_top_of, insert=insert)

    def replace(self, path: str, old: str, new: str) -> None:
        """Replace a text that a file of the working tree holds exactly once.

        Raises:
            SourceError: the file or the text is not there, or is there more than once.
        """
        self.repository.edit(path, replace=old, with_=new)

    def write(self, path: str, text: str) -> None:
        """Write a file of the working tree."""
        self.repository.write(path, text)

    def restore(self, path: str, ref: str = "HEAD~1") -> None:
        """Make a file what it was in an earlier commit: by default the one before the last.

        Raises:
            SourceError: there is no such commit, or it does not hold the file.
        """
        self.repository.restore(path, ref)

    def close(self) -> None:
        """Close the connections that are kept open."""
        for stage in self._stages.values():
            stage.api.close()
        self.target.close()

    @property
    def row(self) -> DrillRow | None:
        """The drill's line in the summary; None when nothing was released."""
        return self.timeline.row()

    def explain(self) -> str:
        """Return what the records say: each stage's ledger, and the evidence of its last answer."""
        from botocore.exceptions import BotoCoreError, ClientError

        lines: list[str] = []
        try:
            for stage in self._stages.values():
                lines += explain.explain_releases(stage.name, stage.history)
                if stage.answers:
                    lines += explain.explain_evidence(stage.evidence(stage.answers[-1]))
        except (RollbacklabError, BotoCoreError, ClientError) as error:
            lines.append(f"the records cannot be read any further: {error}")
        return "\n".join(lines)


@contextlib.contextmanager
def open_lab(target: Target, app_directory: Path, workdir: Path, *, name: str) -> Iterator[Lab]:
    """Open a lab of its own for an app: a copy in a new repository, an account that nobody else has.

    Args:
        target: The AWS to work in; its account is replaced by the lab's own.
        app_directory: A directory with a ``rollbacklab.toml``; it is copied and never written to.
        workdir: An empty directory for the repository.
        name: The drill's.

    Raises:
        ConfigError: the directory is no app.
    """
    load_config(app_directory)
    copy = workdir / "app"
    copy_app(app_directory, copy)
    repository = Repository.init(copy)
    lab = Lab(target=_in_own_account(target, name), app=load_config(copy), repository=repository, name=name)
    try:
        yield lab
    finally:
        lab.close()


def _in_own_account(target: Target, name: str) -> Target:
    """Give each drill an AWS account of its own, so that drills run side by side and nothing needs a reset."""
    digest = hashlib.sha256(f"{name}\0{datetime.now(UTC).timestamp()}".encode()).digest()
    account_id = str(10**11 + int.from_bytes(digest[:8], "big") % (9 * 10**11))
    return Target(endpoint_url=target.endpoint_url, account_id=account_id, region=target.region, cloud=target.cloud)
