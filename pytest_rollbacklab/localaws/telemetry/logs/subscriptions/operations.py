"""Logs' operations on subscription filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scoped, ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, read_limit, required
from pytest_rollbacklab.localaws.telemetry.logs.metric_filters.metric_filter import check_filter_name, check_length
from pytest_rollbacklab.localaws.telemetry.logs.naming import check_group_name, named_group
from pytest_rollbacklab.localaws.telemetry.logs.store import LogGroup, LogStore
from pytest_rollbacklab.localaws.telemetry.logs.subscriptions.delivery import Delivery
from pytest_rollbacklab.localaws.telemetry.logs.subscriptions.subscription import read_subscription
from pytest_rollbacklab.localaws.telemetry.pages import read_token, write_token

__all__ = ["SubscriptionOperations"]

_MAX_FILTERS = 2
_MAX_PAGE = 50


class SubscriptionOperations:
    """Logs' operations on subscription filters.

    Args:
        stores: Every account's groups.
        now_ms: Gives the time in milliseconds since the epoch.
        delivery: Asked whether the function can be told.
    """

    def __init__(self, stores: Scoped[LogStore], now_ms: Callable[[], int], delivery: Delivery) -> None:
        self._stores = stores
        self._now_ms = now_ms
        self._delivery = delivery
        self.operations: Mapping[str, Operation] = {
            "PutSubscriptionFilter": self._put,
            "DescribeSubscriptionFilters": self._describe,
            "DeleteSubscriptionFilter": self._delete,
        }

    async def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        made = read_subscription(params, call.scope, now_ms=self._now_ms())
        self._refuse_a_third(self._group(call, params), made.name)
        await self._delivery.check(call.scope, params["logGroupName"], made)
        group = self._group(call, params)
        self._refuse_a_third(group, made.name)
        group.put_subscription(made)
        return {}

    def _describe(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        check_length(params, "filterNamePrefix")
        limit = read_limit(params, default=_MAX_PAGE, largest=_MAX_PAGE)
        prefix, last = params.get("filterNamePrefix") or "", _read_last(params)
        group = self._group(call, params)
        found = [one for name, one in sorted(group.subscriptions.items()) if name.startswith(prefix) and name > last]
        answer: dict[str, Any] = {"subscriptionFilters": [one.show(group.name) for one in found[:limit]]}
        return answer | ({"nextToken": write_token(last=found[limit - 1].name)} if len(found) > limit else {})

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        name, group = check_filter_name(params), self._group(call, params)
        if name not in group.subscriptions:
            raise ServiceError("ResourceNotFoundException", "The specified subscription filter does not exist.")
        group.remove_subscription(name)
        return {}

    def _group(self, call: Call, params: Mapping[str, Any]) -> LogGroup:
        check_group_name(required(params, "logGroupName"))
        return named_group(self._stores.of(call.scope), params)

    def _refuse_a_third(self, group: LogGroup, name: str) -> None:
        if name not in group.subscriptions and len(group.subscriptions) >= _MAX_FILTERS:
            raise ServiceError("LimitExceededException", "Resource limit exceeded.")


def _read_last(params: Mapping[str, Any]) -> str:
    if not params.get("nextToken"):
        return ""
    try:
        return str(read_token(params["nextToken"], last=str)["last"])
    except ValueError:
        raise invalid("The specified nextToken is invalid.") from None
