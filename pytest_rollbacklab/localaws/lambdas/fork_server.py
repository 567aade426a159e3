"""The fork server: a process of its own that turns into execution environments on request.

``python -m pytest_rollbacklab.localaws.lambdas.fork_server FD``, where FD is one end of a socket pair. It is
single-threaded (a fork copies one thread alone, and with it the locks that others held) and has loaded what every
environment needs, so that an environment starts in milliseconds. It is also the one who reaps: only it knows for
certain that a process id still means the process that it started, so it does the killing too.

Lines of JSON, both ways. Requests, ``fork`` and ``spawn`` with one descriptor (the output pipe's write end):

    {"do": "fork" | "spawn", "id": 1, "handler": "app.main", "task_root": "/...", "environ": {...}, "command": []}
    {"do": "kill", "pid": 4711}

Answers:

    {"ready": true, "loaded": ["boto3", ...], "failure": null}    once; a failed preload leaves only "spawn"
    {"id": 1, "pid": 4711}   or   {"id": 1, "error": "..."}
    {"pid": 4711, "status": 9, "max_rss_bytes": 41943040}         as soon as it has ended

When the socket closes, the owner is gone: every environment is killed, and the server ends. It knows nothing of
functions, requests or logs. Standard library alone, beside what it preloads.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from pytest_rollbacklab.localaws.lambdas.forked import ForkedEnvironment, become_subreaper
from pytest_rollbacklab.localaws.lambdas.preload import preload

__all__ = ["ForkServer", "main"]

_RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


class ForkServer:
    """The server's state: the owner's socket and the environments that are alive.

    Args:
        owner: Connected to whoever asks for environments.
    """

    def __init__(self, owner: socket.socket) -> None:
        self._owner = owner
        self._alive: set[int] = set()
        self._unread = b""
        self._descriptors: list[int] = []
        self._child: tuple[str, ForkedEnvironment] | None = None

    def serve(self) -> tuple[str, ForkedEnvironment] | None:
        """Serve until the owner is gone.

        Returns:
            In the server: None. In a child: what to become (``fork`` or ``spawn``), up here and not deeper in the
            stack, so that the child's own end (exit handlers, threads to join) is that of a normal interpreter.
        """
        woken, waker = socket.socketpair()
        for end in (woken, waker):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        with selectors.PollSelector() as selector:  # has no descriptor of its own for a child to inherit
            selector.register(self._owner, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while self._serve_once(selector, woken):
                pass
        for end in (woken, waker, self._owner):
            end.close()
        return self._child

    def greet(self, failure: str | None) -> None:
        """Tell the owner that requests are served, and which modules a forked child will find loaded."""
        loaded = sorted({name.partition(".")[0] for name in sys.modules})
        self._tell({"ready": True, "loaded": loaded, "failure": failure})

    def kill_all(self) -> None:
        """Kill every environment with all that it has started."""
        for pid in tuple(self._alive):
            _kill_group(pid)
        for pid in _children():
            _kill_group(pid)

    def _serve_once(self, selector: selectors.BaseSelector, woken: socket.socket) -> bool:
        """Wait for something and do it; False when there is no more to do in this process."""
        for key, _ in selector.select():
            if key.fileobj is woken:
                woken.recv(4096)
                self._reap()
            elif not self._receive():
                return False
        return True

    def _receive(self) -> bool:
        """Read and obey what the owner sent; False when it is gone, or when this has become a child."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._owner, 65536, 16)
        except ConnectionError:
            return False
        self._descriptors += descriptors
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))
            if self._child is not None:
                return False
        return bool(data)

    def _obey(self, request: dict[str, Any]) -> None:
        if request["do"] == "kill":
            if request["pid"] in self._alive:
                _kill_group(request["pid"])
            return
        environment = ForkedEnvironment.from_request(request, output=self._descriptors.pop(0))
        try:
            pid = os.fork()
        except OSError as error:
            self._tell({"id": request["id"], "error": str(error)})
        else:
            if pid == 0:
                self._child = (request["do"], environment)
                environment.detach()
                for descriptor in self._descriptors:
                    os.close(descriptor)
                return
            self._alive.add(pid)
            self._tell({"id": request["id"], "pid": pid})
        os.close(environment.output)

    def _reap(self) -> None:
        """Report every environment that has ended, and leave nothing of it behind."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid not in self._alive:
                continue
            self._alive.remove(pid)
            _kill_group(pid)
            self._kill_orphans()
            self._tell({"pid": pid, "status": status, "max_rss_bytes": usage.ru_maxrss * _RSS_UNIT_BYTES})

    def _kill_orphans(self) -> None:
        """Kill what left its environment's process group and lost its parent: it became this server's child.

        An orphan that is still in the session of a living environment is that environment's own.
        """
        for pid in _children() - self._alive:
            with contextlib.suppress(ProcessLookupError):
                if os.getsid(pid) not in self._alive:
                    _kill_group(pid)

    def _tell(self, message: dict[str, Any]) -> None:
        # The owner may be gone: the next read says so.
        with contextlib.suppress(ConnectionError):
            self._owner.sendall(json.dumps(message).encode() + b"\n")


def _kill_group(pid: int) -> None:
    """Kill a process and its group; it may not have made its group yet, and either may be gone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _children() -> set[int]:
    """This process's children, adopted ones among them; empty where the kernel does not say."""
    try:
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text()
    except OSError:
        return set()
    return {int(pid) for pid in listed.split()}


def _leave_home() -> None:
    """Make this project invisible to functions: what has been imported of it stays, and no more can be.

    When it is installed, its home is a ``site-packages`` full of what no function would find on AWS.
    """
    package = sys.modules[__package__.partition(".")[0]]
    home = str(Path(package.__path__[0]).parent)
    sys.path[:] = [entry for entry in sys.path if entry != home]
    for name in list(sys.modules):
        if name.partition(".")[0] == package.__name__:
            del sys.modules[name]


def main() -> None:
    """Serve on the descriptor that the command line names; in a child, become an execution environment."""
    become_subreaper()
    _leave_home()
    server = ForkServer(socket.socket(fileno=int(sys.argv[1])))
    failure = None
    try:
        preload()
    except Exception as error:  # noqa: BLE001 - whatever keeps boto3 from loading: told to the owner, who then spawns
        failure = f"{type(error).__name__}: {error}"
    server.greet(failure)
    child = server.serve()
    if child is None:
        server.kill_all()
        return
    how, environment = child
    if how == "spawn":
        environment.spawn()
    environment.run()


if __name__ == "__main__":
    main()
