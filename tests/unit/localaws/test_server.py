"""The port: what arrives is what was sent, byte for byte, and what boto3 waits for comes at once."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest
from aiohttp import web

from pytest_rollbacklab.localaws import server
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse


async def exchange(raw: bytes, response: HttpResponse) -> tuple[list[HttpRequest], bytes]:
    """Send raw bytes to the server, and return what it saw and what it answered."""
    seen: list[HttpRequest] = []

    async def answer(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return response

    runner = web.ServerRunner(server._http_server(answer), shutdown_timeout=1.0)
    await runner.setup()
    try:
        listener = server._bind(0)
        await web.SockSite(runner, listener).start()
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(raw)
        answered = await asyncio.wait_for(reader.read(), timeout=10)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    finally:
        await runner.cleanup()
    return seen, answered


OK = HttpResponse(status=200, body=b"ok", headers=(("X-MiXeD", "1"), ("Set-Cookie", "a"), ("Set-Cookie", "b")))


def test_header_case_order_and_the_raw_path_survive() -> None:
    raw = b"GET //a%2Fb/../c?x=%20&y=+ HTTP/1.1\r\nHost: h\r\nX-MiXeD: One\r\nx-mixed: two\r\nConnection: close\r\n\r\n"
    (request,), answered = asyncio.run(exchange(raw, OK))
    assert request.target == "//a%2Fb/../c?x=%20&y=+"
    assert request.headers[1:3] == (("X-MiXeD", "One"), ("x-mixed", "two"))
    assert request.header("HOST") == "h"
    assert request.source_ip == "127.0.0.1"
    head = answered.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"HTTP/1.1 200 OK"
    assert b"X-MiXeD: 1" in head
    assert [line for line in head if line.startswith(b"Set-Cookie")] == [b"Set-Cookie: a", b"Set-Cookie: b"]


def test_an_upload_that_waits_for_encouragement_gets_it() -> None:
    raw = b"PUT /k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
    (request,), answered = asyncio.run(exchange(raw, OK))
    assert request.body == b"abc"
    assert answered.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


def test_large_bodies_pass() -> None:
    body = b"x" * (8 * 1024 * 1024)
    raw = b"PUT /k HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    (request,), _ = asyncio.run(exchange(raw, OK))
    assert request.body == body


def test_a_reason_phrase_of_ones_own() -> None:
    raw = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    _, answered = asyncio.run(exchange(raw, HttpResponse(status=502, reason="Bad Gateway")))
    assert answered.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def test_a_port_in_use_is_named(taken_port: int) -> None:
    async def serve() -> None:
        async with server.listening(taken_port):
            pass

    with pytest.raises(server.PortInUseError, match=f"port {taken_port} of 127.0.0.1 cannot be had"):
        asyncio.run(serve())
