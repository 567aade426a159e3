"""How much memory a process uses: what REPORT tells as Max Memory Used.

Linux keeps the peak itself (proc(5), VmHWM); the file stays open, for it is read after every invocation. Elsewhere
what is resident at that moment has to do.
"""

from __future__ import annotations

import contextlib
import os
import sys

import psutil

__all__ = ["ProcessMemory"]


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
