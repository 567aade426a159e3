"""A stage's canary: what CreateStage and CreateDeployment may ask of one, and what UpdateStage's patches do to it.

A canary that is only begun gets no requests and points where the stage does (as recorded by LocalStack's AWS-validated
canary tests). Promoting one is copying its deployment and its variables over the stage's, and removing it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.apis.stage import Canary, Stage
from pytest_rollbacklab.localaws.gateway.apis.stage_rules import check_variables
from pytest_rollbacklab.localaws.gateway.control.patches import Patch
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated, refuse_others

__all__ = ["CANARY", "copied", "new_canary", "patched_canary"]

CANARY: Final = "/canarySettings"
_OVERRIDES: Final = f"{CANARY}/stageVariableOverrides"
_DEPLOYMENT: Final = f"{CANARY}/deploymentId"
_SETTINGS: Final = ("deploymentId", "percentTraffic", "stageVariableOverrides", "useStageCache")
_COPIES: Final[Mapping[str, str]] = {_DEPLOYMENT: "/deploymentId", _OVERRIDES: "/variables"}
"""Where what of a canary may be copied to."""


def new_canary(settings: Mapping[str, Any], *, deployment_id: str) -> Canary:
    """Return the canary that settings ask for.

    Args:
        deployment_id: The one that it points at unless they say another.

    Raises:
        ServiceError: they make none, or ask for what is not emulated.
    """
    refuse_others("canarySettings", settings, _SETTINGS)
    _refuse_cache(bool(settings.get("useStageCache")))
    overrides = dict(settings.get("stageVariableOverrides") or {})
    check_variables(overrides)
    return Canary(
        deployment_id=settings.get("deploymentId") or deployment_id,
        percent=_percent(float(settings.get("percentTraffic") or 0.0)),
        overrides=overrides,
    )


def patched_canary(stage: Stage, patch: Patch, *, unknown: Callable[[Patch], ServiceError]) -> Canary | None:
    """Return a stage's canary with one patch applied; None when it is taken away.

    Args:
        unknown: Makes the refusal of a path that there is not.

    Raises:
        ServiceError: there is no such path, or it asks for what is not emulated.
    """
    if patch.removes:
        return _removed(stage, patch)
    canary = stage.canary or Canary(deployment_id=stage.deployment_id)
    if name := patch.below(f"{_OVERRIDES}/"):
        overrides = {**canary.overrides, name: patch.value or ""}
        check_variables(overrides)
        return replace(canary, overrides=overrides)
    if patch.op == "add":
        raise bad_request(f"Invalid add operation with path: {patch.path}")
    match patch.path.removeprefix(f"{CANARY}/"):
        case "deploymentId":
            return replace(canary, deployment_id=patch.value or "")
        case "percentTraffic":
            return replace(canary, percent=_percent(patch.number()))
        case "useStageCache":
            _refuse_cache(patch.truth())
            return canary
        case _:
            raise unknown(patch)


def copied(stage: Stage, patch: Patch) -> Stage:
    """Return a stage with a part of its canary copied over its own.

    Raises:
        ServiceError: BadRequestException: nothing can be copied so, or there is no canary.
    """
    if _COPIES.get(patch.source or "") != patch.path:
        raise bad_request(
            f"Invalid copy from {patch.source} to {patch.path}: it must be one of "
            + ", ".join(f"{source} to {path}" for source, path in _COPIES.items())
        )
    if stage.canary is None:
        raise bad_request("Promotion not available. Canary does not exist.")
    if patch.source == _DEPLOYMENT:
        return replace(stage, deployment_id=stage.canary.deployment_id)
    return replace(stage, variables={**stage.variables, **stage.canary.overrides})


def _removed(stage: Stage, patch: Patch) -> Canary | None:
    if stage.canary is not None:
        if patch.path == CANARY:
            return None
        name = patch.below(f"{_OVERRIDES}/")
        if name in stage.canary.overrides:
            kept = {known: value for known, value in stage.canary.overrides.items() if known != name}
            return replace(stage.canary, overrides=kept)
    raise bad_request(
        f"Cannot remove method setting {patch.path.lstrip('/')} because there is no method setting for this method "
    )


def _percent(percent: float) -> float:
    if not 0.0 <= percent <= 100.0:
        raise bad_request(f"Percent traffic should be between 0.0 and 100.0, inclusive, and not {percent}")
    return percent


def _refuse_cache(wanted: bool) -> None:
    if wanted:
        raise not_emulated("useStageCache=true of canary releases", "Leave it false: nothing is cached.")
