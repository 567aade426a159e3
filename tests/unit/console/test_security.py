"""Nobody but a page of ours, or a program with the token, changes anything; and the browser is told to help."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from console.conftest import KEY, TOKEN, Console
from console.fake_pipeline import FakePipeline, make_plan
from pytest_rollbacklab.console import html
from pytest_rollbacklab.console.app import all_routes
from pytest_rollbacklab.console.security import HEADERS
from pytest_rollbacklab.console.visit import Place

PARTS = {"stage": "prod", "plan": "p1", "number": "7", "name": "01-gibberish", "function": "X", "request_id": "r1"}
POSTS = sorted(route.path for route in all_routes() if route.method == "POST")
READING = {"app", "stage", "overview"}
"""What a page may ask of the pipeline while it says no: the frame's own name, say."""


def _address(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda part: PARTS[part[1]], path)


def _did(pipeline: FakePipeline) -> set[str]:
    return {method for method, _ in pipeline.calls} - READING


@pytest.fixture(autouse=True)
def planned(pipeline: FakePipeline) -> None:
    pipeline.plans["p1"] = make_plan("prod", "promote", pipeline.all_builds[0].build)


def test_there_are_routes_that_change_something() -> None:
    assert len(POSTS) >= 9


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({}, {}),
        ({"token": "wrong"}, {}),
        ({"token": "tökën"}, {}),
        ({"token": TOKEN + " "}, {}),
        ({}, {"X-Rollbacklab-Token": "wrong"}),
        ({"token": TOKEN}, {"X-Rollbacklab-Token": "wrong"}),
        ({"token": TOKEN}, {"Origin": "https://evil.example"}),
        ({"token": TOKEN}, {"Origin": "null"}),
        ({"token": TOKEN}, {"Origin": "http://127.0.0.1:1"}),
        ({"token": TOKEN}, {"Referer": "https://evil.example/page"}),
        ({"token": TOKEN}, {"Referer": "rubbish"}),
        ({"token": TOKEN}, {"Sec-Fetch-Site": "cross-site"}),
        ({"token": TOKEN}, {"Sec-Fetch-Site": "same-site"}),
        ({"token": TOKEN}, {"Host": "evil.example"}),
        ({"token": TOKEN}, {"Host": "127.0.0.1"}),
    ],
    ids=str,
)
def test_what_is_not_ours_is_refused_and_nothing_is_done(
    console: Console, pipeline: FakePipeline, path: str, form: dict[str, str], headers: dict[str, str]
) -> None:
    answer = console.ask("POST", _address(path), data=form, headers=headers)
    assert answer.status == 403
    assert _did(pipeline) == set()
    assert TOKEN not in answer.text.replace(f'value="{TOKEN}"', "")


@pytest.mark.parametrize("path", POSTS)
def test_another_places_token_is_refused(console: Console, pipeline: FakePipeline, path: str) -> None:
    console.places["other"] = Place(key="other", token="another", pipeline=pipeline)
    assert console.ask("POST", _address(path), data={"token": "another"}).status == 403
    assert _did(pipeline) == set()


@pytest.mark.parametrize("path", POSTS)
def test_no_post_is_done_by_asking_for_its_page(console: Console, pipeline: FakePipeline, path: str) -> None:
    console.ask("GET", _address(path) + f"?token={TOKEN}")
    assert (
        _did(pipeline) & {"plan", "confirm", "cancel", "pin", "unpin", "set_access_logs", "add_user", "probe"} == set()
    )


def test_a_form_of_ours_is_let_in(console: Console, pipeline: FakePipeline) -> None:
    async def asked(client: TestClient[Any, Any]) -> int:
        host = f"127.0.0.1:{client.port}"
        headers = {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin", "Referer": f"http://{host}/{KEY}/"}
        async with client.post(
            f"/{KEY}/stages/prod/pin", data={"token": TOKEN}, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status

    assert console.run(asked) == 303
    assert pipeline.named("pin") == [("prod", None)]


def test_a_referer_of_ours_is_let_in_where_there_is_no_origin(console: Console) -> None:
    async def asked(client: TestClient[Any, Any]) -> int:
        headers = {"Referer": f"http://localhost:{client.port}/{KEY}/stages/prod"}
        async with client.post(
            f"/{KEY}/stages/prod/pin", data={"token": TOKEN}, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status

    assert console.run(asked) == 303


def test_a_program_sends_the_token_as_a_header(console: Console, pipeline: FakePipeline) -> None:
    headers = {"X-Rollbacklab-Token": TOKEN, "Accept": "application/json", "X-Rollbacklab-By": " Minji "}
    assert console.ask("POST", "/stages/prod/unpin", headers=headers).status == 200
    assert console.ask("POST", "/stages/prod/pin", data={"reason": "why"}, headers=headers).status == 200
    assert pipeline.named("pin") == [("prod", "why")]
    assert [(who.name, who.via) for who in pipeline.asked_by] == [("Minji", "command line")]


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "multipart/form-data; boundary=x"])
def test_only_forms_can_be_sent(console: Console, pipeline: FakePipeline, content_type: str) -> None:
    answer = console.ask(
        "POST",
        "/stages/prod/pin",
        data=b"token=" + TOKEN.encode(),
        headers={"Content-Type": content_type, "X-Rollbacklab-Token": TOKEN, "Accept": "application/json"},
    )
    assert answer.status == 415
    assert answer.json()["error"]["what"] == "only a form can be sent here"
    assert _did(pipeline) == set()


def test_a_form_in_an_unknown_encoding_is_refused(console: Console) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=klingon", "Accept": "application/json"}
    answer = console.ask("POST", "/stages/prod/pin", data=b"token=%ff", headers=headers)
    assert (answer.status, answer.json()["error"]["what"]) == (400, "the form cannot be read")


def test_a_form_has_64_kb_at_most(console: Console, pipeline: FakePipeline) -> None:
    fits = {"username": "u", "password": "x" * 60_000}
    assert console.post("/stages/prod/users", fits).status == 303
    too_much = console.post("/stages/prod/users", {"username": "u", "password": "x" * 65_536})
    assert too_much.status == 413
    assert "that is too much for a form" in too_much.text
    assert len(pipeline.named("add_user")) == 1


@pytest.mark.parametrize("path", ["/", "/builds", "/nope", "/stages/prod/plans/p1"])
def test_what_is_sent_is_guarded(console: Console, path: str) -> None:
    headers = console.get(path).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_no_inline_script_or_style_is_allowed_and_nothing_from_elsewhere(console: Console) -> None:
    policy = dict(part.strip().partition(" ")[::2] for part in HEADERS["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }


def test_no_template_has_inline_script_or_style_or_another_sites_address() -> None:
    environment = html.environment()
    assert environment.loader is not None
    for name in environment.list_templates():
        source, *_ = environment.loader.get_source(environment, name)
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?! src=\"/static/)|https?://", source), name


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "", "localhost"])
@pytest.mark.parametrize("path", ["/", "/static/console.css", "/events"])
def test_another_host_gets_nothing(console: Console, host: str, path: str) -> None:
    answer = console.ask("GET", path, below="" if path.startswith("/static") else f"/{KEY}", headers={"Host": host})
    assert answer.status == 403
    assert answer.text.startswith("this address is not the console's")


@pytest.mark.parametrize("path", ["/", "/nobody", "/nobody/", "/nobody/builds", "/git/x.git/info/refs"])
def test_an_unknown_place_is_a_plain_404(console: Console, path: str) -> None:
    answer = console.ask("GET", path, below="")
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert KEY not in answer.text
    assert "rollbacklab open" in answer.text


def test_static_files_are_kept_and_asked_for_again(console: Console) -> None:
    answer = console.ask("GET", "/static/console.js", below="")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "no-store" not in answer.headers["Cache-Control"]


def test_what_was_chosen_as_language_is_for_this_place_alone(console: Console) -> None:
    answer = console.post("/language", {"language": "ko", "back": "/builds?before=3"})
    assert answer.headers["Location"] == f"/{KEY}/builds?before=3"
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("rollbacklab_language=ko", f"Path=/{KEY}", "HttpOnly", "SameSite=Strict"))


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\r\nX: y", "/\\evil.example", "evil"])
def test_the_language_switch_leads_nowhere_else(console: Console, back: str) -> None:
    location = console.post("/language", {"language": "ko", "back": back}).headers["Location"]
    assert location.startswith(f"/{KEY}/")
    assert "\r" not in location
    assert "\\" not in location


def test_a_name_that_is_no_text_is_made_one(console: Console, pipeline: FakePipeline) -> None:
    async def asked(client: TestClient[Any, Any]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        writer.write(
            f"POST /{KEY}/stages/prod/pin HTTP/1.1\r\nHost: 127.0.0.1:{client.port}\r\nConnection: close\r\n"
            f"X-Rollbacklab-Token: {TOKEN}\r\nContent-Length: 0\r\nX-Rollbacklab-By: ".encode()
            + b"a\xffb\r\n\r\n"
        )
        await reader.read()
        writer.close()

    console.run(asked)
    assert [who.name.isprintable() and who.name.encode() for who in pipeline.asked_by] == [b"a?b"]
