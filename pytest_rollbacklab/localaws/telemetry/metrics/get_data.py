"""GetMetricData: several queries answered in one call, in pages.

The page's token holds a position in the results, so that nothing is remembered between pages.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.telemetry.metrics.computing import Computation, Found
from pytest_rollbacklab.localaws.telemetry.metrics.faults import invalid_token, required, validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.math.values import TimeSeries
from pytest_rollbacklab.localaws.telemetry.metrics.queries import MetricStat, Query, read_queries
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
class _Result:
    """One line of the answer."""

    id: str
    label: str
    points: Sequence[tuple[int, float]]
    """In the order in which they are told."""
    units: Sequence[str]


def get_metric_data(store: MetricStore, params: Mapping[str, Any], *, account_id: str, now: float) -> dict[str, Any]:
    """Answer GetMetricData (its page in the CloudWatch API reference; labels, units and pages as recorded).

    Raises:
        ServiceError: ValidationError, InvalidNextToken, or NotImplemented for what is not emulated.
    """
    queries = read_queries(required(params, "MetricDataQueries"), account_id)
    span = _read_span(params, now)
    limit = params.get("MaxDatapoints") or _MAX_DATAPOINTS
    if not 0 < limit <= _MAX_DATAPOINTS:
        raise validation_error(f"The parameter MaxDatapoints must be between 1 and {_MAX_DATAPOINTS}.")
    results, token = _page(_results(store, queries, span), span, limit, _read_position(params.get("NextToken")))
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


def _results(store: MetricStore, queries: Sequence[Query], span: _Span) -> list[_Result]:
    wanted = [query for query in queries if query.wanted]
    computation = Computation(
        store,
        queries,
        starts=lambda period_s: round_start(span.start, period_s, now=span.now),
        end=math.ceil(span.end),
        label_of=lambda query: query.label or _default_label(query, wanted),
    )
    results = []
    for query in wanted:
        found = computation.of(query.id)
        for series in found.series or (TimeSeries(label="", period_s=0, points={}),):
            points = list(series.points.items())
            label = series.label if isinstance(query.source, MetricStat) else _expression_label(query, found, series)
            results.append(
                _Result(
                    id=query.id,
                    label=label,
                    points=points[::-1] if span.newest_first else points,
                    units=found.units,
                )
            )
    return results


def _page(
    found: Sequence[_Result], span: _Span, limit: int, position: tuple[int, int]
) -> tuple[list[dict[str, Any]], str | None]:
    first, after = position
    results: list[dict[str, Any]] = []
    room = limit
    for index in range(first, len(found)):
        points = _beyond(found[index].points, after, span)
        given, after = points[:room], _FROM_THE_FIRST
        room -= len(given)
        complete = len(given) == len(points)
        results.append(_show(found[index], given, complete=complete))
        if not complete:
            return results, write_token(query=index, after=given[-1][0])
        if room == 0 and index + 1 < len(found):
            return results, write_token(query=index + 1, after=_FROM_THE_FIRST)
    return results, None


def _beyond(points: Sequence[tuple[int, float]], after: int, span: _Span) -> Sequence[tuple[int, float]]:
    if after == _FROM_THE_FIRST:
        return points
    return [point for point in points if (point[0] < after if span.newest_first else point[0] > after)]


def _show(result: _Result, given: Sequence[tuple[int, float]], *, complete: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "Id": result.id,
        "Label": result.label,
        "Timestamps": [from_epoch(at) for at, _ in given],
        "Values": [value for _, value in given],
        "StatusCode": "Complete" if complete else "PartialData",
    }
    if len(result.units) > 1:
        units = ", ".join(result.units)
        shown["Messages"] = [{"Code": "MultipleUnits", "Value": f"Multiple units returned: '[{units}]'"}]
    return shown


def _default_label(query: Query, queries: Sequence[Query]) -> str:
    """Return the metric's name, and beside it the statistic and the period where queries differ by them."""
    stats = [other.source for other in queries if isinstance(other.source, MetricStat)]
    if not isinstance(query.source, MetricStat):
        return query.id
    parts = [query.source.metric.name]
    if len({other.statistic.name for other in stats}) > 1:
        parts.append(query.source.statistic.name)
    if len({other.period_s for other in stats}) > 1:
        parts.append(str(query.source.period_s))
    return " ".join(parts)


def _expression_label(query: Query, found: Found, series: TimeSeries) -> str:
    """Return an expression's label, or its id; of an array each series is told with its own label behind it."""
    if len(found.series) > 1:
        return f"{query.label} {series.label}" if query.label else series.label
    return query.label or query.id
