"""git over HTTP: requests handed to git's own ``http-backend``, both ways as they come, and nothing kept in memory.

https://git-scm.com/docs/git-http-backend. Only the smart protocol is served, and only under an address whose key is
known. When a pusher goes away, what git had begun is left to finish, so that no deployment stops midway; a reader's
git is ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

__all__ = ["HostedRepository", "SmartHttp"]

_log = logging.getLogger(__name__)

_CHUNK_BYTES = 64 * 1024
_LONGEST_HEADER_BYTES = 16 * 1024
_WORDS_BYTES = 4096
_SERVICES = ("git-upload-pack", "git-receive-pack")
_NOTHING = "there is no such repository here; the lab prints its address when it starts\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class HostedRepository:
    """A bare repository and whose it is."""

    path: Path
    owner: str


class SmartHttp:
    """Serves repositories at ``/git/{key}/{name}.git``.

    Args:
        repositories: By key; looked up at each request.
    """

    def __init__(self, repositories: Mapping[str, HostedRepository]) -> None:
        self._repositories = repositories
        self.pushes_at_work = 0

    def add_to(self, app: web.Application) -> None:
        """Add the addresses that git knows."""
        app.router.add_get("/git/{key}/{name}/info/refs", self._answer)
        for service in _SERVICES:
            app.router.add_post("/git/{key}/{name}/" + service, self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        hosted = self._repositories.get(request.match_info["key"])
        if hosted is None or request.match_info["name"] != hosted.path.name:
            return web.Response(status=404, text=_NOTHING)
        service = request.path.rpartition("/")[2] if request.method == "POST" else request.query.get("service", "")
        if service not in _SERVICES:
            return web.Response(status=403, text="only git's smart protocol is spoken here\n")
        # A process group of its own: Ctrl-C in the lab's terminal is not meant for it.
        backend = await asyncio.create_subprocess_exec(
            "git",
            "http-backend",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(request, hosted),
            process_group=0,
        )
        is_push = request.path.endswith("/git-receive-pack")
        self.pushes_at_work += is_push
        try:
            return await _Exchange(request, backend, is_push=is_push).run()
        finally:
            self.pushes_at_work -= is_push


class _Exchange:
    """One request and the process that answers it."""

    def __init__(self, request: web.Request, backend: asyncio.subprocess.Process, *, is_push: bool) -> None:
        self._request, self._backend, self._is_push = request, backend, is_push
        assert backend.stdin is not None
        assert backend.stdout is not None
        assert backend.stderr is not None
        self._stdin, self._stdout, self._stderr = backend.stdin, backend.stdout, backend.stderr
        self._gone = False

    async def run(self) -> web.StreamResponse:
        feeding = asyncio.ensure_future(self._feed())
        listening = asyncio.ensure_future(_last_words(self._stderr))
        try:
            answer = await self._send()
        finally:
            feeding.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await feeding
            if self._gone and not self._is_push and self._backend.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self._backend.pid, signal.SIGTERM)
            status, words = await self._backend.wait(), await listening
            if status > 0 or (words and status == 0):
                _log.info("git http-backend ended with %d: %s", status, words)
        return answer

    async def _feed(self) -> None:
        """Hand over the request's body: inflated, when the client had it compressed, by the HTTP server."""
        try:
            async for chunk in self._request.content.iter_chunked(_CHUNK_BYTES):
                self._stdin.write(chunk)
                await self._stdin.drain()
        except ConnectionError:
            pass  # git has read enough, or the client is gone: git says what it lacks
        except Exception as error:  # noqa: BLE001 - a body that breaks off or does not inflate: git says what it lacks
            _log.info("a push broke off: %s", error)
        finally:
            self._stdin.close()

    async def _send(self) -> web.StreamResponse:
        """Send what git answers. The pusher may leave: it is read to its end all the same."""
        answer = await self._head()
        try:
            await answer.prepare(self._request)
        except ConnectionError:
            self._gone = True
        while (self._is_push or not self._gone) and (chunk := await self._stdout.read(_CHUNK_BYTES)):
            try:
                if not self._gone:
                    await answer.write(chunk)
            except ConnectionError:
                self._gone = True
        return answer

    async def _head(self) -> web.StreamResponse:
        """Return an answer with the status and the headers that git gives (RFC 3875, section 6)."""
        answer, length = web.StreamResponse(), 0
        while (line := await self._stdout.readline()) not in (b"\r\n", b"\n"):
            length += len(line)
            if not line or length > _LONGEST_HEADER_BYTES:
                return web.StreamResponse(status=502, reason="git did not answer")
            name, _, value = line.decode("latin-1").strip().partition(": ")
            if name.lower() == "status":
                answer.set_status(int(value.partition(" ")[0]), value.partition(" ")[2])
            else:
                answer.headers[name] = value
        return answer


def _environment(request: web.Request, hosted: HostedRepository) -> dict[str, str]:
    """Return a CGI program's environment, with nothing of the user's and nothing of theirs for git to read."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROJECT_ROOT": str(hosted.path.parent),
        "PATH_INFO": "/" + request.path.split("/", 3)[3],
        "QUERY_STRING": request.query_string,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "REMOTE_USER": hosted.owner,
        "REMOTE_ADDR": "127.0.0.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    protocol = request.headers.get("Git-Protocol")
    return environment | ({"GIT_PROTOCOL": protocol} if protocol else {})


async def _last_words(stream: asyncio.StreamReader) -> str:
    words = b""
    while chunk := await stream.read(_WORDS_BYTES):
        words = (words + chunk)[-_WORDS_BYTES:]
    return words.decode("utf-8", "replace").strip()
