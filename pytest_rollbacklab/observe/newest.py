"""The newest lines of a log, at a cost that does not grow with what the log holds.

FilterLogEvents searches from the latest event backwards (``startFromHead``). With a boto3 that does not know how to ask
for that, windows are searched that reach further and further back, or, where every line is wanted, the last events of
the latest streams are read. These are ordered by ``lastEventTimestamp``, which AWS brings up to date within an hour or
so (LogStream's page): until then a stream that has lain still before may be passed over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from pytest_rollbacklab.model import AccessLogLine, LogLine
from pytest_rollbacklab.observe import lambda_logs
from pytest_rollbacklab.observe.access_log_lines import access_log_of
from pytest_rollbacklab.observe.log_events import line_of, read_backwards, to_ms
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.observe.search import read_search
from pytest_rollbacklab.target import Target

__all__ = ["newest_access_log", "newest_events", "newest_function_log"]

_REACHES = tuple(
    timedelta(minutes=minutes) for minutes in (1, 15, 60, 6 * 60, 24 * 60, 7 * 24 * 60, 30 * 24 * 60, 365 * 24 * 60)
)
"""How far back a search looks, one window after the other; behind the last one, everything."""
_BACKWARDS_SINCE_MS = (
    1_704_067_200_000  # 2024: no earlier startTime goes with a search backwards (FilterLogEvents' page)
)
_AHEAD = timedelta(hours=2)  # how far in the future Logs takes events


def newest_events(
    target: Target,
    group: str,
    *,
    limit: int = 200,
    since: datetime | None = None,
    until: datetime | None = None,
    pattern: str | None = None,
    streams: tuple[str, ...] = (),
) -> tuple[LogLine, ...]:
    """Return the newest events of a group, in the order of time; none when the group does not exist.

    Args:
        limit: How many at the most.
        since: The earliest event's time.
        until: The latest event's time; None for now.
        pattern: A filter pattern, in Logs' own language.
        streams: Names of streams, to read these alone.
    """
    query = _Query(target=target, group=group, limit=limit, since=since, until=until, pattern=pattern, streams=streams)
    return _read(query)


def newest_access_log(
    target: Target,
    resources: StageResources,
    *,
    limit: int = 200,
    since: datetime | None = None,
    until: datetime | None = None,
    search: str | None = None,
) -> tuple[AccessLogLine, ...]:
    """Return the newest lines of a stage's access log, in the order of time.

    Args:
        limit: How many at the most.
        since: The earliest line's time.
        until: The latest line's time; None for now.
        search: Words that a line must hold, and ``field=value`` by ``$context`` variable: ``status=5* "/notes/a b"``.

    Raises:
        UsageError: the stage writes no access logs that can be read, or its format lacks a field.
    """
    log = access_log_of(target, resources)
    wanted = read_search(search, log.reader)
    query = _Query(
        target=target,
        group=log.group,
        limit=limit,
        since=since,
        until=until,
        pattern=wanted.pattern,
        keep=lambda event: not search or wanted.takes(log.line(event)),
    )
    return log.parsed(_read(query))


def newest_function_log(
    target: Target,
    function_name: str,
    *,
    limit: int = 200,
    since: datetime | None = None,
    until: datetime | None = None,
    search: str | None = None,
) -> tuple[LogLine, ...]:
    """Return the newest lines of a function's log, in the order of time; none when it never ran.

    Args:
        limit: How many at the most.
        since: The earliest line's time.
        until: The latest line's time; None for now.
        search: Words that a line must hold, those with spaces in quotation marks.
    """
    pattern, group = read_search(search).pattern, lambda_logs.group_of(function_name)
    return newest_events(target, group, limit=limit, since=since, until=until, pattern=pattern)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Query:
    """What is asked for, of whom."""

    target: Target
    group: str
    limit: int
    since: datetime | None
    until: datetime | None
    pattern: str | None
    streams: tuple[str, ...] = ()
    keep: Callable[[LogLine], bool] = lambda _: True
    """What the pattern cannot say: lines that it does not hold of count for nothing."""

    @property
    def logs(self) -> Any:
        return self.target.client("logs")

    @property
    def first_ms(self) -> int:
        return to_ms(self.since) if self.since else 0


def _read(query: _Query) -> tuple[LogLine, ...]:
    backwards = _can_search_backwards(query.logs)
    try:
        return tuple(_searched(query, backwards=backwards) if backwards or query.pattern else _latest(query))
    except query.logs.exceptions.ResourceNotFoundException:
        return ()


def _can_search_backwards(logs: Any) -> bool:
    """Say whether this boto3 knows FilterLogEvents' ``startFromHead``."""
    return "startFromHead" in logs.meta.service_model.operation_model("FilterLogEvents").input_shape.members


def _latest(query: _Query) -> list[LogLine]:
    """Read each stream's last events, the latest stream first, until older ones cannot add any."""
    lines: list[LogLine] = []
    floor_ms = query.first_ms
    for stream, last_ms in _streams(query):
        if last_ms is not None and last_ms < floor_ms:
            break
        lines = sorted([*lines, *_last_of(query, stream)], key=lambda line: line.at)[-query.limit :]
        if len(lines) == query.limit:
            floor_ms = max(floor_ms, to_ms(lines[0].at))
    return lines


def _streams(query: _Query) -> Iterator[tuple[str, int | None]]:
    """Give the streams, the latest first, with the times of their last events where they are known."""
    if query.streams:
        yield from ((name, None) for name in query.streams)
        return
    pages = query.logs.get_paginator("describe_log_streams").paginate(
        logGroupName=query.group, orderBy="LastEventTime", descending=True
    )
    for page in pages:
        for stream in page["logStreams"]:
            # A stream that is new may not have been summed up yet: then its birth stands for its last event.
            yield stream["logStreamName"], stream.get("lastEventTimestamp", stream["creationTime"])


def _last_of(query: _Query, stream: str) -> list[LogLine]:
    """Read a stream backwards until there are enough lines."""
    found: list[LogLine] = []
    pages = read_backwards(query.target, query.group, stream, page=query.limit, since=query.since, until=query.until)
    for lines in pages:
        found = [*filter(query.keep, lines), *found]
        if len(found) >= query.limit:
            break
    return found


def _searched(query: _Query, *, backwards: bool) -> list[LogLine]:
    """Search window after window, the latest first, until there are enough lines.

    Args:
        backwards: Whether within a window the search goes from its end to its beginning, as it should.
    """
    found: list[LogLine] = []
    for start_ms, end_ms in _windows(query, (_BACKWARDS_SINCE_MS,) if backwards else _reaches(query)):
        latest_first = backwards and start_ms >= _BACKWARDS_SINCE_MS
        found = [*_window(query, start_ms, end_ms, latest_first=latest_first), *found][-query.limit :]
        if len(found) == query.limit:
            break
    return found


def _reaches(query: _Query) -> tuple[int, ...]:
    begin = query.until or datetime.now(UTC)
    return tuple(to_ms(begin - reach) for reach in _REACHES)


def _windows(query: _Query, starts: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Give windows in milliseconds, both ends included, from the end backwards.

    Args:
        starts: Where they begin, the latest first; before the last one, there is one more.
    """
    end_ms = to_ms(query.until or datetime.now(UTC) + _AHEAD)
    for start_ms in (*starts, 0):
        if end_ms < query.first_ms:
            return
        if start_ms <= end_ms:
            yield max(start_ms, query.first_ms), end_ms
            end_ms = start_ms - 1


def _window(query: _Query, start_ms: int, end_ms: int, *, latest_first: bool) -> Iterable[LogLine]:
    """Return a window's last lines, in the order of time."""
    asked: dict[str, Any] = {"logGroupName": query.group}
    asked |= {"filterPattern": query.pattern} if query.pattern else {}
    asked |= {"logStreamNames": list(query.streams)} if query.streams else {}
    asked |= {"startFromHead": False, "PaginationConfig": {"PageSize": query.limit}} if latest_first else {}
    pages = query.logs.get_paginator("filter_log_events").paginate(**asked, startTime=start_ms, endTime=end_ms)
    lines = (line_of(query.group, event) for page in pages for event in page["events"])
    wanted = filter(query.keep, lines)
    return [*islice(wanted, query.limit)][::-1] if latest_first else deque(wanted, maxlen=query.limit)
