"""A stage's access-log lines, read by the format that the stage writes them in.

Nothing is assumed of where and how a stage logs: group and format are read from its settings, so that the logs of an
app that has its own are read as well. Nothing is switched on here.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.model import AccessLogLine, LogLine
from pytest_rollbacklab.observe.access_log_format import LineFormat, line_format
from pytest_rollbacklab.observe.log_events import read_events
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target

__all__ = ["group_in", "read"]

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
    stage = target.client("apigateway").get_stage(restApiId=resources.rest_api_id, stageName=resources.api_stage)
    settings = stage.get("accessLogSettings")
    if not settings:
        raise UsageError(
            f"access logs are off on {resources.stack_name}",
            looked_at=f"stage {resources.api_stage} of API {resources.rest_api_id}: no accessLogSettings",
            mend="switch them on first: enable_access_logs(); only later requests are logged",
        )
    group, reader = group_in(settings), line_format(settings["format"])
    wanted = _Wanted(request_id=request_id, status=status, path=path)
    _check_format(reader, wanted, settings)
    events = read_events(target, group, since=since, until=until, pattern=f'"{request_id}"' if request_id else None)
    lines = _parsed(events, reader)
    return tuple(line for line in lines if wanted.takes(line, resources.api_stage))


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


def _check_format(reader: LineFormat, wanted: _Wanted, settings: Mapping[str, Any]) -> None:
    for variables in wanted.variables():
        if not set(variables) & set(reader.variables):
            raise UsageError(
                f"access-log lines cannot be chosen by {' or '.join(variables)}: the stage's format does not hold it",
                looked_at=f"format: {settings['format']}",
                mend=f"add $context.{variables[0]} to the format",
            )


def _parsed(events: tuple[LogLine, ...], reader: LineFormat) -> list[AccessLogLine]:
    lines, unfit = [], []
    for event in events:
        fields = reader.read(event.message)
        if fields is None:
            unfit.append(event)
        lines.append(AccessLogLine(at=event.at, fields=fields or {}, raw=event.message))
    if unfit:
        first = unfit[0]
        _log.warning(
            "%d of %d access-log lines of %s do not fit the stage's format and are kept as text; the first one: %s",
            len(unfit),
            len(events),
            first.group,
            first.message.rstrip(),
        )
    return lines
