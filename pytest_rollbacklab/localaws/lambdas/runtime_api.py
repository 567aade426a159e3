"""The Lambda Runtime API, for one runtime on a port of its own.

awslambdaric knows a host and a port and nothing else, so the port is what tells runtimes apart. Paths, headers and
errors are those of "Using the Lambda runtime API" and of the runtime interface emulator (runtime-api-next-headers,
runtime-api-errors). A request is checked before the state is moved, for moves are not taken back. What an answer leads
to is ``environment``'s work.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable

from aiohttp import web

from pytest_rollbacklab.localaws.lambdas.runtime import Answer, IllegalTransition, Runtime, UnknownRequest, Work

__all__ = ["RESPONSE_LIMIT_BYTES", "RuntimeApi"]

RESPONSE_LIMIT_BYTES = 6291556
_XRAY_CAUSE_LIMIT_BYTES = 2 * 1024 * 1024
"""awslambdaric sends up to 1 MiB of an error's cause in a header."""
_ERROR_TYPE = re.compile(r"(Runtime|Function)\.[A-Z][a-zA-Z]+")

_Handler = Callable[["RuntimeApi", web.BaseRequest, str], Awaitable[web.Response]]


class RuntimeApi:
    """The API's server.

    Args:
        runtime: Whose it is.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._http = web.Server(
            self._handle, access_log=None, handler_cancellation=True, max_field_size=_XRAY_CAUSE_LIMIT_BYTES
        )
        self._listener: asyncio.Server | None = None

    async def open(self) -> str:
        """Listen; return ``host:port``."""
        self._listener = await asyncio.get_running_loop().create_server(self._http, "127.0.0.1", 0)
        host, port = self._listener.sockets[0].getsockname()
        return f"{host}:{port}"

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._listener is not None:
            self._listener.close()
        await self._http.shutdown(timeout=0)

    async def _handle(self, request: web.BaseRequest) -> web.Response:
        for method, pattern, handler in _ROUTES:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                try:
                    return await handler(self, request, match.groupdict().get("request_id", ""))
                except IllegalTransition as error:
                    return _error(403, "InvalidStateTransition", str(error))
                except UnknownRequest:
                    return _error(400, "InvalidRequestID", "Invalid request ID")
        return web.Response(status=404, text="404 page not found\n")

    async def _next(self, request: web.BaseRequest, request_id: str) -> web.Response:  # noqa: ARG002 - has neither
        work = await self._runtime.next()
        return web.Response(body=work.payload, content_type="application/json", headers=_invocation_headers(work))

    async def _response(self, request: web.BaseRequest, request_id: str) -> web.Response:
        if request.headers.get("Lambda-Runtime-Function-Response-Mode", "streaming") != "streaming":
            return _error(400, "InvalidFunctionResponseMode", "Invalid function response mode")
        payload = await _body(request)
        if payload is not None:
            self._runtime.respond(request_id, Answer(payload=payload))
            return _accepted()
        self._runtime.respond(request_id, _too_large())
        message = f"Exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)."
        return _error(413, "RequestEntityTooLarge", message)

    async def _error(self, request: web.BaseRequest, request_id: str) -> web.Response:
        self._runtime.respond(request_id, await _reported_error(request))
        return _accepted()

    async def _init_error(self, request: web.BaseRequest, request_id: str) -> web.Response:  # noqa: ARG002 - has none
        self._runtime.fail_to_initialise(await _reported_error(request))
        return _accepted()


_ROOT = "/2018-06-01/runtime"
_INVOCATION = _ROOT + r"/invocation/(?P<request_id>[^/]+)"
_ROUTES: tuple[tuple[str, re.Pattern[str], _Handler], ...] = (
    ("GET", re.compile(_ROOT + r"/invocation/next"), RuntimeApi._next),
    ("POST", re.compile(_INVOCATION + "/response"), RuntimeApi._response),
    ("POST", re.compile(_INVOCATION + "/error"), RuntimeApi._error),
    ("POST", re.compile(_ROOT + "/init/error"), RuntimeApi._init_error),
)


def _invocation_headers(work: Work) -> dict[str, str]:
    headers = {
        "Lambda-Runtime-Aws-Request-Id": work.request_id,
        "Lambda-Runtime-Deadline-Ms": str(work.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": work.invoked_arn,
        "Lambda-Runtime-Trace-Id": work.trace_id,
    }
    if work.client_context:
        headers["Lambda-Runtime-Client-Context"] = work.client_context
    return headers


async def _body(request: web.BaseRequest) -> bytes | None:
    """Read a body; None when it is longer than Lambda takes. It is read to its end all the same, to be answered."""
    body = bytearray()
    too_long = False
    async for piece in request.content.iter_any():
        too_long = too_long or len(body) + len(piece) > RESPONSE_LIMIT_BYTES
        if not too_long:
            body += piece
    return None if too_long else bytes(body)


async def _reported_error(request: web.BaseRequest) -> Answer:
    payload = await _body(request)
    if payload is None:
        return _too_large()
    told = request.headers.get("Lambda-Runtime-Function-Error-Type", "")
    known = told if _ERROR_TYPE.fullmatch(told) else "Runtime.Unknown"
    return Answer(payload=payload, is_error=True, error_type=known)


def _too_large() -> Answer:
    """Answer for a runtime that said too much (as recorded: lambda-response-too-large)."""
    message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT_BYTES} bytes)."
    payload = json.dumps({"errorMessage": message, "errorType": "Function.ResponseSizeTooLarge"}).encode()
    return Answer(payload=payload, is_error=True, error_type="Function.ResponseSizeTooLarge", ends_runtime=True)


def _accepted() -> web.Response:
    return web.Response(status=202, body=b'{"status":"OK"}', content_type="application/json")


def _error(status: int, error_type: str, message: str) -> web.Response:
    content = json.dumps({"errorMessage": message, "errorType": error_type})
    return web.Response(status=status, body=content.encode(), content_type="application/json")
