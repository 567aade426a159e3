"""What request an id belongs to: found in whichever log names it, so that its evidence can be read where it lies.

The access log, the execution log and the functions' logs are asked in this order, each from its end backwards. The
first two know a request under API Gateway's id and name Lambda's beside it; a function's log knows Lambda's alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe import execution_log, lambda_logs
from pytest_rollbacklab.observe.access_log_lines import access_log_of
from pytest_rollbacklab.observe.missing_links import Asked
from pytest_rollbacklab.observe.newest import newest_events
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target

__all__ = ["Trace", "asked", "trace"]

_AROUND = timedelta(minutes=15)
_LONGEST_CALL = timedelta(minutes=5)  # what API Gateway's integration timeout can be raised to, about
_LONGEST_RUN = timedelta(minutes=15)  # a function may go on when its caller has long been answered


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """A line that names the id, and what it says."""

    line: LogLine
    gateway_request_id: str | None = None
    """None when only a function's log names the id."""
    function_name: str = ""
    """Whose log it is."""
    fields: Mapping[str, str]
    """Of an access-log line."""


def trace(
    target: Target, resources: StageResources, request_id: str, *, around: datetime | None, has_access_log: bool
) -> Trace | None:
    """Find a line that names an id; None when no log does.

    Args:
        request_id: API Gateway's or Lambda's.
        around: When the request was made, to within a quarter of an hour; None to look from now backwards.
        has_access_log: Whether the stage writes one that can be read.
    """

    def last_line(group: str) -> LogLine | None:
        since, until = (around - _AROUND, around + _AROUND) if around else (None, None)
        lines = newest_events(target, group, limit=1, since=since, until=until, pattern=f'"{request_id}"')
        return lines[0] if lines else None

    if has_access_log:
        log = access_log_of(target, resources)
        if line := last_line(log.group):
            fields = log.line(line).fields
            return Trace(line=line, gateway_request_id=fields.get("requestId", request_id), fields=fields)
    if line := last_line(execution_log.group_of(resources)):
        return Trace(line=line, gateway_request_id=execution_log.gateway_request_id(line), fields={})
    for name in resources.functions.values():
        if line := last_line(lambda_logs.group_of(name)):
            return Trace(line=line, function_name=name, fields={})
    return None


def asked(request_id: str, found: Trace | None) -> Asked:
    """Return what is known of a request by the line that was found of it."""
    if found is None:
        return Asked(request_id=request_id, given_id=request_id)
    at, span, status = found.line.at, _span(found), found.fields.get("status", "")
    return Asked(
        request_id=found.gateway_request_id,
        given_id=request_id,
        status=int(status) if status.isdecimal() else None,
        since=(span[0] if span else at) - _LONGEST_CALL,
        until=at + _LONGEST_RUN,
        span=span,
    )


def _span(found: Trace) -> tuple[datetime, datetime] | None:
    """Return when the request was made and answered, as far as an access-log line tells it."""
    began_ms, latency_ms = found.fields.get("requestTimeEpoch", ""), found.fields.get("responseLatency", "")
    if not began_ms.isdecimal():
        return None
    began = datetime.fromtimestamp(int(began_ms) / 1000, UTC)
    took = timedelta(milliseconds=int(latency_ms)) if latency_ms.isdecimal() else found.line.at - began
    return began, began + took
