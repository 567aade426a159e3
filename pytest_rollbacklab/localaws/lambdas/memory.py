"""How much memory a process uses: what REPORT tells as Max Memory Used, and what it is ended for.

AWS gives an environment so much memory and no more; here the process itself is looked at from time to time while it
works, and ended when it has taken more. What its own children take is not counted.

Linux keeps the peak itself (proc(5), VmHWM); the file stays open, for it is read after every invocation. Elsewhere
what is resident at that moment has to do.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable

import psutil

__all__ = ["MemoryWatch", "ProcessMemory"]

_LOOK_EVERY_S = 0.05


class ProcessMemory:
    """A process's memory, as long as it lives.

    Args:
        pid: The process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status: int | None = None
        if sys.platform == "linux":
            with contextlib.suppress(OSError):  # it has ended already
                self._status = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)

    def peak_bytes(self) -> int:
        """Return the most that it has had resident; 0 when it has ended."""
        try:
            if self._status is None:
                return int(psutil.Process(self._pid).memory_info().rss)
            status = os.pread(self._status, 4096, 0)
            return int(status.partition(b"VmHWM:")[2].split(maxsplit=1)[0]) * 1024
        except (OSError, IndexError, psutil.Error):
            return 0

    def close(self) -> None:
        """Give the descriptor back."""
        if self._status is not None:
            os.close(self._status)
            self._status = None


class MemoryWatch:
    """Looks at a process's memory between ``begin`` and ``end``. Work that is quick is not looked at.

    Args:
        limit_bytes: How much it may have.
        used_bytes: Says how much it has had at most.
        exceeded: Called with that, once, when it is too much.
    """

    def __init__(self, *, limit_bytes: int, used_bytes: Callable[[], int], exceeded: Callable[[int], None]) -> None:
        self._limit_bytes = limit_bytes
        self._used_bytes = used_bytes
        self._exceeded = exceeded
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Look from now on."""
        self.end()
        self._timer = asyncio.get_running_loop().call_later(_LOOK_EVERY_S, self._look)

    def end(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        used_bytes = self._used_bytes()
        if used_bytes > self._limit_bytes:
            self._timer = None
            self._exceeded(used_bytes)
        else:
            self.begin()
