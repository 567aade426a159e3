"""The local AWS on a port: HTTP in, HTTP out, by a kept library that leaves header case and the raw path alone.

It runs until it is told to stop: by a signal, or, as somebody's child, by the end of its standard input, which comes
when the parent ends, whatever ended it. It listens on 127.0.0.1 and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from pytest_rollbacklab.localaws.cloud import Cloud
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse

__all__ = ["HOST", "STAY", "PortInUseError", "serve"]

HOST = "127.0.0.1"
_MAX_BODY_BYTES = 512 * 1024 * 1024  # a package of 250 MB, base64, with room; each service has limits of its own
_MAX_LINE_BYTES = 64 * 1024

STAY = b"stay\n"
"""What a parent writes to the standard input of its ``--die-with-stdin`` child to leave it running."""


class PortInUseError(Exception):
    """The port that was asked for is taken."""


async def serve(*, port: int, on_ready: Callable[[str], None], die_with_stdin: bool = False) -> None:
    """Run the local AWS until it is told to stop.

    Args:
        port: On 127.0.0.1; 0 for any free one.
        on_ready: Called with the endpoint's URL once it answers.
        die_with_stdin: Stop when standard input ends.

    Raises:
        PortInUseError: the port is taken.
    """
    stop = asyncio.Event()
    _stop_on_signals(stop)
    async with listening(port) as endpoint:
        if die_with_stdin:
            _stop_with_stdin(stop)
        on_ready(endpoint)
        await stop.wait()


@contextlib.asynccontextmanager
async def listening(port: int) -> AsyncIterator[str]:
    """Serve on the port within the block, which is given the endpoint's URL."""
    cloud: Cloud | None = None

    async def answer(request: HttpRequest) -> HttpResponse:
        assert cloud is not None
        return await cloud.front_door.answer(request)

    runner = web.ServerRunner(_http_server(answer), shutdown_timeout=1.0)
    await runner.setup()
    try:
        endpoint = await _bind(runner, port)
        cloud = Cloud(endpoint=endpoint)
        await cloud.start()
        yield endpoint
    finally:
        await runner.cleanup()
        if cloud is not None:
            await cloud.close()


async def _bind(runner: web.ServerRunner, port: int) -> str:
    site = web.TCPSite(runner, HOST, port, backlog=1024)
    try:
        await site.start()
    except OSError as error:
        raise PortInUseError(f"port {port} of {HOST} cannot be had: {error.strerror or error}") from error
    name: tuple[str, int] = runner.addresses[0]
    return f"http://{HOST}:{name[1]}"


def _http_server(answer: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> web.Server:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        await _encourage(request)
        response = await answer(
            HttpRequest(
                method=request.method,
                target=request.raw_path,
                headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.raw_headers),
                body=await request.read(),
                source_ip=request.remote or HOST,
            )
        )
        headers = CIMultiDict(response.headers)
        return web.Response(status=response.status, reason=response.reason, headers=headers, body=response.body)

    def with_large_bodies(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(
            message, payload, protocol, writer, task, asyncio.get_running_loop(), client_max_size=_MAX_BODY_BYTES
        )

    return web.Server(
        handle,
        request_factory=with_large_bodies,
        access_log=None,
        max_line_size=_MAX_LINE_BYTES,
        max_field_size=_MAX_LINE_BYTES,
    )


async def _encourage(request: web.BaseRequest) -> None:
    """Answer ``Expect: 100-continue`` at once: boto3 holds an upload back for it."""
    if request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)


def _stop_with_stdin(stop: asyncio.Event) -> None:
    """Stop when standard input ends, unless the parent says ``stay`` before it goes."""
    loop, stdin = asyncio.get_running_loop(), sys.stdin.fileno()

    def readable() -> None:
        said = os.read(stdin, 4096)
        if not said:
            stop.set()
        if not said or STAY in said:
            loop.remove_reader(stdin)

    loop.add_reader(stdin, readable)
