"""The ``Metrics`` of an alarm that is computed from several: read, checked, and shown.

PutMetricAlarm's page: either one metric or ``Metrics``, of which exactly one returns data, and that is one time series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_rollbacklab.localaws.telemetry.metrics.computing import Computation
from pytest_rollbacklab.localaws.telemetry.metrics.faults import clashing, validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.queries import MetricStat, Query, read_queries
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricStore

__all__ = ["read_alarm_queries", "show_query", "wanted_period"]

_MAX_QUERIES = 20
_MAX_METRICS = 10
_OF_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")


def read_alarm_queries(params: Mapping[str, Any], account_id: str) -> tuple[Query, ...]:
    """Return the queries of a PutMetricAlarm call; none for an alarm on one metric.

    Raises:
        ServiceError: ValidationError, InvalidParameterCombination, or NotImplemented.
    """
    listed = params.get("Metrics")
    if not listed:
        return ()
    if clash := next((name for name in _OF_ONE_METRIC if params.get(name)), None):
        raise clashing(f"The parameters Metrics and {clash} are mutually exclusive: an alarm is on one or the other.")
    queries = read_queries(listed, account_id, path="Metrics", most=_MAX_QUERIES)
    if sum(isinstance(query.source, MetricStat) for query in queries) > _MAX_METRICS:
        raise validation_error(f"An alarm can be computed from at most {_MAX_METRICS} metrics.")
    if sum(query.wanted for query in queries) != 1:
        raise validation_error("Exactly one element of the metrics list should return data.")
    _check_result(queries)
    return tuple(queries)


def wanted_period(queries: Sequence[Query]) -> int:
    """Return the period of the query that returns data, in seconds."""
    wanted = next(query for query in queries if query.wanted)
    return Computation(MetricStore(), queries, starts=lambda _: 0, end=0).period_of(wanted)


def show_query(query: Query) -> dict[str, Any]:
    """Return a query as DescribeAlarms shows it."""
    shown: dict[str, Any] = {"Id": query.id, "Label": query.label, "ReturnData": query.wanted}
    source = query.source
    if isinstance(source, MetricStat):
        metric = {
            "Namespace": source.metric.namespace,
            "MetricName": source.metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in source.metric.dimensions],
        }
        stat = {"Metric": metric, "Period": source.period_s, "Stat": source.statistic.name, "Unit": source.unit}
        shown["MetricStat"] = {name: value for name, value in stat.items() if value is not None}
    else:
        shown |= {"Expression": source.text, "Period": source.period_s}
    return {name: value for name, value in shown.items() if value is not None}


def _check_result(queries: Sequence[Query]) -> None:
    """Refuse what does not come to one time series, by computing it over a store with one point of each metric."""
    store = MetricStore()
    for query in queries:
        if isinstance(query.source, MetricStat):
            store.record(query.source.metric, unit=query.source.unit or "None", at=0, values={1.0: 1.0})
    wanted = next(query for query in queries if query.wanted)
    end = max(wanted_period(queries), *(query.source.period_s or 0 for query in queries))
    found = Computation(store, queries, starts=lambda _: 0, end=end).of(wanted.id)
    if len(found.series) > 1:
        raise validation_error(f"The expression of '{wanted.id}' returns several time series: an alarm watches one.")
