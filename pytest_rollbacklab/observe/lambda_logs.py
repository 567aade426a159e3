"""A function's log, and the part of it that belongs to one request.

Lambda writes START, END and REPORT with the request's id; what lies between START and REPORT in the same stream is the
request's too, tracebacks among it, because an execution environment has one invocation at a time.
"""

from __future__ import annotations

from datetime import datetime

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe.log_events import read_events
from pytest_rollbacklab.target import Target

__all__ = ["group_of", "of_request", "read"]


def group_of(function_name: str) -> str:
    """Return the log group of a function, as Lambda names it."""
    return f"/aws/lambda/{function_name}"


def read(target: Target, function_name: str, *, since: datetime | None = None) -> tuple[LogLine, ...]:
    """Return a function's log events, in the order of time; none when it never ran."""
    return read_events(target, group_of(function_name), since=since)


def of_request(
    target: Target, function_name: str, lambda_request_id: str, *, since: datetime | None = None
) -> tuple[LogLine, ...]:
    """Return the events of one invocation: from its START to its REPORT, and what a failed init left before it."""
    group = group_of(function_name)
    marked = read_events(target, group, since=since, pattern=f'"{lambda_request_id}"')
    streams = tuple(dict.fromkeys(line.stream for line in marked))
    if not streams:
        return ()
    return tuple(_between(read_events(target, group, since=since, streams=streams), lambda_request_id))


def _between(lines: tuple[LogLine, ...], request_id: str) -> list[LogLine]:
    found: list[LogLine] = []
    inside = False
    for line in lines:
        started = line.message.startswith("START RequestId: ")
        if started:
            inside = request_id in line.message
        if inside or request_id in line.message or (not found and line.message.startswith("INIT_START")):
            found.append(line)
        if line.message.startswith("REPORT RequestId: "):
            inside = False
    return found
