"""API Gateway's execution log: what the gateway did with one request, and how the function's own id is found in it.

The gateway writes it for stages whose methods log at INFO or, of requests that failed alone, at ERROR, to a group that
it names itself ("Set up CloudWatch logging for REST APIs in API Gateway"). Each line begins with the request's id.
"""

from __future__ import annotations

import re
from datetime import datetime

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.observe.log_events import read_events
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target

__all__ = [
    "failure",
    "function_names",
    "gateway_request_id",
    "group_of",
    "is_whole",
    "lambda_request_id",
    "of_request",
    "request_line",
    "status",
]

_UUID = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
# In order of trust: the integration's own id, the failure's, and the header of the answer, where data tracing shows it.
_NAMES_OF_THE_ID = (
    re.compile(rf"AWS Integration Endpoint RequestId : {_UUID}"),
    re.compile(rf"Lambda request id: {_UUID}"),
    re.compile(rf"x-amzn-RequestId=\[?{_UUID}"),
)
_FUNCTION = re.compile(r":function:([A-Za-z0-9_-]+)")
_FAILED = re.compile(r"execution failed|not authorized|forbidden", re.IGNORECASE)
_LAST = "Method completed with status:"
_OWNER = re.compile(rf"\({_UUID}\) ")
_REQUEST = re.compile(r"HTTP Method: ([A-Z]+), Resource Path: (\S+)")
_STATUS = re.compile(rf"{_LAST} (\d{{3}})")


def group_of(resources: StageResources) -> str:
    """Return the group that API Gateway writes a stage's execution log to."""
    return f"API-Gateway-Execution-Logs_{resources.rest_api_id}/{resources.api_stage}"


def of_request(
    target: Target,
    resources: StageResources,
    request_id: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[LogLine, ...]:
    """Return the lines of one request, in their order; none when nothing was logged.

    Args:
        request_id: API Gateway's own.
        since: The earliest line's time.
        until: The latest line's time.
    """
    return read_events(target, group_of(resources), since=since, until=until, pattern=f'"{request_id}"')


def gateway_request_id(line: LogLine) -> str | None:
    """Return API Gateway's id of the request that a line belongs to."""
    found = _OWNER.match(line.message)
    return found[1] if found else None


def request_line(lines: tuple[LogLine, ...]) -> tuple[str, str] | None:
    """Return the method and the path that were called, where the level INFO tells them."""
    found = (_REQUEST.search(line.message) for line in lines)
    return next(((one[1], one[2]) for one in found if one), None)


def status(lines: tuple[LogLine, ...]) -> int | None:
    """Return the status that was answered, once the log has come as far."""
    found = (_STATUS.search(line.message) for line in lines)
    return next((int(one[1]) for one in found if one), None)


def lambda_request_id(lines: tuple[LogLine, ...]) -> str | None:
    """Return Lambda's own id of the invocation, or None when no function is known to have been called."""
    text = "\n".join(line.message for line in lines)
    found = (pattern.search(text) for pattern in _NAMES_OF_THE_ID)
    return next((one[1] for one in found if one), None)


def function_names(lines: tuple[LogLine, ...]) -> tuple[str, ...]:
    """Return the names of the functions that the lines speak of."""
    return tuple(dict.fromkeys(name for line in lines for name in _FUNCTION.findall(line.message)))


def failure(lines: tuple[LogLine, ...]) -> str | None:
    """Return the line that says why a request failed, without the id before it; None when none says so."""
    telling = (line.message for line in lines if _FAILED.search(line.message))
    return next((message.partition(") ")[2].strip() or message.strip() for message in telling), None)


def is_whole(lines: tuple[LogLine, ...]) -> bool:
    """Say whether the log of a request has come as far as its status."""
    return any(_LAST in line.message for line in lines)
