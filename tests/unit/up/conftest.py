"""A site with git and its hooks over a pipeline in memory, and a working tree to push from."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from pytest_rollbacklab.build.git import Git
from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.pipeline.values import Actor
from pytest_rollbacklab.up.hosting import host
from pytest_rollbacklab.up.receiving import Receiving
from pytest_rollbacklab.up.smart_http import HostedRepository, SmartHttp

GIT_KEY, HOOK_TOKEN = "a1b2c3", "s3cret"


class FakePipeline:
    """Takes note of what is pushed; what it says and does can be set."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.on_build: Callable[[str, str, Callable[[str], None], dict[str, str]], None] = lambda *_: None
        self.on_moved: Callable[[Callable[[str], None]], None] = lambda _: None

    def pushed_commit(
        self, branch: str, sha: str, *, who: Actor, say: Callable[[str], None], quarantine: dict[str, str]
    ) -> None:
        self.calls.append(("build", branch, sha, who.name, who.via))
        self.on_build(branch, sha, say, quarantine)

    def moved(self, branch: str, sha: str, *, who: Actor, say: Callable[[str], None]) -> None:
        self.on_moved(say)
        self.calls.append(("moved", branch, sha, who.name, who.via))

    def removed(self, branch: str, *, who: Actor, say: Callable[[str], None]) -> None:
        self.calls.append(("removed", branch, who.name, who.via))
        say(f"{branch} is gone")

    def kinds(self) -> list[tuple[str, str]]:
        return [call[:2] for call in self.calls]


class FakeOwner:
    def __init__(self, bare: Path) -> None:
        self.name, self.bare, self.console_url = "ann", bare, "http://127.0.0.1:1/k3y"
        self.pipeline = FakePipeline()

    def ready_pipeline(self) -> FakePipeline:
        return self.pipeline


class Hosted:
    """One hosted repository behind a real HTTP server, and a clone's worth of working tree."""

    def __init__(self, directory: Path) -> None:
        self._port = socket.socket()
        self._port.bind(("127.0.0.1", 0))
        port = self._port.getsockname()[1]
        self.bare = directory / "lab" / "notes.git"
        host(self.bare, branch="main", port=port, hook_token=HOOK_TOKEN, directory=directory)
        self.owner = FakeOwner(self.bare)
        self.pipeline = self.owner.pipeline
        self.receiving = Receiving({HOOK_TOKEN: self.owner})
        self.smart_http = SmartHttp({GIT_KEY: HostedRepository(path=self.bare, owner="ann")})
        self.site = f"http://127.0.0.1:{port}"
        self.url = f"{self.site}/git/{GIT_KEY}/notes.git"
        self.work = Repository.init(directory / "work")
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._serving = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))

    def __enter__(self) -> Hosted:
        self._thread.start()
        assert self._serving.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        self._loop.close()

    async def _serve(self) -> None:
        app = web.Application()
        self.receiving.add_to(app)
        self.smart_http.add_to(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.SockSite(runner, self._port).start()
        self._serving.set()
        await self._stop.wait()
        await runner.cleanup()

    def git(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        where = ["git", "-C", str(cwd or self.work.path)]
        return subprocess.run([*where, *arguments], capture_output=True, text=True, timeout=60)

    def commit(self, message: str, **files: str) -> str:
        for name, text in (files or {"README": f"{message}\n"}).items():
            self.work.write(name, text)
        return self.work.commit(message).sha

    def push(self, *refs: str) -> subprocess.CompletedProcess[str]:
        return self.git("push", self.url, *(refs or ("main",)))

    def branches(self) -> dict[str, str]:
        return Repository(self.bare).branches()

    def run_git(self, *arguments: str) -> str:
        return Git(self.bare).run(*arguments).decode()


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[Hosted]:
    with Hosted(tmp_path) as hosted:
        yield hosted
