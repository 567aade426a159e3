"""PutLogEvents: which events are taken, which are turned away, and which batch is refused whole.

The rules are those of PutLogEvents' page: order, 10,000 events, 1 MiB, 24 hours; what is older than two weeks or than
the retention, or more than two hours ahead, is turned away and counted while the rest is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, required
from pytest_rollbacklab.localaws.telemetry.logs.store import EVENT_OVERHEAD_BYTES, LogGroup
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, member_missing

__all__ = ["accept", "read_batch"]

_MAX_EVENTS = 10_000
_MAX_BYTES = 1_048_576
_DAY_MS = 24 * 3600 * 1000
_OLDEST_MS = 14 * _DAY_MS
_AHEAD_MS = 2 * 3600 * 1000

Batch = Sequence[tuple[int, str]]
"""Milliseconds since the epoch, and the message."""


def read_batch(params: Mapping[str, Any]) -> Batch:
    """Return the events of a PutLogEvents call.

    Raises:
        ServiceError: InvalidParameterException, as recorded where it was.
    """
    events = required(params, "logEvents")
    if not events:
        raise invalid(constraint_broken("[]", "logEvents", "Member must have length greater than or equal to 1"))
    if len(events) > _MAX_EVENTS:
        constraint = f"Member must have length less than or equal to {_MAX_EVENTS}"
        raise invalid(constraint_broken(f"[{len(events)} events]", "logEvents", constraint))
    batch = [_read_event(event, position) for position, event in enumerate(events, 1)]
    if any(later < earlier for (earlier, _), (later, _) in pairwise(batch)):
        raise invalid("Log events in a single PutLogEvents request must be in chronological order.")
    _check_sizes([len(message.encode("utf-8", "surrogatepass")) + EVENT_OVERHEAD_BYTES for _, message in batch])
    return batch


def accept(batch: Batch, group: LogGroup, *, now_ms: int) -> tuple[Batch, dict[str, int]]:
    """Return the events that are taken, and RejectedLogEventsInfo about the others.

    Raises:
        ServiceError: those that would be taken span more than a day.
    """
    times = [at_ms for at_ms, _ in batch]
    too_old = sum(at_ms < now_ms - _OLDEST_MS for at_ms in times)
    retained_ms = (group.retention_days or 0) * _DAY_MS
    expired = sum(at_ms < now_ms - retained_ms for at_ms in times) if retained_ms else 0
    first_too_new = sum(at_ms <= now_ms + _AHEAD_MS for at_ms in times)
    rejected = {}
    if first_too_new < len(batch):
        rejected["tooNewLogEventStartIndex"] = first_too_new
    if too_old:
        rejected["tooOldLogEventEndIndex"] = too_old
    if expired > too_old:
        rejected["expiredLogEventEndIndex"] = expired
    taken = batch[max(too_old, expired) : first_too_new]
    if taken and taken[-1][0] - taken[0][0] > _DAY_MS:
        raise invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    return taken, rejected


def _read_event(event: Mapping[str, Any], position: int) -> tuple[int, str]:
    member = f"logEvents.{position}.member"
    for name in ("timestamp", "message"):
        if event.get(name) is None:
            raise invalid(member_missing(f"{member}.{name}"))
    if not event["message"]:
        constraint = "Member must have length greater than or equal to 1"
        raise invalid(constraint_broken("", f"{member}.message", constraint))
    if event["timestamp"] < 0:
        constraint = "Member must have value greater than or equal to 0"
        raise invalid(constraint_broken(event["timestamp"], f"{member}.timestamp", constraint))
    return int(event["timestamp"]), str(event["message"])


def _check_sizes(sizes: Sequence[int]) -> None:
    largest, total = max(sizes), sum(sizes)
    if largest > _MAX_BYTES:
        raise invalid(f"Log event too large: {largest} bytes exceeds limit of {_MAX_BYTES}")
    if total > _MAX_BYTES:
        raise invalid(f"Upload too large: {total} bytes exceeds limit of {_MAX_BYTES}")
