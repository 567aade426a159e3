"""A function's log, and the part of it that belongs to one request.

Lambda writes START, END and REPORT with the request's id; what lies between START and REPORT in the same stream is the
request's too, tracebacks among it, because an execution environment has one invocation at a time. What an environment
wrote before its first START (INIT_START, a failed import) belongs to the request that it was started for; what comes
after REPORT (``Task timed out``) names the request. This is Lambda's text format ("Sending Lambda function logs to
CloudWatch Logs"); in its JSON format, lines that name the request are found, and those alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe.log_events import read_backwards, read_events
from pytest_rollbacklab.target import Target

__all__ = ["by_request", "group_of", "of_request", "read"]

_START = re.compile(r"START RequestId: (\S+)")
_REPORT = re.compile(r"REPORT RequestId: ")
_PAGE = 500
_REQUEST_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def group_of(function_name: str) -> str:
    """Return the log group of a function, as Lambda names it."""
    return f"/aws/lambda/{function_name}"


def read(
    target: Target, function_name: str, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[LogLine, ...]:
    """Return a function's log events, in the order of time; none when it never ran."""
    return read_events(target, group_of(function_name), since=since, until=until)


def of_request(
    target: Target,
    function_name: str,
    lambda_request_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[LogLine, ...]:
    """Return the events of one invocation, what its environment wrote while it started among them.

    Its streams are read backwards from the last line that names it, and no further than to the invocation before.

    Args:
        lambda_request_id: Lambda's own id of the invocation, not API Gateway's.
        since: The earliest event's time.
        until: The latest event's time.
    """
    group = group_of(function_name)
    naming = read_events(target, group, since=since, until=until, pattern=f'"{lambda_request_id}"')
    named: dict[str, list[LogLine]] = {}
    for line in naming:
        named.setdefault(line.stream, []).append(line)
    lines = [line for stream, its_lines in named.items() for line in _up_to(target, group, stream, its_lines)]
    return by_request(lines).get(lambda_request_id, naming)


def _up_to(target: Target, group: str, stream: str, naming: Sequence[LogLine]) -> list[LogLine]:
    """Return a stream's lines up to the last one that names an invocation, from the end of the one before it on."""
    first, found = naming[0], list[LogLine]()
    for lines in read_backwards(target, group, stream, page=_PAGE, until=naming[-1].at):
        found = [*lines, *found]
        before = found[: found.index(first)] if first in found else []
        if any(_REPORT.match(line.message) for line in before):
            break
    return found


def by_request(lines: Iterable[LogLine]) -> Mapping[str, tuple[LogLine, ...]]:
    """Return a function's lines by Lambda's request id, each request's in their order; lines of none are left out."""
    streams: dict[tuple[str, str], _Stream] = {}
    for line in lines:
        streams.setdefault((line.group, line.stream), _Stream()).add(line)
    found: dict[str, list[LogLine]] = {}
    for stream in streams.values():
        for request_id, its_lines in stream.requests.items():
            found.setdefault(request_id, []).extend(its_lines)
    return {request_id: tuple(its_lines) for request_id, its_lines in found.items()}


class _Stream:
    """One log stream, which is one execution environment, read from its beginning."""

    def __init__(self) -> None:
        self.requests: dict[str, list[LogLine]] = {}
        self._running: list[LogLine] | None = None
        self._starting: list[LogLine] = []

    def add(self, line: LogLine) -> None:
        if started := _START.match(line.message):
            self._running = self.requests.setdefault(started[1], [])
            self._running += self._starting
            self._starting = []
        owner = self._running if self._running is not None else self._named(line)
        (self._starting if owner is None else owner).append(line)
        if _REPORT.match(line.message):
            # What came before the REPORT of a request whose START was not read is that request's, too.
            self._running, self._starting = None, []

    def _named(self, line: LogLine) -> list[LogLine] | None:
        """Return the lines of the request that a line outside of any invocation names."""
        names = _REQUEST_ID.findall(line.message)
        return next((self.requests[name] for name in names if name in self.requests), None)
