"""What the patches of UpdateUsagePlan mean ("Patch operations" of the API reference).

A stage is named ``API:STAGE``; a limit of one method ``/apiStages/API:STAGE/throttle/{path}/{method}/rateLimit``, where
the path is escaped. Throttles and quotas may also be given, and taken away, whole.
"""

from __future__ import annotations

from dataclasses import replace

from pytest_rollbacklab.localaws.gateway.control.patches import Patch
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated
from pytest_rollbacklab.localaws.gateway.usage.usage_plan import PlanStage, Quota, Throttle, UsagePlan, check_quota

__all__ = ["patched_plan"]

_PATHS = (
    "/name",
    "/description",
    "/apiStages",
    "/apiStages/<apiId:stageName>/throttle/<resourcePath>/<httpMethod>/rateLimit",
    "/apiStages/<apiId:stageName>/throttle/<resourcePath>/<httpMethod>/burstLimit",
    "/throttle",
    "/throttle/rateLimit",
    "/throttle/burstLimit",
    "/quota",
    "/quota/limit",
    "/quota/offset",
    "/quota/period",
)
_REMOVED = (
    "/apiStages",
    "/quota",
    "/throttle",
    "/productCode",
    "/apiStages/<apidId:stageName>/throttle/<resourcePath>/<httpMethod>",
    "/apiStages/<apidId:stageName>/throttle",
)
"""Written as AWS writes them in its refusal of another."""
_METHOD_PARTS = 3
"""Path, method and what of its limits."""


def patched_plan(plan: UsagePlan, patch: Patch) -> UsagePlan:
    """Return a plan with one patch applied.

    Raises:
        ServiceError: there is no such path, or the outcome does not hold together.
    """
    if patch.path == "/name":
        patch.only("replace")
        if not patch.value:
            raise bad_request("Usage Plan name must not be empty")
        return replace(plan, name=patch.value)
    if patch.path == "/description":
        return replace(plan, description=patch.text())
    if patch.path == "/productCode":
        raise not_emulated("productCode of usage plans (AWS Marketplace)", "Leave it out.")
    if patch.path == "/apiStages":
        return _with_stage(plan, patch)
    if rest := patch.raw_below("/apiStages/"):
        return _with_method_limit(plan, patch, rest)
    if patch.path == "/throttle" and patch.removes:
        return replace(plan, throttle=None)
    if what := patch.below("/throttle/"):
        return replace(plan, throttle=_limited(plan.throttle, patch, what))
    if patch.path == "/quota" and patch.removes:
        return replace(plan, quota=None)
    if what := patch.below("/quota/"):
        return replace(plan, quota=_with_quota(plan.quota, patch, what))
    raise patch.unknown(_REMOVED if patch.removes else _PATHS)


def _with_stage(plan: UsagePlan, patch: Patch) -> UsagePlan:
    api_id, colon, stage = (patch.value or "").partition(":")
    if not colon or not stage:
        raise bad_request(f"Invalid API stage {patch.value!r} for {patch.path}: it must be written as apiId:stageName")
    patch.only("add", "remove")
    kept = tuple(known for known in plan.stages if known.key != patch.value)
    if patch.removes:
        if kept == plan.stages:
            raise bad_request("Invalid API Stage specified")
        return replace(plan, stages=kept)
    return replace(plan, stages=(*kept, PlanStage(api_id=api_id, stage=stage)))


def _with_method_limit(plan: UsagePlan, patch: Patch, rest: str) -> UsagePlan:
    key, _, below = rest.partition("/")
    stage = next((known for known in plan.stages if known.key == key), None)
    parts = below.removeprefix("throttle").lstrip("/").split("/") if below.startswith("throttle") else None
    if stage is None or parts is None:
        raise patch.unknown(_REMOVED if patch.removes else _PATHS)
    if parts == [""]:
        patch.only("remove")
        changed = replace(stage, throttles={})
    else:
        path = parts[0].replace("~1", "/").replace("~0", "~")
        place = f"{path}/{parts[1]}" if len(parts) > 1 else path
        changed = replace(stage, throttles=_throttles(stage, patch, place, parts))
    return replace(plan, stages=tuple(changed if known is stage else known for known in plan.stages))


def _throttles(stage: PlanStage, patch: Patch, place: str, parts: list[str]) -> dict[str, Throttle]:
    if patch.removes:
        return {known: limits for known, limits in stage.throttles.items() if known != place}
    if len(parts) != _METHOD_PARTS:
        raise patch.unknown(_REMOVED if patch.removes else _PATHS)
    return {**stage.throttles, place: _limited(stage.throttles.get(place), patch, parts[2])}


def _limited(throttle: Throttle | None, patch: Patch, what: str) -> Throttle:
    throttle = throttle or Throttle(rate=0.0, burst=0)
    if what == "rateLimit":
        return replace(throttle, rate=patch.number())
    if what == "burstLimit":
        return replace(throttle, burst=patch.whole_number())
    raise patch.unknown(_REMOVED if patch.removes else _PATHS)


def _with_quota(quota: Quota | None, patch: Patch, what: str) -> Quota:
    quota = quota or Quota(limit=1, period="DAY")
    match what:
        case "limit":
            quota = replace(quota, limit=patch.whole_number())
        case "offset":
            return replace(quota, offset=patch.whole_number())  # the period may follow
        case "period":
            quota = replace(quota, period=patch.value or "")
        case _:
            raise patch.unknown(_REMOVED if patch.removes else _PATHS)
    return check_quota(quota)
