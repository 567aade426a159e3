"""GetMetricData: several queries answered in one call, in pages.

The page's token holds a position in the results, so that nothing is remembered between pages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.telemetry.metrics.faults import invalid_token, required, validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.queries import Query, read_queries
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricStore
from pytest_rollbacklab.localaws.telemetry.metrics.window import round_start
from pytest_rollbacklab.localaws.telemetry.moments import from_epoch, to_epoch
from pytest_rollbacklab.localaws.telemetry.pages import read_token, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken

__all__ = ["get_metric_data"]

_MAX_DATAPOINTS = 100_800
_ORDERS = ("TimestampDescending", "TimestampAscending")
_FROM_THE_FIRST = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class _Span:
    """When to read, and in which order to tell it. Times are epoch seconds."""

    start: float
    end: float
    now: float
    newest_first: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """What one query found."""

    points: Sequence[tuple[int, float]]
    units: Sequence[str]
    """All units that have data in the window; the points are of the first."""


def get_metric_data(store: MetricStore, params: Mapping[str, Any], *, account_id: str, now: float) -> dict[str, Any]:
    """Answer GetMetricData (its page in the CloudWatch API reference; labels, units and pages as recorded).

    Raises:
        ServiceError: ValidationError, InvalidNextToken, or NotImplemented for what is not emulated.
    """
    queries = [query for query in read_queries(params, account_id) if query.wanted]
    span = _read_span(params, now)
    limit = params.get("MaxDatapoints") or _MAX_DATAPOINTS
    if not 0 < limit <= _MAX_DATAPOINTS:
        raise validation_error(f"The parameter MaxDatapoints must be between 1 and {_MAX_DATAPOINTS}.")
    results, token = _page(store, queries, span, limit, _read_position(params.get("NextToken")))
    answer: dict[str, Any] = {"MetricDataResults": results, "Messages": []}
    return answer | ({"NextToken": token} if token else {})


def _read_span(params: Mapping[str, Any], now: float) -> _Span:
    start, end = to_epoch(required(params, "StartTime")), to_epoch(required(params, "EndTime"))
    if start > end:
        raise validation_error("The parameter EndTime must be greater than StartTime.\n")
    if start == end:
        raise validation_error("The parameter StartTime must not equal parameter EndTime.\n")
    order = params.get("ScanBy") or _ORDERS[0]
    if order not in _ORDERS:
        constraint = f"Member must satisfy enum value set: [{', '.join(_ORDERS)}]"
        raise validation_error(constraint_broken(order, "scanBy", constraint))
    return _Span(start=start, end=end, now=now, newest_first=order == _ORDERS[0])


def _read_position(token: str | None) -> tuple[int, int]:
    """Return the query to go on with, and the time of the last point that was given of it."""
    if not token:
        return 0, _FROM_THE_FIRST
    try:
        position = read_token(token, query=int, after=int)
    except ValueError:
        raise invalid_token() from None
    return position["query"], position["after"]


def _page(
    store: MetricStore, queries: Sequence[Query], span: _Span, limit: int, position: tuple[int, int]
) -> tuple[list[dict[str, Any]], str | None]:
    first, after = position
    results: list[dict[str, Any]] = []
    room = limit
    for index in range(first, len(queries)):
        found = _find(store, queries[index], span)
        points = _beyond(found.points, after, span)
        given, after = points[:room], _FROM_THE_FIRST
        room -= len(given)
        complete = len(given) == len(points)
        results.append(_result(queries, index, found, given, complete=complete))
        if not complete:
            return results, write_token(query=index, after=given[-1][0])
        if room == 0 and index + 1 < len(queries):
            return results, write_token(query=index + 1, after=_FROM_THE_FIRST)
    return results, None


def _find(store: MetricStore, query: Query, span: _Span) -> _Found:
    metric = store.find(query.metric)
    start = round_start(span.start, query.period_s, now=span.now)
    by_unit: dict[str, list[tuple[int, float]]] = {}
    for series in metric.in_units(query.unit) if metric else []:
        points = [
            (period.start, value)
            for period in series.periods(start, math.ceil(span.end), query.period_s)
            if (value := query.statistic.of(period.values)) is not None
        ]
        if points:
            by_unit[series.unit] = points[::-1] if span.newest_first else points
    # Without a unit in the query AWS takes the first one by name and says so, as recorded.
    units = list(by_unit)
    return _Found(points=by_unit[units[0]] if units else (), units=units)


def _beyond(points: Sequence[tuple[int, float]], after: int, span: _Span) -> Sequence[tuple[int, float]]:
    if after == _FROM_THE_FIRST:
        return points
    return [point for point in points if (point[0] < after if span.newest_first else point[0] > after)]


def _result(
    queries: Sequence[Query], index: int, found: _Found, given: Sequence[tuple[int, float]], *, complete: bool
) -> dict[str, Any]:
    query = queries[index]
    result: dict[str, Any] = {
        "Id": query.id,
        "Label": query.label or _default_label(query, queries),
        "Timestamps": [from_epoch(at) for at, _ in given],
        "Values": [value for _, value in given],
        "StatusCode": "Complete" if complete else "PartialData",
    }
    if len(found.units) > 1:
        units = ", ".join(found.units)
        result["Messages"] = [{"Code": "MultipleUnits", "Value": f"Multiple units returned: '[{units}]'"}]
    return result


def _default_label(query: Query, queries: Sequence[Query]) -> str:
    """Return the metric's name, and beside it the statistic and the period where queries differ by them."""
    parts = [query.metric.name]
    if len({other.statistic.name for other in queries}) > 1:
        parts.append(query.statistic.name)
    if len({other.period_s for other in queries}) > 1:
        parts.append(str(query.period_s))
    return " ".join(parts)
