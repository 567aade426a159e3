"""One owner of an app in the lab: a repository to push to, a pipeline behind it, and a place in the console."""

from __future__ import annotations

import threading
from pathlib import Path

from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.console.visit import Place
from pytest_rollbacklab.pipeline.pipeline import Pipeline
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.up.addresses import OwnersPlace

__all__ = ["AppOwner"]


class AppOwner:
    """The user, or a student.

    Args:
        name: Who it is.
        keys: What opens the owner's console and repository.
        target: The owner's AWS account.
        directory: Where ``rollbacklab.toml`` lies.
        repository: The hosted one.
        site: The lab's address, ``http://127.0.0.1:4711``.

    Raises:
        ConfigError: the file is not there, or is wrong.
    """

    def __init__(
        self, name: str, *, keys: OwnersPlace, target: Target, directory: Path, repository: Repository, site: str
    ) -> None:
        self.name, self.keys, self.target, self.bare = name, keys, target, repository.path
        self.console_url = f"{site}/{keys.key}"
        self.git_url = f"{site}/git/{keys.git_key}/{repository.path.name}"
        self.pipeline = Pipeline(target=target, directory=directory, repository=repository, owner=name)
        self.place = Place(key=keys.key, token=keys.token, pipeline=self.pipeline)
        self._settling = threading.Lock()
        self._settled: tuple[str, ...] | None = None

    def settle(self) -> tuple[str, ...]:
        """Settle, once, what was under way when the lab was stopped; returns a sentence for each thing."""
        with self._settling:
            if self._settled is None:
                self._settled = self.pipeline.recover()
            return self._settled

    def ready_pipeline(self) -> Pipeline:
        """Return the pipeline, once what the last stop had interrupted is settled."""
        self.settle()
        return self.pipeline

    @property
    def branch(self) -> str:
        """The branch that a stage follows, the first one of the file; a clone checks it out."""
        return next((stage.branch for stage in self.pipeline.app.stages if stage.branch), "main")
