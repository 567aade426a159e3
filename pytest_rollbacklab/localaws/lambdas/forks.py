"""Processes for execution environments: asked of the fork server, and their end reported at once.

Why a process of its own does the forking: the cloud has an event loop and a hundred modules, none of which survives a
fork. The server's own death is an event like any other: what ran under it is reported as killed, another server is
started, and the log says so. What a process does once it runs is no business of this module.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import itertools
import logging
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.lambdas.exits import Exit
from pytest_rollbacklab.localaws.lambdas.fork_link import ForkLink
from pytest_rollbacklab.localaws.lambdas.interpreter import Interpreter

__all__ = ["ChildProcess", "ForkServerError", "Forks", "Launch"]

logger = logging.getLogger(__name__)

_STARTS = 3
"""How often a fork server may end before it has served anything, until no further one is started."""


class ForkServerError(Exception):
    """No process could be had; the message says what was tried and what the fork server last said."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """What a process shall run."""

    handler: str
    task_root: str
    environ: Mapping[str, str]
    top_level_names: frozenset[str]
    """What can be imported from the task root. A name that the fork server has loaded already would be the fork
    server's in a forked child, while on AWS the package's own wins: then a fresh interpreter is started instead."""
    command: tuple[str, ...] = ()
    """The program to run in place of Python, with its arguments; it finds its Runtime API connected."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildProcess:
    """A process that runs, or ran."""

    pid: int
    exited: asyncio.Future[Exit]
    """Set when it has ended, whatever ended it."""
    kill: Callable[[], None]
    """Kill it and all that it has started. It may have ended already."""


class Forks:
    """Starts processes, through a fork server that is kept alive.

    Args:
        interpreter: The Python to run on.
    """

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._link: ForkLink | None = None
        self._loaded: asyncio.Future[frozenset[str]] | None = None
        self._failed_starts = 0
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._alive: dict[int, asyncio.Future[Exit]] = {}

    @property
    def server_pid(self) -> int | None:
        """The fork server's process id; None when none runs."""
        return self._link.pid if self._link else None

    def start(self) -> None:
        """Start the fork server; it gets ready in the background, and launches wait for it."""
        if self._loaded is None or self._loaded.done():
            self._loaded = asyncio.get_running_loop().create_future()
        self._link = ForkLink(self._interpreter, on_message=self._heard, on_death=self._died)

    async def ready(self) -> None:
        """Wait until processes can be started.

        Raises:
            ForkServerError: they never will be.
        """
        await self._what_is_loaded()

    async def launch(self, launch: Launch, *, output: int) -> ChildProcess:
        """Start a process whose output goes to a pipe.

        Args:
            launch: What to run.
            output: The pipe's write end; the caller closes it afterwards.

        Raises:
            ForkServerError: there is no fork server to be had, or the machine has no room for another process.
        """
        try:
            pid = await self._ask(launch, output)
        except ConnectionResetError:  # the fork server died on it; once more with its successor
            pid = await self._ask(launch, output)
        return ChildProcess(pid=pid, exited=self._alive[pid], kill=functools.partial(self._kill, pid))

    async def close(self) -> None:
        """Kill every process; returns when none is left."""
        link, self._link = self._link, None
        if link is not None:
            await link.close()
        self._forget("the cloud is closing")

    async def _ask(self, launch: Launch, output: int) -> int:
        loaded = await self._what_is_loaded()
        assert self._link is not None
        number = next(self._numbers)
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        request = {
            "do": "spawn" if launch.command or launch.top_level_names & loaded or not loaded else "fork",
            "id": number,
            "handler": launch.handler,
            "task_root": launch.task_root,
            "environ": dict(launch.environ),
            "command": launch.command,
        }
        self._link.send(request, output)
        return await answer

    async def _what_is_loaded(self) -> frozenset[str]:
        """Wait for the fork server; return what a forked process finds loaded, nothing when it cannot fork."""
        loaded = await asyncio.shield(self._loaded) if self._loaded else None
        if loaded is None or self._link is None:
            raise ForkServerError("The fork server does not run: the cloud has not been started, or is closing.")
        return loaded

    def _heard(self, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._is_ready(message)
        elif "status" in message:
            exited = self._alive.pop(message["pid"])
            exited.set_result(Exit(status=message["status"], max_rss_bytes=message["max_rss_bytes"]))
        else:
            self._answered(self._asked.pop(message["id"]), message)

    def _is_ready(self, message: dict[str, Any]) -> None:
        self._failed_starts = 0
        if message["failure"]:
            logger.warning(
                "Execution environments start slowly, each in a fresh interpreter: the fork server could not load "
                "what they share (%s).",
                message["failure"],
            )
        assert self._loaded is not None
        self._loaded.set_result(frozenset() if message["failure"] else frozenset(message["loaded"]))

    def _answered(self, answer: asyncio.Future[int], message: dict[str, Any]) -> None:
        pid = message.get("pid")
        if pid is not None:
            self._alive[pid] = asyncio.get_running_loop().create_future()
        if answer.cancelled():
            if pid is not None:
                self._kill(pid)
        elif pid is not None:
            answer.set_result(pid)
        else:
            answer.set_exception(ForkServerError(f"No further process can be started: {message['error']}."))

    def _kill(self, pid: int) -> None:
        """Have a process killed by its parent, which knows whether the number is still that process's."""
        if self._link is not None and pid in self._alive:
            self._link.send({"do": "kill", "pid": pid})

    def _died(self, how: str) -> None:
        """Report what ran under a dead fork server, make sure that it does not run on, and start another server."""
        logger.error("The fork server of the Lambda functions died (%s). Starting another.", how)
        for pid in self._alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        self._forget(how)
        assert self._loaded is not None
        self._failed_starts += not self._loaded.done()
        if self._failed_starts < _STARTS:
            self.start()
            return
        self._link = None
        self._loaded.set_exception(
            ForkServerError(f"The fork server ended {_STARTS} times before it was ready ({how}). Functions cannot run.")
        )

    def _forget(self, why: str) -> None:
        asked, self._asked = self._asked, {}
        alive, self._alive = self._alive, {}
        for answer in asked.values():
            if not answer.done():
                answer.set_exception(ConnectionResetError(why))
        for exited in alive.values():
            if not exited.done():
                exited.set_result(Exit(status=signal.SIGKILL))
