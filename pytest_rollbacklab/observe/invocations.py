"""A function's invocations as its log tells them: when each began, how it ended, and what REPORT says it took.

REPORT's fields are those of "Understanding the Lambda REPORT log line", each with its unit; a status and an error type
are there for an invocation that did not end well (as recorded and as users show them). Only Lambda's text format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe import lambda_logs
from pytest_rollbacklab.target import Target

__all__ = ["Invocation", "Report", "parse_report", "read"]

_VERSION = re.compile(r"START RequestId: \S+ Version: (\S+)")
_FIELD = re.compile(r"([A-Z][A-Za-z ]*): ([^\t\n]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What REPORT says of an invocation."""

    duration_ms: float
    billed_duration_ms: float
    memory_size_mb: int
    max_memory_used_mb: int
    init_duration_ms: float | None
    """Of a cold start; None when the environment was warm."""
    status: str | None
    """``timeout`` or ``error``; None when it ended well, as far as Lambda can tell."""
    error_type: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """One run of a function."""

    request_id: str
    """Lambda's own."""
    function_name: str
    version: str
    started_at: datetime
    report: Report | None
    """None while it runs, or when its REPORT has not come yet."""
    lines: tuple[LogLine, ...]


def read(
    target: Target, function_name: str, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[Invocation, ...]:
    """Return a function's invocations, in the order of time; none when it never ran."""
    by_request = lambda_logs.by_request(lambda_logs.read(target, function_name, since=since, until=until))
    found = [_invocation(function_name, request_id, lines) for request_id, lines in by_request.items()]
    return tuple(sorted(found, key=lambda invocation: invocation.started_at))


def parse_report(message: str) -> Report | None:
    """Return what a line says when it is a REPORT, else None."""
    if not message.startswith("REPORT RequestId: "):
        return None
    fields = dict(_FIELD.findall(message))
    init = fields.get("Init Duration")
    return Report(
        duration_ms=_number(fields["Duration"]),
        billed_duration_ms=_number(fields["Billed Duration"]),
        memory_size_mb=int(_number(fields["Memory Size"])),
        max_memory_used_mb=int(_number(fields["Max Memory Used"])),
        init_duration_ms=None if init is None else _number(init),
        status=fields.get("Status"),
        error_type=fields.get("Error Type"),
    )


def _number(value: str) -> float:
    """Read ``3.01 ms`` or ``128 MB``."""
    return float(value.partition(" ")[0])


def _invocation(function_name: str, request_id: str, lines: tuple[LogLine, ...]) -> Invocation:
    start = next(line for line in lines if line.message.startswith("START RequestId: "))
    version = _VERSION.match(start.message)
    reports = (parse_report(line.message) for line in lines)
    return Invocation(
        request_id=request_id,
        function_name=function_name,
        version=version[1] if version else "$LATEST",
        started_at=start.at,
        report=next((report for report in reports if report is not None), None),
        lines=lines,
    )
