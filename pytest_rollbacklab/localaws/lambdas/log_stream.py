"""An environment's log stream: what the platform and the function write there, and the tail of it.

Events go to CloudWatch Logs as they come, in the order in which they were written. The tail (Invoke's LogType=Tail) is
the last 4 KB of what was logged since the last invocation ended, an initialisation's output among it, but not
INIT_START (as recorded: lambda-log-tail-python).
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas import log_lines
from pytest_rollbacklab.localaws.lambdas.disguise import Disguise
from pytest_rollbacklab.localaws.lambdas.neighbours import Logs

__all__ = ["LogStream"]

_TAIL_BYTES = 4096
_OUTPUT_LIMIT_BYTES = 64 * 1024 * 1024
"""What one invocation may print, or an initialisation: the log is held in memory here."""


class LogStream:
    """A stream of one environment.

    Args:
        logs: CloudWatch Logs.
        scope: Where the function is.
        group: The function's log group.
        version: The function's version.
        disguise: Rewrites what the function reports.
    """

    def __init__(self, *, logs: Logs, scope: Scope, group: str, version: str, disguise: Disguise) -> None:
        self._logs = logs
        self._scope = scope
        self._group = group
        self.disguise = disguise
        self._tail = ""
        self._printed_bytes = 0
        self.name = f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{uuid.uuid4().hex}"

    def write(self, *lines: str, in_tail: bool = True) -> None:
        """Write what the platform says."""
        self._logs.append(self._scope, self._group, self.name, lines)
        if in_tail:
            self._tail = (self._tail + "".join(lines))[-_TAIL_BYTES:]

    def write_output(self, events: list[bytes]) -> None:
        """Write what the function says, up to a limit."""
        if self._printed_bytes > _OUTPUT_LIMIT_BYTES:
            return
        self._printed_bytes += sum(map(len, events))
        if self._printed_bytes > _OUTPUT_LIMIT_BYTES:
            self.write(log_lines.too_much_output(_OUTPUT_LIMIT_BYTES))
            return
        self.write(*(self.disguise.on(event).decode("utf-8", "replace") for event in events))

    def take_tail(self) -> str:
        """Return the tail, and begin another."""
        tail, self._tail, self._printed_bytes = self._tail, "", 0
        return tail
