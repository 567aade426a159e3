"""A stage's access-log lines, read by the format that the stage writes them in.

Nothing is assumed of where and how a stage logs: group and format are read from its settings, so that the logs of an
app that has its own are read as well. Nothing is switched on here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import AccessLogLine, LogLine
from pytest_rollbacklab.observe.access_log_format import LineFormat, line_format
from pytest_rollbacklab.observe.log_events import read_events
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target

__all__ = ["AccessLog", "access_log_of", "group_in", "read"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """Which lines are asked for; None for any."""

    request_id: str | None
    status: int | None
    path: str | None

    def variables(self) -> tuple[tuple[str, ...], ...]:
        """Of each set, one variable at least must be in the format."""
        needed: list[tuple[str, ...]] = []
        if self.status is not None:
            needed.append(("status",))
        if self.path is not None:
            needed.append(("resourcePath", "path"))
        return tuple(needed)

    def takes(self, line: AccessLogLine, api_stage: str) -> bool:
        fields = line.fields
        paths = (fields.get("resourcePath"), fields.get("path"), fields.get("path", "").removeprefix(f"/{api_stage}"))
        return (
            (self.request_id is None or self.request_id in line.raw)
            and (self.status is None or fields.get("status") == str(self.status))
            and (self.path is None or self.path in paths)
        )


def read(
    target: Target,
    resources: StageResources,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    request_id: str | None = None,
    status: int | None = None,
    path: str | None = None,
) -> tuple[AccessLogLine, ...]:
    """Return a stage's access-log lines, in the order of time.

    A line that does not fit the format, for instance because it was written in an earlier one, has no fields, only its
    ``raw`` text; a warning in this module's log counts such lines.

    Args:
        since: The earliest line's time.
        until: The latest line's time.
        request_id: API Gateway's id of one request.
        status: That was answered.
        path: As called, without the stage, or the resource's, as in ``/notes/{id}``.

    Raises:
        UsageError: the stage writes no access logs, or none that can be read or chosen so.
    """
    log = access_log_of(target, resources)
    wanted = _Wanted(request_id=request_id, status=status, path=path)
    _check_format(log.reader, wanted)
    events = read_events(target, log.group, since=since, until=until, pattern=f'"{request_id}"' if request_id else None)
    return tuple(line for line in log.parsed(events) if wanted.takes(line, resources.api_stage))


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLog:
    """Where and how a stage writes its access log."""

    group: str
    reader: LineFormat

    def line(self, event: LogLine) -> AccessLogLine:
        """Return an event as a line of the access log; without fields when it does not fit the format."""
        return AccessLogLine(at=event.at, fields=self.reader.read(event.message) or {}, raw=event.message)

    def parsed(self, events: Sequence[LogLine]) -> tuple[AccessLogLine, ...]:
        """Return events as lines of the access log, and warn of those that do not fit the format."""
        lines = tuple(self.line(event) for event in events)
        if unfit := [line.raw for line in lines if not line.fields]:
            _log.warning(
                "%d of %d access-log lines of %s do not fit the stage's format and are kept as text; the first one: %s",
                len(unfit),
                len(lines),
                self.group,
                unfit[0].rstrip(),
            )
        return lines


def access_log_of(target: Target, resources: StageResources) -> AccessLog:
    """Return where and how a stage writes its access log now.

    Raises:
        UsageError: it writes none, or none that can be read back.
    """
    stage = target.client("apigateway").get_stage(restApiId=resources.rest_api_id, stageName=resources.api_stage)
    settings = stage.get("accessLogSettings")
    if not settings:
        raise UsageError(
            f"access logs are off on {resources.stack_name}",
            looked_at=f"stage {resources.api_stage} of API {resources.rest_api_id}: no accessLogSettings",
            mend="switch them on first: enable_access_logs(); only later requests are logged",
        )
    return AccessLog(group=group_in(settings), reader=line_format(settings["format"]))


def group_in(settings: Mapping[str, Any]) -> str:
    """Return the log group that a stage's ``accessLogSettings`` name.

    Raises:
        UsageError: they name a delivery stream, which cannot be read back.
    """
    arn = str(settings["destinationArn"])
    group = arn.partition(":log-group:")[2].removesuffix(":*")
    if not group:
        raise UsageError(
            "access logs that do not go to a log group cannot be read back",
            looked_at=f"the stage's destinationArn: {arn}",
            mend="send them to a CloudWatch log group",
        )
    return group


def _check_format(reader: LineFormat, wanted: _Wanted) -> None:
    for variables in wanted.variables():
        if not set(variables) & set(reader.variables):
            raise UsageError(
                f"access-log lines cannot be chosen by {' or '.join(variables)}: the stage's format does not hold it",
                looked_at=f"format: {reader.text}",
                mend=f"add $context.{variables[0]} to the format",
            )
