"""A query executed: events become rows of text, which are filtered, counted, sorted and cut.

It goes on in slices, so that other work goes on beside it. Without ``sort`` the newest come first, and without
``fields`` there are ``@timestamp`` and ``@message``, as "Logs Insights query syntax" says.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.telemetry.logs.event import LogEvent
from pytest_rollbacklab.localaws.telemetry.logs.insights.conditions import number_of
from pytest_rollbacklab.localaws.telemetry.logs.insights.query import MAX_ROWS, InsightsQuery
from pytest_rollbacklab.localaws.telemetry.logs.patterns.json_events import read_document
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup
from pytest_rollbacklab.localaws.telemetry.moments import from_epoch

__all__ = ["Outcome", "execute"]

_SLICE = 1000
_MAX_JSON_FIELDS = 1000
_DEFAULT_FIELDS = [("@timestamp", "@timestamp"), ("@message", "@message")]


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What a query has come to so far."""

    rows: list[list[dict[str, str]]] = field(default_factory=list)
    """As GetQueryResults tells them."""
    matched: int = 0
    scanned: int = 0
    bytes_scanned: int = 0
    groups: int = 0


async def execute(
    query: InsightsQuery,
    groups: Sequence[LogGroup],
    *,
    start_ms: int,
    end_ms: int,
    until_ingested_ms: int,
    limit: int | None,
    into: Outcome,
) -> None:
    """Execute a query.

    Args:
        start_ms: Milliseconds since the epoch.
        end_ms: The last millisecond.
        until_ingested_ms: Events that came later are not seen.
        limit: How many rows, where the query does not say.
        into: Takes what there is.
    """
    found: list[dict[str, str]] = []
    into.groups = len(groups)
    for group in groups:
        for event in group.events.walk(
            group.events.first_from((start_ms, 0)), group.events.first_from((end_ms + 1, 0))
        ):
            into.scanned += 1
            into.bytes_scanned += len(event.message)
            if into.scanned % _SLICE == 0:
                await asyncio.sleep(0)
            row = _row(group, event)
            if event.ingested_ms <= until_ingested_ms and all(holds(row) for holds in query.filters):
                found.append(row)
    into.matched = len(found)
    rows = _counted(query, found) if query.counts else found
    rows = _sorted(query, rows)[: query.limit or limit or MAX_ROWS]
    into.rows = [_shown(query, row) for row in rows]


def _row(group: LogGroup, event: LogEvent) -> dict[str, str]:
    row = {
        "@timestamp": _moment(event.at_ms),
        "@ingestionTime": _moment(event.ingested_ms),
        "@message": event.message,
        "@logStream": event.stream,
        "@log": f"{group.arn.split(':')[4]}:{group.name}",
        "@ptr": base64.b64encode(f"{group.name}\n{event.id}".encode()).decode(),
    }
    document = read_document(event.message)
    if isinstance(document, dict):
        for (name, value), _ in zip(_flat(document, ""), range(_MAX_JSON_FIELDS), strict=False):
            row.setdefault(name, value)
    return row


def _flat(node: Any, name: str) -> Iterator[tuple[str, str]]:
    """Give the values of a document by their path: ``user.id``, ``items.0``."""
    if isinstance(node, dict | list):
        members = node.items() if isinstance(node, dict) else enumerate(node)
        for key, member in members:
            yield from _flat(member, f"{name}.{key}" if name else str(key))
    elif node is not None:
        yield name, node if isinstance(node, str) else json.dumps(node)


def _counted(query: InsightsQuery, found: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    by_group: dict[tuple[str | None, ...], list[int]] = {}
    if not query.groupings:
        by_group[()] = [0] * len(query.counts)
    aliases = query.aliases
    for row in found:
        key = tuple(
            _bin(row, grouping.bin_ms)
            if grouping.bin_ms
            else row.get(aliases.get(grouping.of or "", grouping.of or ""))
            for grouping in query.groupings
        )
        counts = by_group.setdefault(key, [0] * len(query.counts))
        for index, count in enumerate(query.counts):
            counts[index] += count.of is None or count.of in row
    return [
        {grouping.name: value for grouping, value in zip(query.groupings, key, strict=True) if value is not None}
        | {count.name: str(number) for count, number in zip(query.counts, counts, strict=True)}
        for key, counts in by_group.items()
    ]


def _bin(row: Mapping[str, str], width_ms: int) -> str:
    return _moment(_milliseconds(row["@timestamp"]) // width_ms * width_ms)


def _sorted(query: InsightsQuery, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    aliases = query.aliases
    for name, descending in reversed(query.order or ([] if query.counts else [("@timestamp", True)])):
        of = name if query.counts else aliases.get(name, name)
        rows = sorted(rows, key=lambda row, of=of: _rank(row.get(of)), reverse=descending)  # type: ignore[misc]
    return rows


def _rank(value: str | None) -> tuple[int, float, str]:
    """Return where a value stands: none, numbers by their size, texts by their letters."""
    if value is None:
        return (0, 0.0, "")
    number = number_of(value)
    return (2, 0.0, value) if number is None else (1, number, "")


def _shown(query: InsightsQuery, row: Mapping[str, str]) -> list[dict[str, str]]:
    if query.counts:
        return [{"field": name, "value": value} for name, value in row.items()]
    fields = [*(query.fields or _DEFAULT_FIELDS), ("@ptr", "@ptr")]
    return [{"field": name, "value": row[of]} for of, name in dict.fromkeys(fields) if of in row]


def _moment(at_ms: int) -> str:
    return f"{from_epoch(at_ms // 1000):%Y-%m-%d %H:%M:%S}.{at_ms % 1000:03d}"


def _milliseconds(moment: str) -> int:
    return round(datetime.strptime(moment, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).timestamp() * 1000)
