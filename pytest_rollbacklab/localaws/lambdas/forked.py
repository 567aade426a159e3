"""What a process does after the fork to become an execution environment.

It starts as a copy of the fork server and has to end as if ``python -m awslambdaric HANDLER`` had been started in a
clean machine: own session and process group, output on the pipe (``detach``), own environment variables and directory
(``settle``), the task root first on ``sys.path`` (``run``), in this order.

Nothing here is for the parent: see ``fork_server``. Standard library alone.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["ForkedEnvironment", "become_subreaper"]

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, kw_only=True, slots=True)
class ForkedEnvironment:
    """One execution environment, as asked for by the cloud."""

    handler: str
    """As configured: ``functions/create.main``."""
    environ: Mapping[str, str]
    """All of its environment variables."""
    task_root: str
    """The unpacked package: working directory and first place to import from."""
    output: int
    """The write end of the pipe that its standard output, standard error and telemetry go to."""
    server: int
    """The fork server's process id."""
    command: Sequence[str] = ()
    """What to spawn; empty for Python."""

    @classmethod
    def from_request(cls, request: Mapping[str, Any], *, output: int) -> ForkedEnvironment:
        return cls(
            handler=request["handler"],
            environ=request["environ"],
            task_root=request["task_root"],
            output=output,
            server=os.getpid(),
            command=request.get("command", ()),
        )

    def detach(self) -> None:
        """Leave the fork server's session, signals and descriptors; take the pipe as output."""
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _die_with(self.server)
        os.dup2(self.output, 1)
        os.dup2(self.output, 2)

    def settle(self) -> int:
        """Take on environment variables, time zone and working directory; return the telemetry descriptor."""
        telemetry = os.dup(self.output)
        os.close(self.output)
        os.environ.clear()
        os.environ.update(self.environ)
        os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(telemetry)
        time.tzset()
        os.chdir(self.task_root)
        return telemetry

    def run(self) -> None:
        """Serve invocations until killed, in this very process. Returns only by an exception (``SystemExit``)."""
        self.settle()
        also = [entry for entry in self.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
        sys.path[:0] = [self.task_root, *also]
        sys.dont_write_bytecode = True  # the package is read-only, as on AWS
        gc.enable()
        from awslambdaric.__main__ import main

        main(["/var/runtime/bootstrap.py", self.handler])

    def spawn(self) -> None:
        """Serve invocations in a fresh interpreter, of whichever language, that takes this process's place."""
        telemetry = self.settle()
        os.set_inheritable(telemetry, True)
        if self.command:
            os.environ["_ROLLBACKLAB_RUNTIME_API_FD"] = str(_connected(self.environ["AWS_LAMBDA_RUNTIME_API"]))
        command = [*self.command] or [sys.executable, "-B", "-m", "awslambdaric", self.handler]
        os.execve(command[0], command, os.environ)  # noqa: S606 - there is no shell to want here


def _connected(address: str) -> int:
    """Connect to ``host:port`` for the program to come: a language that cannot wait for a connection has one then."""
    host, _, port = address.partition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.set_inheritable(True)
    return connection.detach()


def become_subreaper() -> None:
    """Adopt whatever orphans this process's descendants leave, so that they can be killed. Linux alone knows this."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, however it ends. Linux alone knows this."""
    if _libc is None:
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it ended before the kernel was asked
        os._exit(1)
