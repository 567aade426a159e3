"""Events of a log group, read through CloudWatch Logs' API: all pages, in the order of time.

This reads all that a window holds. Who wants the newest lines of a group that may be large takes ``newest``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_rollbacklab.model import LogLine
from pytest_rollbacklab.target import Target

__all__ = ["line_of", "read_backwards", "read_events", "to_ms"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LARGEST_PAGE = 10_000


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
        query["startTime"] = to_ms(since)
    if until is not None:
        query["endTime"] = to_ms(until)
    if pattern is not None:
        query["filterPattern"] = pattern
    if streams:
        query["logStreamNames"] = list(streams)
    try:
        pages = list(logs.get_paginator("filter_log_events").paginate(**query))
    except logs.exceptions.ResourceNotFoundException:
        return ()
    return tuple(line_of(group, event) for page in pages for event in page["events"])


def read_backwards(
    target: Target, group: str, stream: str, *, page: int, since: datetime | None = None, until: datetime | None = None
) -> Iterator[list[LogLine]]:
    """Yield a stream's events page by page, the latest page first and each in the order of time (GetLogEvents).

    Args:
        page: How many events to ask for at once.
        since: The earliest event's time.
        until: The latest event's time.

    Raises:
        ClientError: ResourceNotFoundException, when there is no such group or stream.
    """
    query: dict[str, Any] = {
        "logGroupName": group,
        "logStreamName": stream,
        "startFromHead": False,
        "limit": min(page, _LARGEST_PAGE),
    }
    if since is not None:
        query["startTime"] = to_ms(since)
    if until is not None:
        query["endTime"] = to_ms(until) + 1  # which is exclusive here
    while True:
        answer = target.client("logs").get_log_events(**query)
        yield [line_of(group, event, stream=stream) for event in answer["events"]]
        if answer["nextBackwardToken"] == query.get("nextToken"):
            return  # the same token again: there is no more
        query["nextToken"] = answer["nextBackwardToken"]


def line_of(group: str, event: dict[str, Any], *, stream: str | None = None) -> LogLine:
    """Return an event as a line.

    Args:
        event: As Logs' operations give it.
        stream: Its stream, where the event does not name it.
    """
    return LogLine(
        group=group,
        stream=event["logStreamName"] if stream is None else stream,
        at=_EPOCH + event["timestamp"] * _MILLISECOND,
        message=event["message"],
    )


def to_ms(moment: datetime) -> int:
    """Return a time as Logs writes it, in whole milliseconds since the epoch: exact, as a float would not be."""
    return (moment - _EPOCH) // _MILLISECOND
