"""A console over the pipeline in memory, asked through aiohttp's own test client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from console.fake_pipeline import FakePipeline, now
from pytest_rollbacklab.console.app import create_app
from pytest_rollbacklab.console.visit import Place, Route

T = TypeVar("T")

KEY = "k3y"
TOKEN = "t0ken"


class Console:
    """A console to ask: each call starts a server, asks, and stops it."""

    def __init__(self, pipeline: FakePipeline, routes: Iterable[Route] | None = None) -> None:
        self.pipeline = pipeline
        self.places = {KEY: Place(key=KEY, token=TOKEN, pipeline=pipeline)}
        self.routes = routes
        self.token = TOKEN

    def run(self, ask: Callable[[TestClient[Any, Any]], Awaitable[T]]) -> T:
        """Run a coroutine function with a client to a server of this console."""

        async def served() -> T:
            hosts: set[str] = set()
            server = TestServer(create_app(self.places, hosts=hosts, routes=self.routes))
            async with TestClient(server) as client:
                hosts |= {f"127.0.0.1:{server.port}", f"localhost:{server.port}"}
                return await ask(client)

        return asyncio.run(served())

    def ask(self, method: str, path: str, *, below: str = f"/{KEY}", **options: Any) -> Answered:
        """Ask for one page; redirects are not followed."""

        async def once(client: TestClient[Any, Any]) -> Answered:
            async with client.request(method, below + path, allow_redirects=False, **options) as answer:
                return await Answered.of(answer)

        return self.run(once)

    def get(self, path: str, **headers: str) -> Answered:
        """Get a page as a browser does."""
        return self.ask("GET", path, headers={"Accept": "text/html", **headers})

    def json(self, path: str) -> Any:
        """Get a page's data."""
        answer = self.ask("GET", path, headers={"Accept": "application/json"})
        return answer.json()

    def post(self, path: str, form: Mapping[str, str] | None = None, **headers: str) -> Answered:
        """Send a form as a page of ours does."""
        return self.ask("POST", path, data={"token": TOKEN, **(form or {})}, headers={"Accept": "text/html", **headers})


class Answered:
    """An answer that has been read."""

    def __init__(self, status: int, headers: Mapping[str, str], text: str) -> None:
        self.status, self.headers, self.text = status, headers, text

    @classmethod
    async def of(cls, answer: ClientResponse) -> Answered:
        return cls(answer.status, answer.headers.copy(), await answer.text())

    def json(self) -> Any:
        import json

        return json.loads(self.text)


@pytest.fixture(autouse=True)
def _the_story_is_told_now() -> None:
    now.cache_clear()


@pytest.fixture
def pipeline(tmp_path: Path) -> FakePipeline:
    return FakePipeline(tmp_path)


@pytest.fixture
def console(pipeline: FakePipeline) -> Console:
    return Console(pipeline)
