"""ListMetrics: which metrics there are, by namespace, name and dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from pytest_rollbacklab.localaws.telemetry.metrics.faults import invalid_value, required, validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.store import Metric, MetricStore
from pytest_rollbacklab.localaws.telemetry.pages import read_token, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, not_emulated

__all__ = ["list_metrics"]

_PAGE = 500
_RECENTLY = "PT3H"
_RECENTLY_S = 3 * 3600


def list_metrics(store: MetricStore, params: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """Answer ListMetrics (its page in the CloudWatch API reference): 500 metrics a page, in the order they came.

    A metric is listed as soon as it is there; AWS may take 15 minutes.

    Raises:
        ServiceError: InvalidParameterValue for a token that is none, or NotImplemented for other accounts.
    """
    for option in ("IncludeLinkedAccounts", "OwningAccount"):
        if params.get(option):
            raise not_emulated(f"{option} of ListMetrics", "Ask with the other account's own credentials.")
    position = _read_position(params.get("NextToken"))
    wanted = _filters(params)
    since = now - _RECENTLY_S if _recently(params) else 0.0
    matching = (metric for metric in store if _matches(metric, params, wanted) and metric.last_at >= since)
    found = list(islice(matching, position, position + _PAGE + 1))
    answer: dict[str, Any] = {"Metrics": [_shown(metric) for metric in found[:_PAGE]]}
    return answer | ({"NextToken": write_token(position=position + _PAGE)} if len(found) > _PAGE else {})


def _read_position(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(read_token(token, position=int)["position"])
    except ValueError:
        raise invalid_value("Request parameter NextToken is invalid") from None


def _recently(params: Mapping[str, Any]) -> bool:
    asked = params.get("RecentlyActive")
    if asked not in (None, _RECENTLY):
        constraint = f"Member must satisfy enum value set: [{_RECENTLY}]"
        raise validation_error(constraint_broken(asked, "recentlyActive", constraint))
    return asked is not None


def _filters(params: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    return [
        (required(dimension, "Name", f"Dimensions.member.{position}.Name"), dimension.get("Value"))
        for position, dimension in enumerate(params.get("Dimensions") or (), 1)
    ]


def _matches(metric: Metric, params: Mapping[str, Any], wanted: list[tuple[str, str | None]]) -> bool:
    if params.get("Namespace") not in (None, metric.id.namespace):
        return False
    if params.get("MetricName") not in (None, metric.id.name):
        return False
    dimensions = dict(metric.id.dimensions)
    return all(name in dimensions and value in (None, dimensions[name]) for name, value in wanted)


def _shown(metric: Metric) -> dict[str, Any]:
    return {
        "Namespace": metric.id.namespace,
        "MetricName": metric.id.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in metric.id.dimensions],
    }
