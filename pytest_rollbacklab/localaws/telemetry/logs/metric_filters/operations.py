"""Logs' operations on metric filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scope, Scoped, ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, read_limit, required
from pytest_rollbacklab.localaws.telemetry.logs.metric_filters.metric_filter import (
    MetricFilter,
    check_filter_name,
    check_length,
    read_metric_filter,
)
from pytest_rollbacklab.localaws.telemetry.logs.naming import check_group_name, named_group
from pytest_rollbacklab.localaws.telemetry.logs.patterns import compile_pattern
from pytest_rollbacklab.localaws.telemetry.logs.patterns.extraction import extraction_of
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup, LogStore
from pytest_rollbacklab.localaws.telemetry.pages import read_token, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken

__all__ = ["MetricFilterOperations"]

_MAX_FILTERS = 100
_MAX_PAGE = 50
_MAX_MESSAGES = 50


class MetricFilterOperations:
    """Logs' operations on metric filters.

    Args:
        stores: Every account's groups.
        now_ms: Gives the time in milliseconds since the epoch.
        forget: Told of a filter that is deleted or replaced.
    """

    def __init__(
        self, stores: Scoped[LogStore], now_ms: Callable[[], int], forget: Callable[[Scope, str, MetricFilter], None]
    ) -> None:
        self._stores = stores
        self._now_ms = now_ms
        self._forget = forget
        self.operations: Mapping[str, Operation] = {
            "PutMetricFilter": self._put,
            "DescribeMetricFilters": self._describe,
            "DeleteMetricFilter": self._delete,
            "TestMetricFilter": self._test,
        }

    def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        made = read_metric_filter(params, now_ms=self._now_ms())
        group = self._group(call, params)
        old = group.metric_filters.get(made.name)
        if old is None and len(group.metric_filters) >= _MAX_FILTERS:
            raise ServiceError("LimitExceededException", "Resource limit exceeded.")
        if old is not None:
            self._forget(call.scope, group.name, old)
        group.put_metric_filter(made)
        return {}

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        name, group = check_filter_name(params), self._group(call, params)
        if name not in group.metric_filters:
            raise ServiceError("ResourceNotFoundException", "The specified metric filter does not exist.")
        self._forget(call.scope, group.name, group.metric_filters[name])
        group.remove_metric_filter(name)
        return {}

    def _describe(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        check_length(params, "filterNamePrefix", "metricName", "metricNamespace")
        if (params.get("metricName") is None) != (params.get("metricNamespace") is None):
            raise invalid("metricName and metricNamespace have to be given together.")
        limit = read_limit(params, default=_MAX_PAGE, largest=_MAX_PAGE)
        last = _read_last(params)
        rest = [found for found in self._found(call, params) if last is None or (found[0], found[1].name) > last]
        answer: dict[str, Any] = {"metricFilters": [one.show(group) for group, one in rest[:limit]]}
        if len(rest) > limit:
            group, one = rest[limit - 1]
            answer["nextToken"] = write_token(group=group, last=one.name)
        return answer

    def _found(self, call: Call, params: Mapping[str, Any]) -> list[tuple[str, MetricFilter]]:
        """Return the filters that are asked for with their groups' names, sorted by group and name."""
        store = self._stores.of(call.scope)
        if params.get("logGroupName") is not None:
            groups = [self._group(call, params)]
        else:
            groups = [group for name in store.names if (group := store.group(name)) is not None]
        prefix = params.get("filterNamePrefix") or ""
        metric = (params.get("metricNamespace"), params.get("metricName"))
        return [
            (group.name, one)
            for group in groups
            for name, one in sorted(group.metric_filters.items())
            if name.startswith(prefix)
            and metric in ((None, None), (one.transformation.namespace, one.transformation.name))
        ]

    def _test(self, _call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pattern, messages = required(params, "filterPattern"), required(params, "logEventMessages")
        if not 1 <= len(messages) <= _MAX_MESSAGES:
            side, size = ("greater", 1) if not messages else ("less", _MAX_MESSAGES)
            constraint = f"Member must have length {side} than or equal to {size}"
            raise invalid(constraint_broken(f"[{len(messages)} messages]", "logEventMessages", constraint))
        matches, extraction = compile_pattern(pattern), extraction_of(pattern)
        return {
            "matches": [
                {"eventNumber": number, "eventMessage": message, "extractedValues": dict(extraction.told(message))}
                for number, message in enumerate(messages)
                if matches is None or matches(message)
            ]
        }

    def _group(self, call: Call, params: Mapping[str, Any]) -> LogGroup:
        check_group_name(required(params, "logGroupName"))
        return named_group(self._stores.of(call.scope), params)


def _read_last(params: Mapping[str, Any]) -> tuple[str, str] | None:
    if not params.get("nextToken"):
        return None
    try:
        position = read_token(params["nextToken"], group=str, last=str)
    except ValueError:
        raise invalid("The specified nextToken is invalid.") from None
    return position["group"], position["last"]
