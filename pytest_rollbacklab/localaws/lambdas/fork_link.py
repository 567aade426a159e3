"""One fork server process and the socket to it, until either ends.

Messages are lines of JSON, as ``fork_server`` describes them; a request may carry a file descriptor. The event loop is
told when the socket has something to say, so nothing here waits. Starting another server is ``forks``' decision.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pytest_rollbacklab.localaws.lambdas.interpreter import Interpreter

__all__ = ["ForkLink"]

_MODULE = "pytest_rollbacklab.localaws.lambdas.fork_server"
_LAST_WORDS_BYTES = 2000
_CLOSE_TIMEOUT_S = 2


class ForkLink:
    """A started fork server.

    Args:
        interpreter: The Python to run it on.
        on_message: Called with each message that it sends.
        on_death: Called once, when its socket closes unasked, with its exit status and what it last wrote.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        *,
        on_message: Callable[[dict[str, Any]], None],
        on_death: Callable[[str], None],
    ) -> None:
        self._on_message = on_message
        self._on_death = on_death
        self._unread = b""
        self._unsent: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._loop = asyncio.get_running_loop()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process that writes to it
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        with theirs:
            self._process = self._start(interpreter, theirs.fileno())
        self._loop.add_reader(self._socket, self._read)

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: Mapping[str, Any], *descriptors: int) -> None:
        """Send a message, with descriptors that stay open here until it is answered."""
        self._unsent.append((json.dumps(message).encode() + b"\n", descriptors))
        self._write()

    async def close(self) -> None:
        """Hang up: the server kills its children and ends. Returns when it has."""
        self._hang_up()
        await asyncio.to_thread(self._wait)
        self._said.close()

    def _start(self, interpreter: Interpreter, descriptor: int) -> subprocess.Popen[bytes]:
        package = Path(__file__).parents[3]
        return subprocess.Popen(
            [str(interpreter.python), "-X", "utf8", "-m", _MODULE, str(descriptor)],
            pass_fds=(descriptor,),
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._said,
            cwd=interpreter.home,
            start_new_session=True,
            # Nothing of the user's: botocore would read ~/.aws while it preloads. The last one is for macOS, whose
            # Objective-C runtime otherwise ends a forked child that comes near it.
            env={
                "HOME": str(interpreter.home),
                "PATH": os.defpath,
                "PYTHONPATH": str(package),
                "PYTHONSAFEPATH": "1",
                "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",
            },
        )

    def _read(self) -> None:
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except ConnectionError:
            data = b""
        if not data:
            self._died()
            return
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._on_message(json.loads(line))

    def _write(self) -> None:
        """Send what is waiting, as far as the socket takes it; the rest when it takes more."""
        while self._unsent:
            data, descriptors = self._unsent[0]
            try:
                sent = socket.send_fds(self._socket, [data], descriptors)
            except BlockingIOError:
                self._loop.add_writer(self._socket, self._write)
                return
            except OSError:  # it is dying: the read side says so
                self._unsent.clear()
                break
            self._unsent.popleft()
            if sent < len(data):
                self._unsent.appendleft((data[sent:], ()))
        self._loop.remove_writer(self._socket)

    def _died(self) -> None:
        self._hang_up()
        status = self._wait()
        self._said.seek(max(0, os.fstat(self._said.fileno()).st_size - _LAST_WORDS_BYTES))
        words = self._said.read().decode("utf-8", "replace").strip()
        self._said.close()
        self._on_death(f"exit status {status}; it last said: {words or 'nothing'}")

    def _wait(self) -> int:
        """Wait for the process's end, which its socket's end comes just before or after."""
        try:
            return self._process.wait(_CLOSE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def _hang_up(self) -> None:
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
