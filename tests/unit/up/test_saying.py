"""What `rollbacklab up` and the workshop's page say."""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

import pytest_rollbacklab.up
from pytest_rollbacklab.console.app import create_app
from pytest_rollbacklab.console.visit import Place
from pytest_rollbacklab.console.words import Words, translations
from pytest_rollbacklab.target import EmbeddedCloud
from pytest_rollbacklab.up.faults import FAULTS
from pytest_rollbacklab.up.greeting import greeting, has_display, users_words
from pytest_rollbacklab.up.hosting import Remote
from pytest_rollbacklab.up.pages import workshop_routes
from pytest_rollbacklab.up.workshop import Student

UP = Path(pytest_rollbacklab.up.__file__).parent
OWNER: Any = SimpleNamespace(
    branch="main",
    console_url="http://127.0.0.1:4711/k3y",
    bare=Path("/srv/notes/.rollbacklab/git/notes.git"),
    target=SimpleNamespace(endpoint_url="http://127.0.0.1:4712", account_id="123456789012", region="us-east-1"),
    pipeline=SimpleNamespace(app=SimpleNamespace(name="notes"), owner="ina"),
)


def test_the_greeting_says_where_everything_is_and_what_to_do_next() -> None:
    remote = Remote(repository_made=True, branch="main", has_commits=False)
    assert "\n".join(greeting(Words("en"), OWNER, remote, students=0)) == (
        """The lab of notes runs; Ctrl-C ends it.

  Console    http://127.0.0.1:4711/k3y/
  Local AWS  http://127.0.0.1:4712
             account 123456789012, region us-east-1
  Git remote lab: /srv/notes/.rollbacklab/git/notes.git

Any AWS client uses it with:
  export AWS_ENDPOINT_URL=http://127.0.0.1:4712 AWS_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=123456789012 AWS_SECRET_ACCESS_KEY=local

What to do next:
  git add -A && git commit -m "First build"
  git push lab main"""
    )


def test_the_greeting_knows_other_branches_workshops_and_korean() -> None:
    remote = Remote(repository_made=False, branch="master", has_commits=True)
    said = list(greeting(Words("ko"), OWNER, remote, students=30))
    assert said[0] == "notes 랩이 실행 중입니다. Ctrl-C로 끝냅니다."
    assert said[-1] == "  git push lab HEAD:main"
    assert "  워크숍   http://127.0.0.1:4711/k3y/workshop  (수강생 30명)" in said
    assert not any("git commit" in line for line in said)


@pytest.mark.parametrize(
    ("environ", "language"),
    [
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "ko_KR"}, "ko"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
    ],
)
def test_the_terminals_language_is_spoken(environ: dict[str, str], language: str) -> None:
    assert users_words(environ).language == language


def test_a_browser_is_opened_where_it_can_be_seen() -> None:
    assert has_display({"DISPLAY": ":0"}, "linux")
    assert has_display({"WAYLAND_DISPLAY": "w"}, "linux")
    assert has_display({}, "darwin")
    assert not has_display({"DISPLAY": ""}, "linux")


def _texts() -> list[str]:
    """Return all texts that this package says in the user's language."""
    said = [fault.what for fault in FAULTS]
    for path in UP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
                "words",
                "_words",
            ):
                said += [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
    for path in (UP / "templates").iterdir():
        said += [found[2] for found in re.finditer(r"_\((['\"])(.*?)\1", path.read_text())]
    return sorted(set(said))


@pytest.mark.parametrize("english", _texts())
def test_every_text_is_in_korean_with_the_same_placeholders(english: str) -> None:
    korean = translations("ko")[english]
    assert sorted(re.findall(r"\{\w+\}", korean)) == sorted(re.findall(r"\{\w+\}", english))


class FakeWorkshop:
    def __init__(self) -> None:
        self.broken: list[tuple[str, tuple[str, ...], str]] = []

    def students(self) -> tuple[Student, ...]:
        hostile = '<script>alert("x")</script>'
        one = Student(name="ann", account_id="200000000001", personal_url="http://p/", git_url="http://g/notes.git")
        two = Student(
            name="bob", account_id="200000000002", personal_url="", git_url="", state="failed", failure=hostile
        )
        return (one, two)

    def break_apps(self, fault: Any, names: tuple[str, ...], who: Any) -> None:
        self.broken.append((fault.name, names, f"{who.name} {who.via}"))


class Console:
    """The workshop's page in an instructor's console, beside a student's."""

    def __init__(self) -> None:
        self.workshop = FakeWorkshop()
        pipeline: Any = OWNER.pipeline
        self.places = {key: Place(key=key, token=f"t-{key}", pipeline=pipeline) for key in ("ina", "ann")}

    def ask(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        async def once() -> tuple[int, str]:
            hosts: set[str] = set()
            routes = workshop_routes(self.workshop, "ina")  # type: ignore[arg-type]
            server = TestServer(create_app(self.places, hosts=hosts, routes=routes))
            async with TestClient(server) as client:
                hosts.add(f"127.0.0.1:{server.port}")
                async with client.request(method, path, allow_redirects=False, **options) as answer:
                    return answer.status, await answer.text()

        return asyncio.run(once())


def test_the_page_lists_students_and_faults_and_escapes_what_they_say() -> None:
    status, page = Console().ask("GET", "/ina/workshop", headers={"Accept": "text/html"})
    assert status == 200
    assert "git clone http://g/notes.git" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert page.count('action="/ina/workshop/faults"') == len(FAULTS)
    assert 'name="token" value="t-ina"' in page


def test_a_fault_is_pushed_into_everyones_app_or_into_some() -> None:
    console = Console()
    status, _ = console.ask("POST", "/ina/workshop/faults", data={"token": "t-ina", "fault": "gibberish"})
    assert status == 303
    json = {"Accept": "application/json", "X-Rollbacklab-Token": "t-ina"}
    status, told = console.ask("POST", "/ina/workshop/faults", data={"fault": "slow", "students": "bob"}, headers=json)
    assert (status, told) == (202, '{"fault": "slow", "students": ["bob"]}')
    assert console.workshop.broken == [("gibberish", ("ann", "bob"), "ina console"), ("slow", ("bob",), "ina console")]


@pytest.mark.parametrize(
    ("form", "headers", "status", "told"),
    [
        ({"fault": "slow"}, {}, 403, "the token is missing"),
        ({"fault": "slow", "token": "t-ina"}, {"Origin": "http://evil.example"}, 403, "sent by another site"),
        ({"fault": "nope", "token": "t-ina"}, {}, 400, "there is no fault &#39;nope&#39;"),
        ({"fault": "slow", "students": "eve", "token": "t-ina"}, {}, 400, "there is no student &#39;eve&#39; here"),
    ],
)
def test_what_may_not_be_pushed_is_told(form: dict[str, str], headers: dict[str, str], status: int, told: str) -> None:
    console = Console()
    answered, page = console.ask("POST", "/ina/workshop/faults", data=form, headers={"Accept": "text/html", **headers})
    assert (answered, told in page) == (status, True)
    assert console.workshop.broken == []


def test_students_have_no_such_page() -> None:
    console = Console()
    assert console.ask("GET", "/ann/workshop")[0] == 404
    form = {"token": "t-ann", "fault": "slow"}
    assert console.ask("POST", "/ann/workshop/faults", data=form)[0] == 404
    assert console.workshop.broken == []


def test_what_the_local_aws_warns_of_is_told_once(tmp_path: Path) -> None:
    process: Any = SimpleNamespace(pid=1)
    with (tmp_path / "log").open("w+b") as log:
        cloud = EmbeddedCloud(process, "http://127.0.0.1:1", log)
        log.write(b"WARNING a.b: sqs is not kept\n  more\nINFO c: nothing\nERROR d: oh\nWARNING half")
        log.flush()
        at = log.tell()
        assert cloud.warnings() == ("a.b: sqs is not kept", "d: oh")
        assert log.tell() == at
        log.write(b" a line\n")
        log.flush()
        assert cloud.warnings() == ("half a line",)
        assert cloud.warnings() == ()
