"""A real lab for the benchmarks: ``rollbacklab up`` as a process of its own, in a directory that is gone afterwards.

What runs is what a person runs: the sample app in a git repository, the console and the local AWS behind it, real git
in front of it. It is ended as by Ctrl-C, and killed when that takes too long.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from pytest_rollbacklab.shipped import write_out
from pytest_rollbacklab.up.place_file import LabFile, read_lab
from pytest_rollbacklab.wait import wait_for

__all__ = ["RunningLab", "Usage", "running_lab"]

_START_S = 60
_END_S = 60
_UP = [sys.executable, "-m", "pytest_rollbacklab.cli", "up", "--no-browser", "--port", "0", "--cloud-port", "0"]
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """CPU time that a process has used."""

    cpu_s: float

    @classmethod
    def of(cls, pid: int) -> Usage:
        times = psutil.Process(pid).cpu_times()
        return cls(cpu_s=times.user + times.system)


class RunningLab:
    """The sample app, and the lab that runs in its directory.

    Args:
        directory: The app's, a git repository with one commit, pushed nowhere yet.
        place: Where the lab runs.
    """

    def __init__(self, directory: Path, place: LabFile) -> None:
        self.directory, self.place = directory, place
        [cloud] = psutil.Process(place.pid).children()
        self.cloud_pid: int = cloud.pid

    def git(self, *arguments: str) -> str:
        """Run git in the app's directory and return what it says."""
        done = subprocess.run(
            ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", *arguments],
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=120,
        )
        if done.returncode:
            raise SystemExit(f"git {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def commit(self, message: str) -> None:
        self.git("commit", "--quiet", "--all", "-m", message)

    def page(self, path: str, **form: str) -> Any:
        """Return a page's data; with a form, send that."""
        headers = {"Accept": "application/json", "X-Rollbacklab-Token": self.place.token}
        data = urllib.parse.urlencode({"from": "benchmark", **form}).encode() if form else None
        request = urllib.request.Request(self.place.console_url + path, data=data, headers=headers)
        with _NO_PROXY.open(request, timeout=60) as answer:
            return json.load(answer)


@contextlib.contextmanager
def running_lab() -> Iterator[RunningLab]:
    """Run a lab of the sample app, and leave nothing behind."""
    root = Path(tempfile.mkdtemp(prefix="rollbacklab-benchmark-"))
    try:
        directory = root / "notes"
        write_out(directory)
        with _up(directory, root / "said") as place:
            lab = RunningLab(directory, place)
            lab.git("checkout", "--quiet", "-B", "main")
            lab.git("add", "--all")
            lab.commit("Notes API")
            yield lab
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def _up(directory: Path, said: Path) -> Iterator[LabFile]:
    with said.open("wb") as out:
        process = subprocess.Popen(
            _UP,
            cwd=directory,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )

    def place() -> LabFile | None:
        if process.poll() is not None:
            raise SystemExit(f"the lab did not start:\n{said.read_text()}")
        with contextlib.suppress(Exception):
            found = read_lab(directory)
            return found if found.pid == process.pid else None
        return None

    try:
        yield wait_for("the lab to start", place, timeout_s=_START_S, last_seen=said.read_text)
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the lab as Ctrl-C does; what it started ends with it."""
    children = []
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    if process.poll() is None:
        process.kill()
        process.wait()
    for child in psutil.wait_procs(children, timeout=10)[1]:
        child.kill()
