"""Log streams: made, listed by name or by their last event, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scoped
from pytest_rollbacklab.localaws.telemetry.logs.event import place_id
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, read_limit, required, stream_exists
from pytest_rollbacklab.localaws.telemetry.logs.naming import check_stream_name, group_of, named_group, stream_of
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup, LogStore, LogStream
from pytest_rollbacklab.localaws.telemetry.pages import names_with_prefix, read_token, sorted_page, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken

__all__ = ["StreamOperations"]

_MAX_PAGE = 50
_ORDERS = ("LogStreamName", "LastEventTime")


class StreamOperations:
    """Logs' operations on streams.

    Args:
        stores: Every account's groups.
        now_ms: Gives the time in milliseconds since the epoch.
    """

    def __init__(self, stores: Scoped[LogStore], now_ms: Callable[[], int]) -> None:
        self._stores = stores
        self._now_ms = now_ms
        self.operations: Mapping[str, Operation] = {
            "CreateLogStream": self._create,
            "DeleteLogStream": self._delete,
            "DescribeLogStreams": self._describe,
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        name = check_stream_name(required(params, "logStreamName"))
        group = named_group(self._stores.of(call.scope), params)
        if group.stream(name) is not None:
            raise stream_exists()
        group.add_stream(name, self._now_ms())
        return {}

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        group = named_group(self._stores.of(call.scope), params)
        group.remove_stream(stream_of(group, required(params, "logStreamName")).name)
        return {}

    def _describe(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        limit = read_limit(params, default=_MAX_PAGE, largest=_MAX_PAGE)
        order, prefix = params.get("orderBy") or _ORDERS[0], params.get("logStreamNamePrefix") or ""
        if order not in _ORDERS:
            constraint = f"Member must satisfy enum value set: [{', '.join(_ORDERS)}]"
            raise invalid(constraint_broken(order, "orderBy", constraint))
        if order == "LastEventTime" and prefix:
            raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
        group = group_of(self._stores.of(call.scope), params)
        group.drop_expired(now_ms=self._now_ms())
        page, token = (
            _page_by_name(group, params, limit) if order == _ORDERS[0] else _page_by_time(group, params, limit)
        )
        answer: dict[str, Any] = {"logStreams": [_show(stream) for stream in page]}
        return answer | ({"nextToken": token} if token else {})


def _page_by_name(group: LogGroup, params: Mapping[str, Any], limit: int) -> tuple[list[LogStream], str | None]:
    names = names_with_prefix(group.stream_names, params.get("logStreamNamePrefix") or "")
    descending = bool(params.get("descending"))
    page, more = sorted_page(names, last=_read_last(params), limit=limit, descending=descending)
    return [stream_of(group, name) for name in page], write_token(last=page[-1]) if more else None


def _page_by_time(group: LogGroup, params: Mapping[str, Any], limit: int) -> tuple[list[LogStream], str | None]:
    """Page through the streams by last event; those that have none come first, as the oldest."""
    descending = bool(params.get("descending"))
    page, more = sorted_page(group.by_last_event, last=_read_last_time(params), limit=limit, descending=descending)
    token = write_token(at=page[-1][0], last=page[-1][1]) if more else None
    return [stream_of(group, name) for _, name in page], token


def _read_last(params: Mapping[str, Any]) -> str | None:
    position = _read_position(params, last=str)
    return None if position is None else str(position["last"])


def _read_last_time(params: Mapping[str, Any]) -> tuple[int, str] | None:
    position = _read_position(params, at=int, last=str)
    return None if position is None else (position["at"], position["last"])


def _read_position(params: Mapping[str, Any], **fields: type) -> dict[str, Any] | None:
    if not params.get("nextToken"):
        return None
    try:
        return read_token(params["nextToken"], **fields)
    except ValueError:
        raise invalid("The specified nextToken is invalid.") from None


def _show(stream: LogStream) -> dict[str, Any]:
    """Return a stream as DescribeLogStreams shows it; times of events only where there are events, as recorded."""
    shown: dict[str, Any] = {
        "logStreamName": stream.name,
        "creationTime": stream.created_ms,
        "arn": stream.arn,
        "storedBytes": 0,  # AWS has answered 0 for every stream since 2019
    }
    if not len(stream.events):
        return shown
    last = stream.events[-1]
    return shown | {
        "firstEventTimestamp": stream.events[0].at_ms,
        "lastEventTimestamp": last.at_ms,
        "lastIngestionTime": stream.last_ingested_ms,
        "uploadSequenceToken": place_id(last.place),
    }
