"""FilterLogEvents: a group's events across its streams, by time and by pattern, in order of time.

The window is found by bisection, in the group's index, in those of the streams asked for, or in that of the request id
asked for, and only what lies in it is looked at. One call looks at ``MAX_EXAMINED`` events at the most and then hands
out a token, as AWS's pages may be short or empty too: no call keeps the process from its other work.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent, Place
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, read_limit
from pytest_rollbacklab.localaws.telemetry.logs.get_events import MAX_PAGE_BYTES, MAX_PAGE_EVENTS, event_bytes
from pytest_rollbacklab.localaws.telemetry.logs.index import EventIndex
from pytest_rollbacklab.localaws.telemetry.logs.naming import stream_of
from pytest_rollbacklab.localaws.telemetry.logs.patterns import compile_pattern
from pytest_rollbacklab.localaws.telemetry.logs.request_ids import only_id
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup
from pytest_rollbacklab.localaws.telemetry.pages import names_with_prefix, read_token, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken

__all__ = ["MAX_EXAMINED", "filter_log_events"]

MAX_EXAMINED = 20_000
_MAX_STREAMS = 100
_NEWEST_FIRST_SINCE_MS = 1_704_067_200_000  # 1 January 2024, from which on AWS searches backwards


@dataclass(frozen=True, kw_only=True, slots=True)
class _Search:
    """Where to look."""

    start: Place
    end: Place
    """Exclusive."""
    ascending: bool


def filter_log_events(
    group: LogGroup, params: Mapping[str, Any], *, max_examined: int = MAX_EXAMINED, seen_until_ms: int | None = None
) -> dict[str, Any]:
    """Answer FilterLogEvents (its page in the CloudWatch Logs API reference).

    Args:
        max_examined: How many events one call looks at.
        seen_until_ms: Events that came in later are not seen yet; None when all are.

    Raises:
        ServiceError: InvalidParameterException for a pattern, a token or a limit; ResourceNotFoundException.
    """
    limit = read_limit(params, default=MAX_PAGE_EVENTS, largest=MAX_PAGE_EVENTS)
    matches = compile_pattern(params.get("filterPattern") or "")
    search = _read_search(params)
    found: list[LogEvent] = []
    room, last, token = MAX_PAGE_BYTES, search.start, None
    for examined, event in enumerate(_candidates(group, params, search)):
        if examined == max_examined or len(found) == limit or (found and room < event_bytes(event)):
            token = write_token(at=last[0], number=last[1], ascending=int(search.ascending))
            break
        last = event.place
        if seen_until_ms is not None and event.ingested_ms > seen_until_ms:
            continue
        if matches is None or matches(event.message):
            found.append(event)
            room -= event_bytes(event)
    # AWS has not filled searchedLogStreams since 2020, its page says.
    answer: dict[str, Any] = {"events": [_show(event) for event in found], "searchedLogStreams": []}
    return answer | ({"nextToken": token} if token else {})


def _read_search(params: Mapping[str, Any]) -> _Search:
    start_ms, end_ms = params.get("startTime"), params.get("endTime")
    start = (start_ms or 0, 0)
    end = (end_ms + 1, 0) if end_ms is not None else (1 << 63, 0)
    if not params.get("nextToken"):
        ascending = params.get("startFromHead") is not False
        if not ascending and start[0] < _NEWEST_FIRST_SINCE_MS:
            raise invalid("startFromHead can be false only with a startTime on or after Jan 1, 2024 00:00:00 UTC.")
        return _Search(start=start, end=end, ascending=ascending)
    try:
        position = read_token(params["nextToken"], at=int, number=int, ascending=int)
    except ValueError:
        raise invalid("The specified nextToken is invalid.") from None
    at, number = position["at"], position["number"]
    if position["ascending"]:
        return _Search(start=max(start, (at, number + 1)), end=end, ascending=True)
    return _Search(start=start, end=min(end, (at, number)), ascending=False)


def _candidates(group: LogGroup, params: Mapping[str, Any], search: _Search) -> Iterator[LogEvent]:
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    if names and prefix:
        raise invalid("logStreamNames and logStreamNamePrefix are mutually exclusive: specify one of them.")
    if names and len(names) > _MAX_STREAMS:
        constraint = f"Member must have length less than or equal to {_MAX_STREAMS}"
        raise invalid(constraint_broken(f"[{len(names)} names]", "logStreamNames", constraint))
    chosen = dict.fromkeys(names or (names_with_prefix(group.stream_names, prefix) if prefix else ()))
    streams = [stream_of(group, name) for name in chosen]
    if request_id := only_id(params.get("filterPattern") or ""):
        naming = _walk(group.request_ids[request_id], search)
        return (event for event in naming if event.stream in chosen) if names or prefix else naming
    if not names and not prefix:
        return _walk(group.events, search)
    walks = [_walk(stream.events, search) for stream in streams]
    return heapq.merge(*walks, key=lambda event: event.place, reverse=not search.ascending)


def _walk(events: EventIndex, search: _Search) -> Iterator[LogEvent]:
    return events.walk(events.first_from(search.start), events.first_from(search.end), ascending=search.ascending)


def _show(event: LogEvent) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.at_ms,
        "message": event.message,
        "ingestionTime": event.ingested_ms,
        "eventId": event.id,
    }
