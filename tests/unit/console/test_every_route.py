"""What holds for every address that there is, by the application itself, so that a new one cannot be forgotten."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiohttp.test_utils import TestClient

from console.conftest import KEY, TOKEN, Console
from console.fake_pipeline import FakePipeline
from console.observing.story import StoryPipeline
from console.test_hostile import LONG
from pytest_rollbacklab.console.app import create_app
from pytest_rollbacklab.console.security import HEADERS, place_with
from pytest_rollbacklab.console.visit import Place

PARTS = {"stage": "prod", "plan": "p1", "number": "7", "name": "01-gibberish", "function": "X", "request_id": "r1"}
CHANGING = {"plan", "confirm", "cancel", "pin", "unpin", "set_access_logs", "add_user", "probe"}


def routes() -> Iterator[tuple[str, str]]:
    """Yield the methods and addresses of an application as it is served."""
    for route in create_app({}, hosts=()).router.routes():
        assert route.resource is not None
        yield route.method, route.resource.canonical


GETS = sorted(path for method, path in routes() if method == "GET")
PAGES = [path for path in GETS if path.startswith("/{key}/")]
STREAMS = [path for path in PAGES if path.endswith("/events")]


def filled(path: str, **parts: str) -> str:
    """Return a route's address with its parts filled in, below the place."""
    return re.sub(r"\{(\w+)\}", lambda part: {**PARTS, **parts}[part[1]], path.removeprefix("/{key}"))


def asked_as_written(console: Console, target: str) -> str:
    """Send an address as it is, which clients would tidy up, and return all of the answer."""

    async def asked(client: TestClient[Any, Any]) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        host = f"Host: 127.0.0.1:{client.port}"
        writer.write(f"GET {target} HTTP/1.1\r\n{host}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        return answer.decode()

    return console.run(asked)


@pytest.fixture
def pipeline(tmp_path: Path) -> StoryPipeline:
    return StoryPipeline(tmp_path)


def test_there_is_nothing_but_pages_forms_and_static_files() -> None:
    assert {method for method, _ in routes()} == {"GET", "HEAD", "POST"}
    assert {path for path in GETS if path not in PAGES} == {"/static", "/{key}"}
    assert len(PAGES) > 20
    assert len(STREAMS) == 4
    assert all(path.startswith("/{key}/") for method, path in routes() if method == "POST")


@pytest.mark.parametrize("path", PAGES)
def test_another_host_gets_no_page_and_nothing_is_looked_at(
    console: Console, pipeline: FakePipeline, path: str
) -> None:
    answer = console.ask("GET", filled(path), headers={"Host": "rebound.example:4711"})
    assert answer.status == 403
    assert (TOKEN in answer.text, KEY in answer.text) == (False, False)
    assert pipeline.calls == []


@pytest.mark.parametrize("path", PAGES)
def test_another_key_gets_no_page_and_nothing_is_looked_at(console: Console, pipeline: FakePipeline, path: str) -> None:
    for key in ("k3", "k3yy", "K3Y", "%6b3y%00", "t0ken", "é"):
        answer = console.ask("GET", filled(path), below=f"/{key}")
        assert (answer.status, TOKEN in answer.text) == (404, False)
    assert pipeline.calls == []


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_is_guarded_and_of_the_kind_that_it_says(console: Console, path: str, accept: str) -> None:
    answer = console.ask("HEAD" if path in STREAMS else "GET", filled(path), headers={"Accept": accept})
    assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)
    kinds = ("text/event-stream; charset=utf-8",) if path in STREAMS and answer.status == 200 else ()
    assert answer.headers["Content-Type"] in (f"{accept}; charset=utf-8", "application/json", *kinds)
    assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", PAGES)
def test_looking_changes_nothing(console: Console, pipeline: FakePipeline, path: str) -> None:
    console.ask("HEAD" if path in STREAMS else "GET", filled(path) + f"?token={TOKEN}&enabled=true&kind=deploy")
    assert CHANGING & {method for method, _ in pipeline.calls} == set()


@pytest.mark.parametrize("path", [path for path in PAGES if "{" in path.removeprefix("/{key}")])
@pytest.mark.parametrize(
    "part",
    [
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2frollbacklab.toml",
        "..%5c..%5cpyproject.toml",
        "%00",
        "%ff%fe",
        "%0d%0aSet-Cookie:x=1",
        "9" * 400,
        "-1",
        "W" * 4000,
    ],
    ids=lambda part: part[:12],
)
def test_a_part_that_is_no_name_is_not_found(console: Console, path: str, part: str) -> None:
    answer = asked_as_written(console, f"/{KEY}" + filled(path, **dict.fromkeys(PARTS, part)))
    assert answer.startswith("HTTP/1.1 404 ")
    assert "\r\nSet-Cookie" not in answer
    assert "[stages.dev]" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/..%2f..%2f__init__.py",
        "/static/%2fetc/passwd",
        "/static/..%5capp.py",
        "/static//etc/passwd",
        "/static/templates/frame.html",
        "/static/",
        "/static",
    ],
)
def test_static_files_are_those_of_their_directory_alone(console: Console, path: str) -> None:
    answer = asked_as_written(console, path)
    assert answer.startswith(("HTTP/1.1 403 ", "HTTP/1.1 404 "))
    assert "import" not in answer


@pytest.mark.parametrize("name", ["q", "before", "since", "range", "status", "request", "format", "html", "nobody"])
def test_a_query_that_is_very_long_is_answered(console: Console, name: str) -> None:
    for path in ("/builds", "/stages/prod/access-logs", "/stages/prod/metrics"):
        answer = console.get(f"{path}?{name}={quote(LONG)}")
        assert answer.status in (200, 400)
        assert len(answer.text) < 300_000


def test_an_address_that_is_too_long_is_refused(console: Console) -> None:
    assert console.get("/builds?x=" + "W" * 20_000).status == 400


def test_a_place_is_found_by_its_whole_key(pipeline: FakePipeline) -> None:
    places = {key: Place(key=key, token="t", pipeline=pipeline) for key in ("one", "another")}
    assert place_with("another", places) is places["another"]
    assert [place_with(key, places) for key in ("", "on", "ones", "ONE", "\ud800", "ö")] == [None] * 6
