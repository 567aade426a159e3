"""Server-sent events: they come as things happen, and end when there are no more, nobody listens, or the lab stops."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from console.conftest import KEY, Console
from console.fake_pipeline import FakePipeline, make_activity
from pytest_rollbacklab.console.events import CLOSING, MOST_STREAMS, OPEN
from pytest_rollbacklab.console.streams import from_callbacks, from_thread
from pytest_rollbacklab.console.visit import EventStream, Outcome, Route, ServerEvent, Visit

WAIT_S = 10


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not is_so():  # noqa: ASYNC110 - what is waited for comes from another thread
            await asyncio.sleep(0.01)


async def events(answer: ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    """Yield events of a stream as they come."""
    name = ""
    async with asyncio.timeout(WAIT_S):
        async for raw in answer.content:
            field, _, value = raw.decode().rstrip("\n").partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)


@pytest.fixture
def running(pipeline: FakePipeline) -> FakePipeline:
    pipeline.all_activities.insert(0, make_activity(13, state="running", ended_at=None, outcome=None))
    return pipeline


Client = TestClient[Any, Any]


class TestActivity:
    def test_all_lines_come_and_then_the_end(self, console: Console, pipeline: FakePipeline) -> None:
        pipeline.more_log = [None, "<b>more</b>"]

        async def asked(client: Client) -> list[tuple[str, Any]]:
            async with client.get(f"/{KEY}/activity/12/events") as answer:
                assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
                assert answer.headers["Cache-Control"] == "no-store"
                return [event async for event in events(answer)]

        told = console.run(asked)
        assert [data["text"] for name, data in told if name == "line"] == [*pipeline.log, "<b>more</b>"]
        assert told[-1][0] == "end"
        assert told[-1][1]["activity"]["number"] == 12

    def test_a_page_gets_each_line_as_it_is_shown(self, console: Console, pipeline: FakePipeline) -> None:
        pipeline.log = ("<script>alert(1)</script> \x1b[31m",)

        async def asked(client: Client) -> Any:
            async with client.get(f"/{KEY}/activity/12/events?html=1") as answer:
                return (await anext(events(answer)))[1]

        line = console.run(asked)
        assert line["html"] == "<li><bdi>&lt;script&gt;alert(1)&lt;/script&gt; \\x1b[31m</bdi></li>"
        assert line["text"] == pipeline.log[0]

    def test_it_stops_when_nobody_listens_any_more(self, console: Console, running: FakePipeline) -> None:
        async def asked(client: Client) -> None:
            answer = await client.get(f"/{KEY}/activity/13/events")
            await anext(events(answer))
            answer.close()
            await until(lambda: ("stopped following", 13) in running.calls)

        console.run(asked)

    def test_it_ends_when_the_lab_stops(self, console: Console, running: FakePipeline) -> None:
        async def asked(client: Client) -> list[str]:
            async with client.get(f"/{KEY}/activity/13/events") as answer:
                told = events(answer)
                await anext(told)
                assert client.app is not None
                client.app[CLOSING].set()
                rest = [name async for name, _ in told]
            await until(lambda: ("stopped following", 13) in running.calls)
            return rest

        assert "end" not in console.run(asked)

    def test_what_fails_in_the_middle_is_told_as_an_event(self, console: Console, pipeline: FakePipeline) -> None:
        class Failing(list[str | None]):
            def __iter__(self) -> Iterator[str | None]:
                raise OSError("the disk")

        pipeline.more_log = Failing()

        async def asked(client: Client) -> tuple[str, Any]:
            async with client.get(f"/{KEY}/activity/12/events") as answer:
                return [event async for event in events(answer)][-1]

        name, data = console.run(asked)
        assert name == "failed"
        assert data["error"]["what"] == "the console itself failed: OSError"

    def test_head_only_looks(self, console: Console, running: FakePipeline) -> None:
        answer = console.ask("HEAD", "/activity/13/events")
        assert (answer.status, answer.text) == (200, "")
        assert running.named("follow") == []


class TestChanges:
    def test_open_pages_hear_of_them(self, console: Console, pipeline: FakePipeline) -> None:
        async def asked(client: Client) -> list[tuple[str, Any]]:
            async with client.get(f"/{KEY}/events") as answer:
                await until(lambda: bool(pipeline.listeners))
                threading.Thread(target=pipeline.listeners[0], args=("stage", "prod")).start()
                told = events(answer)
                first = await anext(told)
                pipeline.listeners[0]("builds", "8")
                second = await anext(told)
                answer.close()
            await until(lambda: not pipeline.listeners)
            return [first, second]

        assert console.run(asked) == [
            ("changed", {"what": "stage", "name": "prod"}),
            ("changed", {"what": "builds", "name": "8"}),
        ]

    def test_nobody_is_subscribed_once_the_lab_has_stopped(self, console: Console, pipeline: FakePipeline) -> None:
        async def asked(client: Client) -> None:
            async with client.get(f"/{KEY}/events") as answer:
                await until(lambda: bool(pipeline.listeners))
                assert client.app is not None
                client.app[CLOSING].set()
                assert [event async for event in events(answer)] == []
            await until(lambda: not pipeline.listeners)

        console.run(asked)


def test_there_are_only_so_many_streams_and_a_place_becomes_free_again(
    console: Console, pipeline: FakePipeline
) -> None:
    async def asked(client: Client) -> tuple[int, Any, int]:
        assert client.app is not None
        answers = [await client.get(f"/{KEY}/events") for _ in range(MOST_STREAMS)]
        async with client.get(f"/{KEY}/events?format=json") as refused:
            said = (refused.status, await refused.json())
        for answer in answers:
            answer.close()
        await until(lambda: client.app is not None and client.app[OPEN][KEY] == 0)
        await until(lambda: not pipeline.listeners)
        async with client.get(f"/{KEY}/events") as again:
            return (*said, again.status)

    status, told, again = console.run(asked)
    assert (status, again) == (503, 200)
    assert told["error"]["what"] == "64 pages and programs listen to this lab already"
    assert told["error"]["mend"].startswith("close some of them")


def test_a_quiet_stream_is_kept_alive(pipeline: FakePipeline) -> None:
    async def quiet(visit: Visit) -> Outcome:
        async def nothing_then_something() -> AsyncIterator[ServerEvent | None]:
            yield None
            yield ServerEvent(event="line", data={})

        return EventStream(events=nothing_then_something())

    console = Console(pipeline, [Route(method="GET", path="/quiet", handler=quiet)])
    assert console.ask("GET", "/quiet").text == ": \n\nevent: line\ndata: {}\n\n"


class TestFromThread:
    def test_everything_comes_in_order_and_then_the_end(self) -> None:
        async def read() -> list[int]:
            return [number async for number in from_thread(lambda _: iter(range(1000)))]

        assert asyncio.run(read()) == list(range(1000))

    def test_an_error_is_raised_where_it_is_read(self) -> None:
        def failing(stop: threading.Event) -> Iterator[int]:
            yield 1
            raise OSError("no more")

        async def read() -> list[int]:
            return [number async for number in from_thread(failing)]

        with pytest.raises(OSError, match="no more"):
            asyncio.run(read())

    def test_a_thread_that_waits_for_room_sees_that_it_is_over(self) -> None:
        ended = threading.Event()

        def endless(stop: threading.Event) -> Iterator[int]:
            try:
                while True:
                    yield 1
            finally:
                ended.set()

        async def read() -> None:
            numbers = from_thread(endless)
            await anext(numbers)
            await asyncio.sleep(0)
            await numbers.aclose()  # type: ignore[attr-defined]
            await until(ended.is_set)

        asyncio.run(read())


def test_what_is_heard_twice_before_it_is_read_comes_once() -> None:
    async def read() -> list[str]:
        hears: list[Callable[[str], None]] = []

        def subscribe(hear: Callable[[str], None]) -> Callable[[], None]:
            hears.append(hear)
            return hears.clear

        heard = from_callbacks(subscribe)
        first = asyncio.ensure_future(anext(heard))
        await until(lambda: bool(hears))
        for what in ("a", "a", "b"):
            hears[0](what)
        told = [await first, await anext(heard)]
        await heard.aclose()  # type: ignore[attr-defined]
        assert hears == []
        return told

    assert asyncio.run(read()) == ["a", "b"]
