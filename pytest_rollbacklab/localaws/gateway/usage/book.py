"""Every account's API keys and usage plans, and what was used of them: a ``keeping.Part`` of its own.

Keys and plans are values, replaced whole. What was used changes with every request that has a key, so that each
count is a small record by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from pytest_rollbacklab.localaws.api import Scope, Scoped
from pytest_rollbacklab.localaws.gateway.refusals import conflict, not_found
from pytest_rollbacklab.localaws.gateway.usage.api_key import ApiKey
from pytest_rollbacklab.localaws.gateway.usage.counted import Counted
from pytest_rollbacklab.localaws.gateway.usage.usage_plan import UsagePlan
from pytest_rollbacklab.localaws.keeping import Keeper

__all__ = ["UsageBook"]


@dataclass(slots=True)
class _Shelf:
    """One account and region's."""

    keys: dict[str, ApiKey] = field(default_factory=dict)
    by_value: dict[str, str] = field(default_factory=dict)
    plans: dict[str, UsagePlan] = field(default_factory=dict)
    counted: dict[tuple[str, str], Counted] = field(default_factory=dict)
    """By plan and key."""


class UsageBook:
    """The keys and plans of all accounts.

    Args:
        keeper: Hears of every change.
    """

    name = "apigateway-usage"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._shelves = Scoped(lambda _: _Shelf())

    def keys(self, scope: Scope) -> list[ApiKey]:
        return list(self._shelves.of(scope).keys.values())

    def plans(self, scope: Scope) -> list[UsagePlan]:
        return list(self._shelves.of(scope).plans.values())

    def key(self, scope: Scope, key_id: str) -> ApiKey:
        """Return a key.

        Raises:
            ServiceError: NotFoundException.
        """
        key = self._shelves.of(scope).keys.get(key_id)
        if key is None:
            raise not_found("Invalid API Key identifier specified")
        return key

    def key_of_value(self, scope: Scope, value: str) -> ApiKey | None:
        """Return the key that is sent as this."""
        shelf = self._shelves.of(scope)
        key_id = shelf.by_value.get(value)
        return None if key_id is None else shelf.keys[key_id]

    def plan(self, scope: Scope, plan_id: str) -> UsagePlan:
        """Return a plan.

        Raises:
            ServiceError: NotFoundException.
        """
        plan = self._shelves.of(scope).plans.get(plan_id)
        if plan is None:
            raise not_found("Invalid Usage Plan ID specified")
        return plan

    def plan_of(self, scope: Scope, key: ApiKey, *, api_id: str, stage: str) -> UsagePlan | None:
        """Return the plan by which a key may call a stage."""
        plans = self._shelves.of(scope).plans.values()
        return next((plan for plan in plans if key.id in plan.key_ids and plan.stage(api_id, stage)), None)

    def put_key(self, scope: Scope, key: ApiKey) -> None:
        """Add a key, or put it in the place of the one of its id.

        Raises:
            ServiceError: ConflictException: another key has its value.
        """
        shelf = self._shelves.of(scope)
        if shelf.by_value.get(key.value, key.id) != key.id:
            raise conflict("API Key already exists")
        shelf.keys[key.id] = key
        shelf.by_value[key.value] = key.id
        self._keeper.changed(self, scope, f"key/{key.id}")

    def remove_key(self, scope: Scope, key: ApiKey) -> None:
        """Forget a key, and take it from its plans."""
        shelf = self._shelves.of(scope)
        for plan in self.plans(scope):
            if key.id in plan.key_ids:
                self.put_plan(scope, replace(plan, key_ids=tuple(known for known in plan.key_ids if known != key.id)))
                self._forget_counts(scope, plan.id, key.id)
        del shelf.keys[key.id], shelf.by_value[key.value]
        self._keeper.changed(self, scope, f"key/{key.id}")

    def put_plan(self, scope: Scope, plan: UsagePlan) -> None:
        self._shelves.of(scope).plans[plan.id] = plan
        self._keeper.changed(self, scope, f"plan/{plan.id}")

    def forget_stages(self, scope: Scope, api_id: str, stage: str | None = None) -> None:
        """Take a stage that is gone, or all of an API's, from every plan."""
        for plan in self.plans(scope):
            kept = tuple(known for known in plan.stages if known.api_id != api_id or stage not in (None, known.stage))
            if kept != plan.stages:
                self.put_plan(scope, replace(plan, stages=kept))

    def remove_plan(self, scope: Scope, plan: UsagePlan) -> None:
        del self._shelves.of(scope).plans[plan.id]
        self._keeper.changed(self, scope, f"plan/{plan.id}")
        for key_id in plan.key_ids:
            self._forget_counts(scope, plan.id, key_id)

    def counted(self, scope: Scope, plan_id: str, key_id: str) -> Counted:
        """Return what a key has used of a plan; whoever changes it tells by ``counted_more``."""
        return self._shelves.of(scope).counted.setdefault((plan_id, key_id), Counted())

    def counted_more(self, scope: Scope, plan_id: str, key_id: str) -> None:
        self._keeper.changed(self, scope, f"used/{plan_id}/{key_id}")

    def take(self, scope: Scope, plan: UsagePlan, key: ApiKey, today: date) -> bool:
        """Count a request of a key; False when its quota is used up."""
        taken = self.counted(scope, plan.id, key.id).take(plan.quota, today)
        if taken:
            self.counted_more(scope, plan.id, key.id)
        return taken

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return the present state behind a key; None when it is gone."""
        shelf = self._shelves.of(scope)
        kind, *ids = key.split("/")
        if kind == "key":
            return shelf.keys.get(ids[0])
        return shelf.plans.get(ids[0]) if kind == "plan" else shelf.counted.get((ids[0], ids[1]))

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put back what was behind a key; there are no events."""
        if state is None:
            return
        shelf = self._shelves.of(scope)
        kind, *ids = key.split("/")
        if kind == "key":
            shelf.keys[ids[0]] = state
            shelf.by_value[state.value] = ids[0]
        elif kind == "plan":
            shelf.plans[ids[0]] = state
        else:
            shelf.counted[ids[0], ids[1]] = state

    def _forget_counts(self, scope: Scope, plan_id: str, key_id: str) -> None:
        if self._shelves.of(scope).counted.pop((plan_id, key_id), None) is not None:
            self.counted_more(scope, plan_id, key_id)
