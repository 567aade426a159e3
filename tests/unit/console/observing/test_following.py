"""Logs followed over server-sent events: what comes, once, for as long as somebody listens."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from console.conftest import Console
from console.observing.fake_aws import ACCESS_GROUP, wait_until
from console.observing.story import CREATE_LOG, GATEWAY_ID, StoryPipeline, now
from pytest_rollbacklab.console.observing import following
from pytest_rollbacklab.console.observing.following import MOST_FOLLOWERS

CALLS = "/k3y/stages/prod/access-logs/events"
LINES = "/k3y/stages/prod/functions/CreateFunction/logs/events"


async def next_event(answer: ClientResponse) -> tuple[str, Any]:
    """Read one event, comments left out."""
    name = ""
    while True:
        line = (await asyncio.wait_for(answer.content.readline(), 10)).decode()
        assert line, "the stream ended"
        if line.startswith("event: "):
            name = line.removeprefix("event: ").strip()
        elif line.startswith("data: "):
            return name, json.loads(line.removeprefix("data: "))


def followers() -> int:
    return sum(thread.name == "console-follower" for thread in threading.enumerate())


def listening(
    console: Console, pipeline: StoryPipeline, path: str, then: Callable[[ClientResponse], Awaitable[Any]]
) -> Any:
    async def ask(client: TestClient) -> Any:
        async with client.get(path) as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            await asyncio.to_thread(wait_until, lambda: pipeline.target.logs.tails)
            return await then(answer)

    told = console.run(ask)
    wait_until(lambda: followers() == 0)
    return told


def test_programs_get_new_calls_alone(console: Console, pipeline: StoryPipeline) -> None:
    async def then(answer: ClientResponse) -> None:
        pipeline.call(77, now())
        name, data = await next_event(answer)
        assert name == "line"
        assert set(data) == {"at", "fields", "raw"}
        assert data["fields"]["requestId"] == GATEWAY_ID.format(77)

    listening(console, pipeline, CALLS, then)


def test_a_page_gets_all_that_it_shows_as_one_piece_and_each_new_line_once(
    console: Console, pipeline: StoryPipeline
) -> None:
    async def then(answer: ClientResponse) -> None:
        _, whole = await next_event(answer)
        assert whole["html"].count("<tr class=") == 40
        assert whole["html"].index(GATEWAY_ID.format(39)) < whole["html"].index(GATEWAY_ID.format(0))
        pipeline.call(77, now())
        _, data = await next_event(answer)
        assert data["html"].strip().startswith("<tr class=")
        assert f"/k3y/stages/prod/requests/{GATEWAY_ID.format(77)}" in data["html"]

    listening(console, pipeline, f"{CALLS}?whole=1&html=1", then)


def test_what_came_while_the_page_was_read_is_told_once(console: Console, pipeline: StoryPipeline) -> None:
    pipeline.target.logs.groups[ACCESS_GROUP] = []
    newest = following.Log(
        newest=lambda: ("first", "both"),
        coming=lambda _: iter(["both", None, "both", "last"]),
        key=lambda line: line,
        template="one",
        whole_template="all",
    )
    events = list(following._whole(newest, threading.Event()))
    assert [event.data if event else None for event in events] == [
        {"lines": ("first", "both")},
        None,
        "both",
        "last",
    ]


def test_only_what_the_pages_form_would_find_is_sent(console: Console, pipeline: StoryPipeline) -> None:
    async def then(answer: ClientResponse) -> None:
        pipeline.call(77, now(), 200)
        pipeline.call(78, now(), 502)
        _, data = await next_event(answer)
        assert data["fields"]["status"] == "502"

    listening(console, pipeline, f"{CALLS}?status=5xx", then)


def test_a_functions_lines_are_followed_and_errors_are_marked(console: Console, pipeline: StoryPipeline) -> None:
    async def then(answer: ClientResponse) -> None:
        pipeline.target.logs.write(CREATE_LOG, "[ERROR] KeyError: '<b>'", at=now())
        _, data = await next_event(answer)
        assert data["message"] == "[ERROR] KeyError: '<b>'"
        assert '<li class="error">' in data["html"]
        assert "&lt;b&gt;" in data["html"]

    listening(console, pipeline, f"{LINES}?html=1", then)


def test_the_thread_ends_when_the_listener_leaves(console: Console, pipeline: StoryPipeline) -> None:
    async def ask(client: TestClient) -> None:
        answer = await client.get(LINES)
        await asyncio.to_thread(wait_until, lambda: pipeline.target.logs.tails)
        assert followers() == 1
        answer.close()
        await asyncio.to_thread(wait_until, lambda: followers() == 0)
        assert pipeline.target.logs.tails == []

    console.run(ask)


def test_there_are_only_so_many_followers_and_a_place_becomes_free_again(
    console: Console, pipeline: StoryPipeline
) -> None:
    async def ask(client: TestClient) -> None:
        answers = [await client.get(LINES) for _ in range(MOST_FOLLOWERS)]
        await asyncio.to_thread(wait_until, lambda: len(pipeline.target.logs.tails) == MOST_FOLLOWERS)
        async with client.get(LINES) as one_more:
            name, data = await next_event(one_more)
            assert name == "failed"
            assert "follow logs of this lab already" in data["error"]["what"]
            assert "close some of them" in data["error"]["mend"]
        answers.pop().close()
        await asyncio.to_thread(wait_until, lambda: len(pipeline.target.logs.tails) < MOST_FOLLOWERS)
        await asyncio.to_thread(wait_until, lambda: followers() < MOST_FOLLOWERS)
        answers.append(await client.get(LINES))
        await asyncio.to_thread(wait_until, lambda: len(pipeline.target.logs.tails) == MOST_FOLLOWERS)
        for answer in answers:
            answer.close()
        await asyncio.to_thread(wait_until, lambda: followers() == 0)

    console.run(ask)


@pytest.mark.parametrize("path", ["/stages/prod/functions/Nothing/logs/events", "/stages/test/access-logs/events"])
def test_what_is_not_there_cannot_be_followed(console: Console, path: str) -> None:
    assert console.get(path).status == 404


def test_what_cannot_be_searched_cannot_be_followed(console: Console) -> None:
    assert console.get("/stages/prod/access-logs/events?status=nine").status == 400
