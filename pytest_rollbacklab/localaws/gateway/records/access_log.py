"""Access logs: one line a request, in the format that the stage sets.

A format is any text with ``$context`` variables in it: CLF, JSON, XML, CSV ("Set up CloudWatch logging for REST APIs").
It is compiled once; a variable without a value is ``-`` (as recorded: apigw-access-log-empty-values). Values are put in
as they are: what they do to the JSON around them is the format's affair, as on AWS.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.records.variables import Variable, variable_of
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["AccessLogFormat", "LogGroup", "check_format", "compile_format", "read_destination"]

_VARIABLE = re.compile(
    r"\$context\.(authorizer\.\w+(?:[.:-]\w+)*|\w+(?:\.\w+)*)|\$\{context\.([\w.:-]+)\}",
    re.ASCII,
)
_DESTINATION = re.compile(r"arn:aws[a-z-]*:logs:([a-z0-9-]+):(\d{12}):log-group:([A-Za-z0-9_/.#-]{1,512})(?::\*)?")
_IDS = ("requestId", "extendedRequestId")
_UNSET = "-"


@dataclass(frozen=True, kw_only=True, slots=True)
class LogGroup:
    """Where access logs go."""

    scope: Scope
    name: str


class AccessLogFormat:
    """A format, ready to be filled in."""

    def __init__(self, parts: Sequence[str | Variable]) -> None:
        self._parts = tuple(parts)

    def line(self, exchange: Exchange) -> str:
        """Return the line of a request."""
        return "".join(part if isinstance(part, str) else _text(part(exchange)) for part in self._parts)


@functools.lru_cache(maxsize=256)
def compile_format(text: str) -> AccessLogFormat:
    """Return a format that is ready to be filled in."""
    parts: list[str | Variable] = []
    end = 0
    for found in _VARIABLE.finditer(text):
        parts.append(text[end : found.start()])
        parts.append(variable_of(found[1] or found[2]))
        end = found.end()
    return AccessLogFormat([*parts, text[end:]])


def check_format(text: str) -> None:
    """Check a format that a stage is given.

    Raises:
        ServiceError: BadRequestException: it is empty, has several lines, or names no request id.
    """
    if not text:
        raise bad_request("Access Log value must not be empty")
    if "\n" in text.removesuffix("\n").removesuffix("\r"):
        raise bad_request(
            f"Access Log format must be single line, new line character is allowed only at end of the format: '{text}'"
        )
    names = {found[1] or found[2] for found in _VARIABLE.finditer(text)}
    if names.isdisjoint(_IDS):
        raise bad_request(
            f"Access Log format must include either $context.requestId or $context.extendedRequestId : '{text}'"
        )


@functools.lru_cache(maxsize=256)
def read_destination(arn: str) -> LogGroup:
    """Return the log group that a stage's destination names.

    Raises:
        ServiceError: BadRequestException: it is no log group; NotImplemented: it is a delivery stream.
    """
    if not arn:
        raise bad_request("Access Log value must not be empty")
    if ":firehose:" in arn:
        raise not_emulated(f"access logs to the delivery stream {arn}", "Log to a CloudWatch log group.")
    found = _DESTINATION.fullmatch(arn)
    if found is None:
        raise bad_request(f"Invalid ARN specified in the request. It is not the ARN of a log group: {arn}")
    return LogGroup(scope=Scope(region=found[1], account_id=found[2]), name=found[3])


def _text(value: object) -> str:
    return _UNSET if value is None or value == "" else str(value)
