"""Operations on usage plans, the keys on them, and what was used of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, ServiceError
from pytest_rollbacklab.localaws.gateway.control.paging import page
from pytest_rollbacklab.localaws.gateway.control.patches import read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import given
from pytest_rollbacklab.localaws.gateway.control.usage_plan_patches import patched_plan
from pytest_rollbacklab.localaws.gateway.identifiers import new_part_id
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, conflict, not_found, refuse_others, required
from pytest_rollbacklab.localaws.gateway.registry import Registry
from pytest_rollbacklab.localaws.gateway.usage.api_key import ApiKey
from pytest_rollbacklab.localaws.gateway.usage.book import UsageBook
from pytest_rollbacklab.localaws.gateway.usage.usage_plan import PlanStage, Quota, Throttle, UsagePlan, check_quota

__all__ = ["UsagePlanOperations"]

_OBEYED = ("name", "description", "apiStages", "throttle", "quota", "tags")
_LONGEST_DAYS = 90


class UsagePlanOperations:
    """Create, Get, Update and DeleteUsagePlan(s), the same of UsagePlanKey(s), GetUsage, UpdateUsage.

    Args:
        registry: The APIs, whose stages plans are for.
        book: The keys and plans.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, registry: Registry, book: UsageBook, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._book = book
        self._clock = clock
        self.operations: Mapping[str, Operation] = {
            "CreateUsagePlan": self._create,
            "GetUsagePlan": self._get,
            "GetUsagePlans": self._list,
            "UpdateUsagePlan": self._update,
            "DeleteUsagePlan": self._delete,
            "CreateUsagePlanKey": self._add_key,
            "GetUsagePlanKey": self._get_key,
            "GetUsagePlanKeys": self._list_keys,
            "DeleteUsagePlanKey": self._take_key,
            "GetUsage": self._get_usage,
            "UpdateUsage": self._update_usage,
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        refuse_others("CreateUsagePlan", params, _OBEYED)
        plan = UsagePlan(
            id=new_part_id(),
            name=str(required(params, "name")),
            description=params.get("description") or None,
            stages=tuple(_stage(given_) for given_ in params.get("apiStages") or ()),
            throttle=_throttle(params.get("throttle")),
            quota=_quota(params.get("quota")),
            tags=dict(params.get("tags") or {}),
        )
        self._check_stages(call, plan.stages)
        self._book.put_plan(call.scope, plan)
        return _plan_shape(plan)

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return _plan_shape(self._plan(call, params))

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        key_id = params.get("keyId")
        plans = [plan for plan in self._book.plans(call.scope) if key_id is None or key_id in plan.key_ids]
        return page(plans, params, _plan_shape)

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        before = plan = self._plan(call, params)
        for patch in read_patches(call.operation, params):
            plan = patched_plan(plan, patch)
        known = {stage.key for stage in before.stages}
        self._check_stages(call, [stage for stage in plan.stages if stage.key not in known])
        self._book.put_plan(call.scope, plan)
        return _plan_shape(plan)

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        plan = self._plan(call, params)
        if plan.stages:
            raise bad_request(
                f"Cannot delete Usage Plan {plan.id} because there are API Stages associated with it, including "
                f"{plan.stages[0].key}"
            )
        self._book.remove_plan(call.scope, plan)
        return {}

    def _add_key(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        plan = self._plan(call, params)
        if params.get("keyType") != "API_KEY":
            raise bad_request(f"Invalid key type {params.get('keyType')!r}: it must be API_KEY")
        key = self._book.key(call.scope, params["keyId"])
        if key.id in plan.key_ids:
            raise conflict("Usage Plan already contains API Key")
        for stage in plan.stages:
            if self._book.plan_of(call.scope, key, api_id=stage.api_id, stage=stage.stage):
                raise conflict(f"The API Key is already on a usage plan for the API stage {stage.key}")
        self._book.put_plan(call.scope, replace(plan, key_ids=(*plan.key_ids, key.id)))
        return _plan_key_shape(key)

    def _get_key(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return _plan_key_shape(self._key_on(call, self._plan(call, params), params))

    def _list_keys(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        plan, name = self._plan(call, params), params.get("nameQuery") or ""
        keys = [self._book.key(call.scope, key_id) for key_id in plan.key_ids]
        return page([key for key in keys if (key.name or "").startswith(name)], params, _plan_key_shape)

    def _take_key(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        plan = self._plan(call, params)
        key = self._key_on(call, plan, params)
        kept = tuple(key_id for key_id in plan.key_ids if key_id != key.id)
        self._book.put_plan(call.scope, replace(plan, key_ids=kept))
        return {}

    def _get_usage(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        plan = self._plan(call, params)
        first, last = _day(params["startDate"]), _day(params["endDate"])
        if first > last or (last - first).days >= _LONGEST_DAYS:
            raise bad_request(f"Invalid dates: endDate must follow startDate by less than {_LONGEST_DAYS} days")
        wanted = params.get("keyId")
        key_ids = [key_id for key_id in plan.key_ids if wanted in (None, key_id)]
        paged = page(key_ids, params, lambda key_id: {key_id: self._days(call, plan, key_id, first, last)})
        items = {key_id: days for item in paged.pop("items") for key_id, days in item.items()}
        return {
            **paged,
            "usagePlanId": plan.id,
            "startDate": params["startDate"],
            "endDate": params["endDate"],
            "items": items,
        }

    def _update_usage(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        plan = self._plan(call, params)
        key = self._key_on(call, plan, params)
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        for patch in read_patches(call.operation, params):
            if patch.path != "/remaining":
                raise patch.unknown(("/remaining",))
            patch.only("replace")
            if plan.quota is None:
                raise bad_request(f"Usage Plan {plan.id} has no quota")
            self._book.counted(call.scope, plan.id, key.id).leave(patch.whole_number(), plan.quota, today)
            self._book.counted_more(call.scope, plan.id, key.id)
        days = self._days(call, plan, key.id, today, today)
        dates = {"startDate": str(today), "endDate": str(today)}
        return {"usagePlanId": plan.id, **dates, "items": {key.id: days}}

    def _days(self, call: Call, plan: UsagePlan, key_id: str, first: date, last: date) -> list[list[int]]:
        counted = self._book.counted(call.scope, plan.id, key_id)
        limit = plan.quota.limit if plan.quota else 0
        days = (first + timedelta(days=number) for number in range((last - first).days + 1))
        return [list(counted.days.get(day, (0, limit))) for day in days]

    def _plan(self, call: Call, params: Mapping[str, Any]) -> UsagePlan:
        return self._book.plan(call.scope, params["usagePlanId"])

    def _key_on(self, call: Call, plan: UsagePlan, params: Mapping[str, Any]) -> ApiKey:
        if params["keyId"] not in plan.key_ids:
            raise not_found("Invalid Usage Plan Key identifier specified")
        return self._book.key(call.scope, params["keyId"])

    def _check_stages(self, call: Call, stages: Iterable[PlanStage]) -> None:
        for stage in stages:
            try:
                self._registry.record(call.scope, stage.api_id).stage(stage.stage)
            except ServiceError as error:
                raise not_found(f"API Stage not found: {stage.key}") from error


def _stage(written: Mapping[str, Any]) -> PlanStage:
    throttles = {place: _throttle(limits) for place, limits in (written.get("throttle") or {}).items()}
    return PlanStage(
        api_id=str(required(written, "apiId")),
        stage=str(required(written, "stage")),
        throttles={place: throttle for place, throttle in throttles.items() if throttle is not None},
    )


def _throttle(written: Mapping[str, Any] | None) -> Throttle | None:
    if not written:
        return None
    return Throttle(rate=float(written.get("rateLimit") or 0.0), burst=int(written.get("burstLimit") or 0))


def _quota(written: Mapping[str, Any] | None) -> Quota | None:
    if not written:
        return None
    limit, offset = int(written.get("limit") or 0), int(written.get("offset") or 0)
    return check_quota(Quota(limit=limit, period=str(written.get("period")), offset=offset))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise bad_request(f"Invalid date {text!r}: it must be written as yyyy-mm-dd") from None


def _plan_shape(plan: UsagePlan) -> dict[str, Any]:
    shape = given(
        id=plan.id, name=plan.name, description=plan.description, productCode=plan.product_code, tags=dict(plan.tags)
    )
    if plan.throttle is not None:
        shape["throttle"] = _throttle_shape(plan.throttle)
    if plan.quota is not None:
        quota = plan.quota
        shape["quota"] = {"limit": quota.limit, "offset": quota.offset, "period": quota.period}
    return {**shape, "apiStages": [_stage_shape(stage) for stage in plan.stages]}


def _stage_shape(stage: PlanStage) -> dict[str, Any]:
    throttles = {place: _throttle_shape(throttle) for place, throttle in stage.throttles.items()}
    return given(apiId=stage.api_id, stage=stage.stage, throttle=throttles)


def _throttle_shape(throttle: Throttle) -> dict[str, Any]:
    return {"burstLimit": throttle.burst, "rateLimit": throttle.rate}


def _plan_key_shape(key: ApiKey) -> dict[str, Any]:
    return given(id=key.id, type="API_KEY", name=key.name, value=key.value)
