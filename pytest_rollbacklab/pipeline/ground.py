"""What everything in the pipeline stands on: the app as its file says, its shelf, ledgers, journal, turns and pins.

Made once for an app in a running lab. What is cached here can be told to be old: the file by its time, a stage's
resources by its release.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.config import CONFIG_NAME, AppConfig, load_config
from pytest_rollbacklab.deploy.release import Releases
from pytest_rollbacklab.drill.drill import Timeline
from pytest_rollbacklab.errors import RollbacklabError
from pytest_rollbacklab.model import Release
from pytest_rollbacklab.pipeline.journal import Journal, Running
from pytest_rollbacklab.pipeline.pins import Pins
from pytest_rollbacklab.pipeline.turns import Turns
from pytest_rollbacklab.pipeline.values import Activity, ActivityKind, Actor
from pytest_rollbacklab.stage import Stage
from pytest_rollbacklab.target import Target

__all__ = ["BUILDING", "Changed", "Ground"]

logger = logging.getLogger(__name__)

BUILDING = "(build)"
"""The turn that builds take; no stage can have this name."""

Changed = Callable[[Literal["stage", "builds", "activity"], str], None]
"""Hears that something is not what it was: what, and its name or number."""


class Ground:
    """An app in a running lab, before anything is done with it.

    Args:
        target: Where AWS is.
        directory: Where the app's ``rollbacklab.toml`` lies.
        repository: Where its commits are pushed to.
    """

    def __init__(self, *, target: Target, directory: Path, repository: Repository) -> None:
        self.target, self.directory, self.repository = target, directory, repository
        self._listeners: list[Changed] = []
        self._lock = threading.Lock()
        self._file_time_ns = -1
        self._file: AppConfig
        self._branches: tuple[str, ...] = ()
        self.reread_branches()
        self.shelf = Shelf(Bucket(target, self.app.name))
        self.releases = Releases(target, self.app, self.shelf)
        self.journal = Journal(self.shelf.bucket, changed=lambda number: self.changed("activity", str(number)))
        self.turns = Turns()
        self._pins: dict[str, Pins] = {}
        self._stages: dict[str, Stage] = {}

    @property
    def app(self) -> AppConfig:
        """The app as its file says now, with the pull-request stages that there are.

        Raises:
            ConfigError: the file is not there, or is wrong.
        """
        time_ns = _modified_ns(self.directory / CONFIG_NAME)
        with self._lock:
            if time_ns != self._file_time_ns:
                self._file = load_config(self.directory)
                self._file_time_ns = time_ns
            app = self._file.with_branches(self._branches)
            if hasattr(self, "releases"):
                self.releases.app = app
            return app

    def reread_branches(self) -> None:
        """Look at the repository's branches again: some have stages of their own."""
        branches = tuple(self.repository.branches())
        with self._lock:
            self._branches = branches

    def add_branch(self, branch: str) -> None:
        """Note that there is a branch: it may have a stage of its own."""
        with self._lock:
            if branch not in self._branches:
                self._branches = tuple(sorted((*self._branches, branch)))

    def pins(self, stage: str) -> Pins:
        """Return the pins of a stage.

        Raises:
            UnknownStageError: the app has no such stage.
        """
        name = self.app.stage(stage).name
        return self._pins.setdefault(name, Pins(self.shelf.bucket, name))

    def stage(self, name: str) -> Stage:
        """Return a stage, to call and to look at.

        Raises:
            UnknownStageError: the app has no such stage.
        """
        self.app.stage(name)
        with self._lock:
            if name not in self._stages:
                self._stages[name] = Stage(
                    name,
                    target=self.target,
                    releases=self.releases,
                    timeline=Timeline(self._file.name),
                    since=datetime.now(UTC),
                )
            return self._stages[name]

    def released(self, release: Release) -> None:
        """Note that a release has become live; what the file says meanwhile does not matter."""
        with self._lock:
            stage = self._stages.get(release.stage)
        if stage is not None:
            stage.released(release)
        self.changed("stage", release.stage)

    def forget(self, stage: str) -> None:
        """Note that a stage is gone: what is known of it holds no longer."""
        with self._lock:
            gone = self._stages.pop(stage, None)
        if gone is not None:
            gone.api.close()
        self.changed("stage", stage)

    def subscribe(self, listener: Changed) -> Callable[[], None]:
        """Let a listener hear of changes; returns how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def changed(self, what: Literal["stage", "builds", "activity"], name: str) -> None:
        """Tell all listeners; one that fails does not keep the others from hearing."""
        for listener in tuple(self._listeners):
            try:
                listener(what, name)
            except Exception:
                logger.exception("a listener failed at %s %s", what, name)

    def close(self) -> None:
        """Close the connections that are kept open."""
        for stage in self._stages.values():
            stage.api.close()
        self.target.close()

    @contextmanager
    def doing(
        self, kind: ActivityKind, who: Actor, summary: str, *, stage: str | None = None, reason: str | None = None
    ) -> Iterator[Running]:
        """Do something as an activity: written down when it begins, and ended whatever happens in the block.

        The block says what came of it in ``running.outcome``. An error ends it as failed and goes on to the caller.
        """
        running = self.journal.begin(kind, who, summary, stage=stage, reason=reason)
        with self.ending(running):
            yield running

    @contextmanager
    def turn(self, name: str, running: Running, tell: Callable[[str], None]) -> Iterator[None]:
        """Take a turn for an activity and hold it within the block; when others are first, that is said.

        Args:
            name: The stage's.
        """

        def waiting(for_activity: int) -> None:
            before = self.journal.activity(for_activity)
            self.journal.moved_on(running, state="waiting")
            tell(f"waiting in line{_on(name)}: activity {before.number} is at work ({before.summary}, by {before.by})")

        with self.turns.take(name, running.number, waiting=waiting):
            if running.activity.state == "waiting":
                self.journal.moved_on(running, state="running")
            yield

    @contextmanager
    def ending(self, running: Running) -> Iterator[None]:
        """End an activity that was begun, whatever happens in the block."""
        try:
            yield
        except RollbacklabError as error:
            self._failed(running, str(error))
            raise
        except BaseException as error:
            self._failed(running, f"the lab failed: {type(error).__name__}: {error}")
            raise
        self.journal.end(running, "done", running.outcome)
        self._stage_changed(running.activity)

    def _failed(self, running: Running, outcome: str) -> None:
        for line in outcome.splitlines():
            running.say(line)
        self.journal.end(running, "failed", outcome)
        self._stage_changed(running.activity)

    def _stage_changed(self, activity: Activity) -> None:
        if activity.stage is not None:
            self.changed("stage", activity.stage)


def _on(name: str) -> str:
    return "" if name == BUILDING else f" on {name}"


def _modified_ns(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0  # reading it says what is wrong
