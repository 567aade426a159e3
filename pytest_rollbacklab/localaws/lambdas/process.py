"""One runtime process with all that it takes to serve it: its Runtime API, its output pipe, its end.

An environment has one such process, or two in a row when the first fails to initialise. When a process ends, whatever
ended it, what it wrote is handed on first, then the state table hears of it, and then its port is given back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pytest_rollbacklab.localaws.lambdas.exits import Exit
from pytest_rollbacklab.localaws.lambdas.forks import ChildProcess, Forks, Launch
from pytest_rollbacklab.localaws.lambdas.memory import ProcessMemory
from pytest_rollbacklab.localaws.lambdas.output import OutputPipe
from pytest_rollbacklab.localaws.lambdas.runtime import Runtime, Work
from pytest_rollbacklab.localaws.lambdas.runtime_api import RuntimeApi

__all__ = ["RuntimeProcess"]


class RuntimeProcess:
    """A runtime and its process.

    Args:
        on_delivered: Called when it takes an invocation.
        on_output: Called with what it writes, as log events.
    """

    def __init__(self, *, on_delivered: Callable[[Work], None], on_output: Callable[[list[bytes]], None]) -> None:
        self.runtime = Runtime(on_delivered=on_delivered)
        self._api = RuntimeApi(self.runtime)
        self._output = OutputPipe(on_output)
        self._child: ChildProcess | None = None
        self._memory: ProcessMemory | None = None
        self._peak_memory_bytes = 0

    async def start(self, forks: Forks, launch: Callable[[str], Launch]) -> None:
        """Start it.

        Args:
            forks: Starts processes.
            launch: Says what to run, given the Runtime API's ``host:port``.

        Raises:
            ForkServerError: no process could be started.
        """
        try:
            request = launch(await self._api.open())
            self._child = await forks.launch(request, output=self._output.write_end)
        finally:
            self._output.close_write_end()
        self._memory = ProcessMemory(self._child.pid)
        self._child.exited.add_done_callback(self._ended)

    def drain(self) -> None:
        """Hand on all that it has written until now."""
        self._output.drain()

    def kill(self) -> None:
        """Kill it with all that it has started. Its end is reported like any other."""
        if self._child is not None:
            self.peak_memory_bytes()
            self._child.kill()

    def peak_memory_bytes(self) -> int:
        """Return the most memory that it has had resident, as far as is known."""
        if self._memory is not None:
            self._peak_memory_bytes = max(self._peak_memory_bytes, self._memory.peak_bytes())
        return self._peak_memory_bytes

    async def close(self) -> None:
        """Kill it, wait for its end, and give its descriptors back."""
        self.kill()
        if self._child is not None:
            await asyncio.wait([self._child.exited])
        self._output.close()
        await self._api.close()

    def _ended(self, exited: asyncio.Future[Exit]) -> None:
        self._output.close()
        self._peak_memory_bytes = max(self._peak_memory_bytes, exited.result().max_rss_bytes)
        if self._memory is not None:
            self._memory.close()
            self._memory = None
        self.runtime.exited(exited.result())
