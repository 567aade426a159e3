"""The local AWS on a port: HTTP in, HTTP out, by a kept library that leaves header case and the raw path alone.

It runs until it is told to stop: by a signal, or, as somebody's child, by the end of its standard input, which comes
when the parent ends, whatever ended it. It listens on 127.0.0.1 and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from pytest_rollbacklab.localaws.cloud import Cloud
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.journal.directory import StateDirectory, open_directory
from pytest_rollbacklab.localaws.journal.journal import Journal
from pytest_rollbacklab.localaws.telemetry.delays import AT_ONCE, Delays

__all__ = ["HOST", "STAY", "PortInUseError", "serve"]

HOST = "127.0.0.1"
_MAX_BODY_BYTES = 512 * 1024 * 1024  # a package of 250 MB, base64, with room; each service has limits of its own
_MAX_LINE_BYTES = 64 * 1024
_COLLECT_AFTER = 10_000  # objects; a call of moto makes some thousands, and next to none of them are cycles

STAY = b"stay\n"
"""What a parent writes to the standard input of its ``--die-with-stdin`` child to leave it running."""


class PortInUseError(Exception):
    """The port that was asked for is taken."""


async def serve(
    *,
    port: int,
    on_ready: Callable[[str], object],
    die_with_stdin: bool = False,
    state: Path | None = None,
    fresh: bool = False,
    strict_iam: bool = False,
    delays: Delays = AT_ONCE,
) -> None:
    """Run the local AWS until it is told to stop.

    Args:
        port: On 127.0.0.1; 0 for any free one.
        on_ready: Called with the endpoint's URL once it answers.
        die_with_stdin: Stop when standard input ends.
        state: The directory to keep what is in it in; None when nothing is kept.
        fresh: Forget what is kept there.
        strict_iam: Refuse access keys that were not issued here.
        delays: How long it takes until metrics and logs can be read.

    Raises:
        PortInUseError: the port is taken.
        StateError: the directory cannot be had, or what is kept there cannot be read.
    """
    stop = asyncio.Event()
    _stop_on_signals(stop)
    with contextlib.ExitStack() as stack:
        directory = None if state is None else stack.enter_context(open_directory(state, fresh=fresh))
        async with listening(port, directory, strict_iam=strict_iam, delays=delays) as endpoint:
            if die_with_stdin:
                _stop_with_stdin(stop)
            # What is here by now stays to the end, and a collection that looked at all of it would hold up a request.
            gc.freeze()
            gc.set_threshold(_COLLECT_AFTER, 10, 10)
            on_ready(endpoint)
            await stop.wait()


@contextlib.asynccontextmanager
async def listening(
    port: int, directory: StateDirectory | None = None, *, strict_iam: bool = False, delays: Delays = AT_ONCE
) -> AsyncIterator[str]:
    """Serve on the port within the block, which is given the endpoint's URL.

    The port is taken first, since its number goes into what the local AWS tells; it is listened on when everything that
    was kept is back.

    Raises:
        PortInUseError: the port is taken.
        StateError: what is kept cannot be read.
    """
    with _bind(port) as listener:
        endpoint = f"http://{HOST}:{listener.getsockname()[1]}"
        journal = None if directory is None else Journal(directory)
        cloud = Cloud(endpoint=endpoint, journal=journal, strict_iam=strict_iam, delays=delays)
        runner = web.ServerRunner(_http_server(cloud.answer), shutdown_timeout=1.0)
        await runner.setup()
        try:
            await cloud.start()
            await web.SockSite(runner, listener, backlog=1024).start()
            yield endpoint
        finally:
            await runner.cleanup()
            await cloud.close()


def _bind(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
    except OSError as error:
        listener.close()
        raise PortInUseError(f"port {port} of {HOST} cannot be had: {error.strerror or error}") from error
    return listener


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
        if response.stream is not None:
            sent = web.StreamResponse(status=response.status, reason=response.reason, headers=headers)
            await server.send_stream(request, sent, response.stream)
            return sent
        return web.Response(status=response.status, reason=response.reason, headers=headers, body=response.body)

    def with_large_bodies(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        return web.BaseRequest(
            message, payload, protocol, writer, task, asyncio.get_running_loop(), client_max_size=_MAX_BODY_BYTES
        )

    server = _Server(
        handle,
        request_factory=with_large_bodies,
        access_log=None,
        max_line_size=_MAX_LINE_BYTES,
        max_field_size=_MAX_LINE_BYTES,
    )
    return server


class _Server(web.Server):
    """The library's server, in which an answer that goes on ends with its connection, or when the server stops."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._streams: dict[Any, asyncio.Task[None]] = {}

    async def send_stream(
        self, request: web.BaseRequest, response: web.StreamResponse, stream: AsyncGenerator[bytes, None]
    ) -> None:
        """Send an answer piece by piece, as the pieces come."""

        async def send() -> None:
            async with contextlib.aclosing(stream):
                await response.prepare(request)
                async for piece in stream:
                    await response.write(piece)

        sending = self._streams[request.protocol] = asyncio.ensure_future(send())
        try:
            await asyncio.wait({sending})
        finally:
            self._streams.pop(request.protocol, None)
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sending

    def connection_lost(self, handler: Any, exc: BaseException | None = None) -> None:
        if sending := self._streams.get(handler):
            sending.cancel()
        super().connection_lost(handler, exc)

    def pre_shutdown(self) -> None:
        for sending in self._streams.values():
            sending.cancel()
        super().pre_shutdown()


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
