"""Events of a log group, read through CloudWatch Logs' API: all pages, in the order of time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.target import Target

__all__ = ["read_events"]


def read_events(
    target: Target,
    group: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    pattern: str | None = None,
    streams: tuple[str, ...] = (),
) -> tuple[LogLine, ...]:
    """Return a group's events (FilterLogEvents); none when the group does not exist, which is how AWS starts.

    Args:
        since: The earliest event's time.
        until: The latest event's time.
        pattern: A filter pattern, in Logs' own language.
        streams: Names of streams, to read these alone.
    """
    logs = target.client("logs")
    query: dict[str, Any] = {"logGroupName": group}
    if since is not None:
        query["startTime"] = int(since.timestamp() * 1000)
    if until is not None:
        query["endTime"] = int(until.timestamp() * 1000) + 1
    if pattern is not None:
        query["filterPattern"] = pattern
    if streams:
        query["logStreamNames"] = list(streams)
    try:
        pages = list(logs.get_paginator("filter_log_events").paginate(**query))
    except logs.exceptions.ResourceNotFoundException:
        return ()
    return tuple(_line(group, event) for page in pages for event in page["events"])


def _line(group: str, event: dict[str, Any]) -> LogLine:
    return LogLine(
        group=group,
        stream=event["logStreamName"],
        at=datetime.fromtimestamp(event["timestamp"] / 1000, UTC),
        message=event["message"],
    )
