"""Metric data queries, read and checked: GetMetricData's, and those of alarms over several metrics.

A query names a metric and a statistic (MetricStat), or an expression over other queries of the same request. Metrics
Insights, dynamic labels and other accounts' metrics are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.telemetry.metrics.datum import read_dimensions, read_unit
from pytest_rollbacklab.localaws.telemetry.metrics.faults import required, validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.math.syntax import Node, ids_in, parse
from pytest_rollbacklab.localaws.telemetry.metrics.statistics import Statistic, read_statistic
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricId, metric_id
from pytest_rollbacklab.localaws.telemetry.metrics.window import PERIODS_IN_WORDS, period_fits
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["Expression", "MetricStat", "Query", "read_queries"]

_MAX_QUERIES = 500
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricStat:
    """One statistic of one metric."""

    metric: MetricId
    statistic: Statistic
    period_s: int
    unit: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """Something computed from other queries."""

    text: str
    node: Node
    period_s: int | None
    """Where it was given; else that of its metrics."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One MetricDataQuery."""

    id: str
    source: MetricStat | Expression
    label: str | None
    wanted: bool
    """ReturnData."""


def read_queries(
    listed: Sequence[Mapping[str, Any]], account_id: str, *, path: str = "MetricDataQueries", most: int = _MAX_QUERIES
) -> list[Query]:
    """Return the queries of a call, each after those that it is computed from, if only its own order allows it.

    Args:
        account_id: The caller's.
        path: The member that they lie in.
        most: How many there may be.

    Raises:
        ServiceError: ValidationError that names the member, or NotImplemented.
    """
    if len(listed) > most:
        raise validation_error(f"The collection {path} must not have a size greater than {most}.")
    queries = [_read_query(query, f"{path}.member.{position}", account_id) for position, query in enumerate(listed, 1)]
    if len({query.id for query in queries}) != len(queries):
        raise validation_error(f"The values for parameter id in {path} are not unique.\n")
    _check_references({query.id: query for query in queries})
    return queries


def _read_query(query: Mapping[str, Any], path: str, account_id: str) -> Query:
    identity = required(query, "Id", f"{path}.Id")
    if not _ID.fullmatch(identity):
        raise validation_error(
            f"The parameter {path}.Id must begin with a lowercase letter and hold only letters, digits and underscores;"
            f" it is '{identity}'."
        )
    _refuse_what_is_not_emulated(query, account_id)
    return Query(
        id=identity,
        source=_read_source(query, identity, path),
        label=query.get("Label"),
        wanted=query.get("ReturnData") is not False,
    )


def _read_source(query: Mapping[str, Any], identity: str, path: str) -> MetricStat | Expression:
    asked, expression = query.get("MetricStat"), query.get("Expression")
    if asked is not None and expression is not None:
        raise validation_error(f"The parameters {path}.MetricStat and {path}.Expression are mutually exclusive.\n")
    if expression is not None:
        period_s = None if query.get("Period") is None else _read_period(query, path)
        return Expression(text=expression, node=parse(expression, identity), period_s=period_s)
    if asked is None:
        raise validation_error(f"The parameter {path}.MetricStat is required.\n")
    path += ".MetricStat"
    metric = required(asked, "Metric", f"{path}.Metric")
    return MetricStat(
        metric=metric_id(
            required(metric, "Namespace", f"{path}.Metric.Namespace"),
            required(metric, "MetricName", f"{path}.Metric.MetricName"),
            read_dimensions(metric.get("Dimensions"), f"{path}.Metric.Dimensions"),
        ),
        statistic=_read_statistic(asked, path),
        period_s=_read_period(asked, path),
        unit=read_unit(asked.get("Unit"), f"{path}.Unit"),
    )


def _refuse_what_is_not_emulated(query: Mapping[str, Any], account_id: str) -> None:
    if "${" in (query.get("Label") or ""):
        raise not_emulated(f"the dynamic label {query['Label']!r}", "Use a label without ${...}.")
    if query.get("AccountId") not in (None, account_id):
        raise not_emulated(f"metrics of another account ({query['AccountId']})", "Ask with that account's credentials.")


def _check_references(queries: Mapping[str, Query]) -> None:
    """Refuse expressions over ids that are none, and such as need themselves."""
    for query in queries.values():
        _follow(query, queries, ())


def _follow(query: Query, queries: Mapping[str, Query], above: tuple[str, ...]) -> None:
    if query.id in above:
        raise validation_error(f"Error in expression '{query.id}': it is computed from itself.")
    if not isinstance(query.source, Expression):
        return
    for identity in sorted(ids_in(query.source.node) - {"REPEAT", "LINEAR"}):
        if identity not in queries:
            raise validation_error(f"Error in expression '{query.id}': there is no query with the id '{identity}'.")
        _follow(queries[identity], queries, (*above, query.id))


def _read_statistic(asked: Mapping[str, Any], path: str) -> Statistic:
    name = required(asked, "Stat", f"{path}.Stat")
    statistic = read_statistic(name)
    if statistic is None:
        raise validation_error(f"The value {name} for parameter {path}.Stat is not supported.")
    return statistic


def _read_period(asked: Mapping[str, Any], path: str) -> int:
    period_s = int(required(asked, "Period", f"{path}.Period"))
    if not period_fits(period_s):
        raise validation_error(f"The parameter {path}.Period must be {PERIODS_IN_WORDS}.")
    return period_s
