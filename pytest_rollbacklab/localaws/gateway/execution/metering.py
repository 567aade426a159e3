"""How often: a method's own limits on the stage, and for a method that wants an API key, its plan's limits and quota.

The order is AWS's ("Order of operations in throttling limits"): the plan's limit for the method, else the plan's; then
the stage's limit for the method, else for every method. What is throttled is not counted. A key that is unknown, is
disabled, or has no plan for the stage gets the same answer as none.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from pytest_rollbacklab.localaws.gateway.apis.stage import MethodSetting
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route
from pytest_rollbacklab.localaws.gateway.execution import caller_faults
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.execution.masking import masked
from pytest_rollbacklab.localaws.gateway.execution.throttling import Throttles
from pytest_rollbacklab.localaws.gateway.usage.api_key import ApiKey
from pytest_rollbacklab.localaws.gateway.usage.book import UsageBook
from pytest_rollbacklab.localaws.gateway.usage.usage_plan import UsagePlan

__all__ = ["Metering"]

_HEADER = "x-api-key"
_DEFAULT_RATE = 10_000.0
_DEFAULT_BURST = 5_000


class Metering:
    """Counts and throttles.

    Args:
        book: Whose keys there are, and what they may use.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, book: UsageBook, clock: Callable[[], float]) -> None:
        self._book = book
        self._clock = clock
        self._throttles = Throttles(clock)

    async def meter(self, exchange: Exchange) -> None:
        """Let a request pass that may come now.

        Raises:
            Fault: 403: it has no key that may call this; 429: it is one too many.
        """
        route = exchange.route
        assert route is not None
        holder = self._holder(exchange, route) if route.api_key_required else None
        if holder is not None:
            for what, rate, burst in _limits(*holder, exchange, route):
                self._take(exchange, what, rate=rate, burst=burst)
        setting = exchange.live.setting(route)
        if setting.rate_limit is not None or setting.burst_limit is not None:
            self._throttle(exchange, route, setting)
        if holder is not None:
            self._count(exchange, *holder)
        exchange.was_metered = True

    def _holder(self, exchange: Exchange, route: Route) -> tuple[UsagePlan, ApiKey]:
        """Return the key of a request, and the plan by which it may call."""
        value = self._sent(exchange)
        key = self._book.key_of_value(exchange.scope, value) if value else None
        plan = self._plan(exchange, key) if key is not None and key.enabled else None
        if key is None or plan is None:
            raise caller_faults.invalid_key(route.place, exchange.live.place, key=masked(value or ""))
        exchange.api_key = key
        return plan, key

    def _count(self, exchange: Exchange, plan: UsagePlan, key: ApiKey) -> None:
        if not self._book.take(exchange.scope, plan, key, datetime.fromtimestamp(self._clock(), UTC).date()):
            raise caller_faults.quota_exceeded()

    def _sent(self, exchange: Exchange) -> str | None:
        if exchange.live.deployment.api.api_key_source == "AUTHORIZER":
            return exchange.usage_key
        return exchange.request.header(_HEADER)

    def _plan(self, exchange: Exchange, key: ApiKey) -> UsagePlan | None:
        return self._book.plan_of(exchange.scope, key, api_id=exchange.live.api_id, stage=exchange.live.stage.name)

    def _throttle(self, exchange: Exchange, route: Route, setting: MethodSetting) -> None:
        what = (exchange.live.api_id, exchange.live.stage.name, route.resource_path, route.http_method)
        rate = _DEFAULT_RATE if setting.rate_limit is None else setting.rate_limit
        burst = _DEFAULT_BURST if setting.burst_limit is None else setting.burst_limit
        self._take(exchange, what, rate=rate, burst=burst)

    def _take(self, exchange: Exchange, what: object, *, rate: float, burst: int) -> None:
        if not self._throttles.allow(what, rate=rate, burst=burst):
            raise caller_faults.throttled(_where(exchange), rate=rate, burst=burst)


def _limits(plan: UsagePlan, key: ApiKey, exchange: Exchange, route: Route) -> list[tuple[object, float, int]]:
    """Return the limits of a plan that are for a request: what they are for, rate and burst."""
    stage = plan.stage(exchange.live.api_id, exchange.live.stage.name)
    assert stage is not None
    of_method = stage.throttles.get(f"{route.resource_path}/{route.http_method}")
    if of_method is not None:
        return [((plan.id, key.id, stage.key, route.place), of_method.rate, of_method.burst)]
    if plan.throttle is not None:
        return [((plan.id, key.id), plan.throttle.rate, plan.throttle.burst)]
    return []


def _where(exchange: Exchange) -> str:
    live, route = exchange.live, exchange.route
    assert route is not None
    resource = f"Resource {route.resource_id}, HttpMethod {exchange.request.method}"
    return f"RestApi {live.api_id}, Stage {live.stage.name}, {resource}"
