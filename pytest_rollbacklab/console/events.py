"""Server-sent events: written as they come, kept alive when none do, and over as soon as nobody listens; only so many.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from aiohttp import web

from pytest_rollbacklab.console.faults import Refused, as_data, explain
from pytest_rollbacklab.console.html import render
from pytest_rollbacklab.console.plain import as_json, plain
from pytest_rollbacklab.console.visit import EventStream, ServerEvent, Visit

__all__ = ["CLOSING", "MOST_STREAMS", "OPEN", "send_events"]

CLOSING = web.AppKey("closing", asyncio.Event)
"""Set when the server goes down: every stream ends."""
OPEN = web.AppKey("open", Counter[str])
"""How many streams of each place are listened to, by its key."""
MOST_STREAMS = 64
"""At once, of one place: each is a connection, and may have a thread."""

_LOOK_S = 1.0
"""How often a quiet stream looks whether its listener is still there; aiohttp tells it by the transport alone."""
_HEARTBEAT_LOOKS = 15
_END = ServerEvent(event="", data=None)


async def send_events(visit: Visit, stream: EventStream) -> web.StreamResponse:
    """Send a stream's events until it ends, the listener leaves, or the server goes down.

    Raises:
        Refused: with 503, when too many are listened to.
    """
    opened, key = visit.request.app[OPEN], visit.place.key
    if opened[key] >= MOST_STREAMS:
        raise Refused(
            503,
            f"{MOST_STREAMS} pages and programs listen to this lab already",
            mend="close some of them, and load this page again",
        )
    opened[key] += 1
    try:
        return await _send(visit, stream)
    finally:
        opened[key] -= 1


async def _send(visit: Visit, stream: EventStream) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no"})
    try:
        await answer.prepare(visit.request)
        if visit.request.method == "HEAD":
            return answer
        async for event in _while_listened_to(visit.request, stream.events):
            await answer.write(b": \n\n" if event is None else await visit.run(_written, visit, event))
    except ConnectionResetError:
        pass
    except Exception as error:  # noqa: BLE001 - the answer has begun, so that it can only be told as an event
        _, shown = explain(error)
        with contextlib.suppress(ConnectionResetError):
            await answer.write(_written(visit, ServerEvent(event="failed", data=as_data(shown))))
    finally:
        if isinstance(stream.events, AsyncGenerator):
            await stream.events.aclose()
    return answer


def _written(visit: Visit, event: ServerEvent) -> bytes:
    data: Any = plain(event.data)
    if event.template is not None and visit.query.get("html") == "1":
        data = {**data, "html": render(visit, event.template, {"line": event.data}).decode()}
    return b"event: " + event.event.encode() + b"\ndata: " + as_json(data) + b"\n\n"


async def _while_listened_to(
    request: web.Request, events: AsyncIterator[ServerEvent | None]
) -> AsyncIterator[ServerEvent | None]:
    """Yield events as they come, None when it has been quiet, until there are no more or nobody is there to read."""
    closing = asyncio.ensure_future(request.app[CLOSING].wait())
    coming = asyncio.ensure_future(anext(events, _END))
    looks = 0
    try:
        while not (closing.done() or request.transport is None or request.transport.is_closing()):
            await asyncio.wait({closing, coming}, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
            if coming.done():
                event, looks = coming.result(), 0
                if event is _END:
                    return
                yield event
                coming = asyncio.ensure_future(anext(events, _END))
            elif (looks := looks + 1) % _HEARTBEAT_LOOKS == 0:
                yield None
    finally:
        for waiting in (closing, coming):
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await waiting
