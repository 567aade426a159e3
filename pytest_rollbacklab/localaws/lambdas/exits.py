"""How a process ended, in the words that Lambda uses for it.

Lambda's are Go's (``exit status 1``, ``signal: killed``), as its runtime interface emulator shows
(``internal/lambda/rapid/handlers.go``).
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

__all__ = ["Exit"]

_SIGNALS = {
    "SIGHUP": "hangup",
    "SIGINT": "interrupt",
    "SIGQUIT": "quit",
    "SIGILL": "illegal instruction",
    "SIGTRAP": "trace/breakpoint trap",
    "SIGABRT": "aborted",
    "SIGBUS": "bus error",
    "SIGFPE": "floating point exception",
    "SIGKILL": "killed",
    "SIGUSR1": "user defined signal 1",
    "SIGSEGV": "segmentation fault",
    "SIGUSR2": "user defined signal 2",
    "SIGPIPE": "broken pipe",
    "SIGALRM": "alarm clock",
    "SIGTERM": "terminated",
}
"""Go's names of signals, by the name that Python gives them: their numbers differ by platform."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Exit:
    """The end of a process."""

    status: int
    """As wait(2) reports it."""
    max_rss_bytes: int = 0
    """The most memory that it had resident, ever; 0 when nobody was there to ask."""
    error_type: str = "Runtime.ExitError"
    """``Runtime.OutOfMemory`` when it was ended for taking more than it has."""

    @property
    def description(self) -> str:
        """Say it as in ``RequestId: ... Error: <description>``."""
        code = os.waitstatus_to_exitcode(self.status)
        if code == 0:
            return "Runtime exited without providing a reason"
        if code > 0:
            return f"Runtime exited with error: exit status {code}"
        return f"Runtime exited with error: signal: {_signal_name(-code)}"


def _signal_name(number: int) -> str:
    try:
        return _SIGNALS[signal.Signals(number).name]
    except (KeyError, ValueError):
        return f"signal {number}"
