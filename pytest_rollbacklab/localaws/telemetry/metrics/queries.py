"""GetMetricData's queries, read and checked.

A query names a metric and a statistic (MetricStat). Metric math and Metrics Insights (``Expression``), dynamic labels
and other accounts' metrics are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.telemetry.metrics.datum import read_dimensions, read_unit
from pytest_rollbacklab.localaws.telemetry.metrics.faults import required, validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.statistics import Statistic, read_statistic
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricId, metric_id
from pytest_rollbacklab.localaws.telemetry.metrics.window import PERIODS_IN_WORDS, period_fits
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["Query", "read_queries"]

_MAX_QUERIES = 500
_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One MetricDataQuery of the MetricStat kind."""

    id: str
    metric: MetricId
    statistic: Statistic
    period_s: int
    unit: str | None
    label: str | None
    wanted: bool
    """ReturnData."""


def read_queries(params: Mapping[str, Any], account_id: str) -> list[Query]:
    """Return the queries of a GetMetricData call.

    Args:
        account_id: The caller's.

    Raises:
        ServiceError: ValidationError that names the member, or NotImplemented.
    """
    listed = required(params, "MetricDataQueries")
    if len(listed) > _MAX_QUERIES:
        raise validation_error(f"The collection MetricDataQueries must not have a size greater than {_MAX_QUERIES}.")
    queries = [
        _read_query(query, f"MetricDataQueries.member.{position}", account_id)
        for position, query in enumerate(listed, 1)
    ]
    if len({query.id for query in queries}) != len(queries):
        raise validation_error("The values for parameter id in MetricDataQueries are not unique.\n")
    return queries


def _read_query(query: Mapping[str, Any], path: str, account_id: str) -> Query:
    identity = required(query, "Id", f"{path}.Id")
    if not _ID.fullmatch(identity):
        raise validation_error(
            f"The parameter {path}.Id must begin with a lowercase letter and hold only letters, digits and underscores;"
            f" it is '{identity}'."
        )
    _refuse_what_is_not_emulated(query, identity, account_id)
    asked = query.get("MetricStat")
    if asked is None:
        raise validation_error(f"The parameter {path}.MetricStat is required.\n")
    path += ".MetricStat"
    metric = required(asked, "Metric", f"{path}.Metric")
    return Query(
        id=identity,
        metric=metric_id(
            required(metric, "Namespace", f"{path}.Metric.Namespace"),
            required(metric, "MetricName", f"{path}.Metric.MetricName"),
            read_dimensions(metric.get("Dimensions"), f"{path}.Metric.Dimensions"),
        ),
        statistic=_read_statistic(asked, path),
        period_s=_read_period(asked, path),
        unit=read_unit(asked.get("Unit"), f"{path}.Unit"),
        label=query.get("Label"),
        wanted=query.get("ReturnData") is not False,
    )


def _refuse_what_is_not_emulated(query: Mapping[str, Any], identity: str, account_id: str) -> None:
    if query.get("Expression") is not None:
        raise not_emulated(
            f"the Expression {query['Expression']!r} of query {identity!r} of GetMetricData",
            "Ask for each metric with a MetricStat and compute over the answers.",
        )
    if "${" in (query.get("Label") or ""):
        raise not_emulated(f"the dynamic label {query['Label']!r}", "Use a label without ${...}.")
    if query.get("AccountId") not in (None, account_id):
        raise not_emulated(f"metrics of another account ({query['AccountId']})", "Ask with that account's credentials.")


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
