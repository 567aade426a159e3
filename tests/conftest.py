"""A real `rollbacklab up` in a directory of its own, for the stories that people and browsers walk.

The class lives here because test modules cannot import one another; tests reach it through the fixtures.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psutil
import pytest

from pytest_rollbacklab.shipped import write_out
from pytest_rollbacklab.up.place_file import LabFile, read_lab
from pytest_rollbacklab.wait import wait_for

UP = [sys.executable, "-m", "pytest_rollbacklab.cli", "up", "--no-browser"]
START_S = 60
LOOK_S = 0.05


class Up:
    """An app's directory, and the lab that runs there now."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.process: subprocess.Popen[bytes] | None = None
        self.cloud: psutil.Process | None = None
        self.said = directory.parent / "said"

    def start(self, *options: str, **environ: str) -> LabFile:
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [*UP, *options],
                cwd=self.directory,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C.UTF-8", **environ},
            )
        place = wait_for(
            "the lab", self._place, timeout_s=START_S, longest_pause_s=LOOK_S, last_seen=self.said.read_text
        )
        wait_for("its greeting", lambda: "git push" in self.said.read_text() or None, timeout_s=START_S)
        [self.cloud] = psutil.Process(self.process.pid).children()
        return place

    def _place(self) -> LabFile | None:
        assert self.process is not None
        assert self.process.poll() is None, self.said.read_text()
        with contextlib.suppress(Exception):
            place = read_lab(self.directory)
            return place if place.pid == self.process.pid else None
        return None

    def wait_for_another_cloud(self) -> None:
        """Wait until the lab runs again, with a local AWS in the place of the one that died."""
        assert self.process is not None
        assert self.cloud is not None
        lab, died = psutil.Process(self.process.pid), self.cloud

        def another() -> psutil.Process | None:
            assert self.process is not None
            assert self.process.poll() is None, self.said.read_text()
            said = self.said.read_text()
            if not 0 < said.count("It is started again, with all") == said.count("The lab runs again"):
                return None
            clouds = [child for child in lab.children() if child != died and "--state" in child.cmdline()]
            return clouds[0] if clouds else None

        self.cloud = wait_for(
            "another local AWS", another, timeout_s=START_S, longest_pause_s=LOOK_S, last_seen=self.said.read_text
        )

    def end(self, number: int) -> int:
        """Send a signal as a terminal does, to the whole group; returns the exit status when all is gone."""
        assert self.process is not None
        assert self.cloud is not None
        os.killpg(self.process.pid, number)
        status = self.process.wait(60)
        self.cloud.wait(60)
        return status

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run another `up` that is expected to end by itself."""
        return subprocess.run([*UP, *options], cwd=self.directory, capture_output=True, text=True, timeout=60)

    def git(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        who = ["-c", "user.name=ann", "-c", "user.email=ann@example.com"]
        return subprocess.run(
            ["git", *who, *arguments], cwd=self.directory, capture_output=True, text=True, timeout=120
        )

    def commit(self, message: str) -> None:
        assert self.git("add", "--all").returncode == 0
        assert self.git("commit", "--quiet", "-m", message).returncode == 0

    def push(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.git("push", *(arguments or ("lab", "main")))


@contextlib.contextmanager
def app_in(directory: Path) -> Iterator[Up]:
    """Yield the sample app in a new directory; a lab that was started there is ended after."""
    write_out(directory)
    up = Up(directory)
    try:
        yield up
    finally:
        if up.process is not None:
            with contextlib.suppress(ProcessLookupError):
                up.process.kill()
            up.process.wait(30)
        if up.cloud is not None:
            up.cloud.wait(60)


@pytest.fixture(scope="session")
def new_app() -> Callable[[Path], AbstractContextManager[Up]]:
    """Makes sample apps in which a lab can be started, for fixtures that share one among tests."""
    return app_in


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    with app_in(tmp_path / "notes") as up:
        yield up
