"""GetLogEvents: one stream, page by page, in both directions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent, Place
from pytest_rollbacklab.localaws.telemetry.logs.faults import read_limit
from pytest_rollbacklab.localaws.telemetry.logs.index import EventIndex
from pytest_rollbacklab.localaws.telemetry.logs.store import EVENT_OVERHEAD_BYTES
from pytest_rollbacklab.localaws.telemetry.logs.tokens import StreamToken, read_stream_token

__all__ = ["MAX_PAGE_BYTES", "MAX_PAGE_EVENTS", "event_bytes", "get_log_events"]

MAX_PAGE_EVENTS = 10_000
MAX_PAGE_BYTES = 1_048_576


def get_log_events(
    events: EventIndex, params: Mapping[str, Any], *, seen_until_ms: int | None = None
) -> dict[str, Any]:
    """Answer GetLogEvents (its page in the CloudWatch Logs API reference).

    Args:
        events: The stream's.
        seen_until_ms: Events that came in later are not seen yet; None when all are.

    Raises:
        ServiceError: InvalidParameterException for a limit or a token.
    """
    limit = read_limit(params, default=MAX_PAGE_EVENTS, largest=MAX_PAGE_EVENTS)
    token = read_stream_token(params["nextToken"]) if params.get("nextToken") else None
    forward = token.forward if token else bool(params.get("startFromHead"))
    low, high = _window(events, params, token)
    walk: Iterable[LogEvent] = events.walk(low, high, ascending=forward)
    if seen_until_ms is not None:
        walk = (event for event in walk if event.ingested_ms <= seen_until_ms)
    page = list(_that_fit(islice(walk, limit)))
    if not forward:
        page.reverse()
    after, before = _ends(page, token, (params.get("startTime") or 0, 0))
    return {
        "events": [
            {"timestamp": event.at_ms, "message": event.message, "ingestionTime": event.ingested_ms} for event in page
        ],
        "nextForwardToken": str(StreamToken(forward=True, place=after)),
        "nextBackwardToken": str(StreamToken(forward=False, place=before)),
    }


def event_bytes(event: LogEvent) -> int:
    """Return what an event counts for in a page."""
    return len(event.message) + EVENT_OVERHEAD_BYTES


def _window(events: EventIndex, params: Mapping[str, Any], token: StreamToken | None) -> tuple[int, int]:
    """Return the indexes of ``[startTime, endTime)``, cut by the token."""
    start_ms, end_ms = params.get("startTime"), params.get("endTime")
    low = events.first_from((start_ms, 0)) if start_ms is not None else 0
    high = events.first_from((end_ms, 0)) if end_ms is not None else len(events)
    if token is None:
        return low, high
    if token.forward:
        return max(low, events.first_after(token.place)), high
    return low, min(high, events.first_from(token.place))


def _that_fit(events: Iterable[LogEvent]) -> Iterable[LogEvent]:
    """Give events up to a page's size; one that is too large for any page is a page of its own."""
    used = 0
    for event in events:
        if used and used + event_bytes(event) > MAX_PAGE_BYTES:
            return
        used += event_bytes(event)
        yield event


def _ends(page: Sequence[LogEvent], token: StreamToken | None, start: Place) -> tuple[Place, Place]:
    """Return the places that the next pages lie behind, and before.

    At an end the token's own place comes back for its direction; in the other one it takes in what the token left out.
    """
    if page:
        return page[-1].place, page[0].place
    if token is None:
        return start, start
    at_ms, number = token.place
    if token.forward:
        return token.place, (at_ms, number + 1)
    return (at_ms, max(number - 1, 0)), token.place
