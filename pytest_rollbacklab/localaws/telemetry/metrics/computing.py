"""What queries come to in a window: the points of their metrics, and the expressions over these.

GetMetricData and alarms over several metrics ask the same. Each query is computed once, whoever needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_rollbacklab.localaws.telemetry.metrics.math.evaluation import evaluate
from pytest_rollbacklab.localaws.telemetry.metrics.math.functions import Span
from pytest_rollbacklab.localaws.telemetry.metrics.math.syntax import ids_in
from pytest_rollbacklab.localaws.telemetry.metrics.math.values import TimeSeries, Value
from pytest_rollbacklab.localaws.telemetry.metrics.queries import Expression, MetricStat, Query
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricStore

__all__ = ["Computation", "Found"]

_MINUTE_S = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What a query came to."""

    series: Sequence[TimeSeries]
    """One, but for an expression that comes to an array, or to nothing."""
    units: Sequence[str] = ()
    """All units that have data in the window; the points are of the first."""


class Computation:
    """The queries of one request, computed when they are asked for.

    Args:
        store: Where the metrics are.
        queries: All of them, wanted or not.
        starts: Gives the start of the window for a period, epoch seconds; and its end is the same for all.
        end: Epoch seconds; the first that no period may begin at.
        label_of: What a metric's query is called.
    """

    def __init__(
        self,
        store: MetricStore,
        queries: Sequence[Query],
        *,
        starts: Callable[[int], int],
        end: int,
        label_of: Callable[[Query], str] = lambda query: query.id,
    ) -> None:
        self._store = store
        self._queries = {query.id: query for query in queries}
        self._starts = starts
        self._end = end
        self._label_of = label_of
        self._found: dict[str, Found] = {}

    def of(self, identity: str) -> Found:
        """Return what a query came to.

        Raises:
            ServiceError: ValidationError: an expression takes what it is not for, or comes to a number.
        """
        if identity not in self._found:
            query = self._queries[identity]
            source = query.source
            found = self._read(query, source) if isinstance(source, MetricStat) else self._compute(query, source)
            self._found[identity] = found
        return self._found[identity]

    def period_of(self, query: Query) -> int:
        """Return the period of a query: an expression without one of its own has the shortest of its metrics'."""
        if query.source.period_s is not None:
            return query.source.period_s
        stats = [one.source for one in self._queries.values() if isinstance(one.source, MetricStat)]
        below = [self._queries[one] for one in self._below(query) if one in self._queries]
        return min([self.period_of(one) for one in below] or [one.period_s for one in stats] or [_MINUTE_S])

    def _below(self, query: Query) -> set[str]:
        return ids_in(query.source.node) if isinstance(query.source, Expression) else set()

    def _read(self, query: Query, source: MetricStat) -> Found:
        metric = self._store.find(source.metric)
        start, of = self._starts(source.period_s), source.statistic.of
        by_unit: dict[str, dict[int, float]] = {}
        for series in metric.in_units(source.unit) if metric else []:
            points = {
                period.start: value
                for period in series.periods(start, self._end, source.period_s)
                if (value := of(period.values)) is not None
            }
            if points:
                by_unit[series.unit] = points
        # Without a unit in the query AWS takes the first one by name and says so, as recorded.
        units = list(by_unit)
        series_found = TimeSeries(
            label=self._label_of(query), period_s=source.period_s, points=by_unit[units[0]] if units else {}
        )
        return Found(series=(series_found,), units=units)

    def _compute(self, query: Query, source: Expression) -> Found:
        known: dict[str, Value] = {}
        for identity in self._below(query) & self._queries.keys():
            below, found = self._queries[identity], self.of(identity)
            single = isinstance(below.source, MetricStat) or len(found.series) == 1
            known[identity] = found.series[0] if single else list(found.series)
        period_s = self.period_of(query)
        metrics = {
            one.id: self.of(one.id).series[0]
            for one in self._queries.values()
            if isinstance(one.source, MetricStat) and "METRICS" in source.text
        }
        start = self._starts(period_s)
        end = start - (start - self._end) // period_s * period_s
        span = Span(start=start, end=end, period_s=period_s, metrics=metrics)
        return Found(series=evaluate(query.id, source.node, known, span))
