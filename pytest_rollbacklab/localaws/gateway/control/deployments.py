"""Operations on deployments: freezing an API, and putting the outcome on a stage.

A deployment refuses what could not be served; so what is on a stage can be. Deployments that a stage points at stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.apis.stage import Stage
from pytest_rollbacklab.localaws.gateway.apis.stage_rules import check_stage_name, check_variables
from pytest_rollbacklab.localaws.gateway.control.canary_patches import new_canary
from pytest_rollbacklab.localaws.gateway.control.paging import page
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import deployment_shape
from pytest_rollbacklab.localaws.gateway.deployed.compiling import deployment_of
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment
from pytest_rollbacklab.localaws.gateway.identifiers import new_part_id
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated, refuse_others
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry

__all__ = ["DeploymentOperations"]

_OBEYED = ("restApiId", "stageName", "stageDescription", "description", "variables", "canarySettings")
_PATCHED = ("/description",)


class DeploymentOperations:
    """CreateDeployment, GetDeployment(s), UpdateDeployment, DeleteDeployment.

    Args:
        registry: The APIs.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, registry: Registry, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._clock = clock
        self.operations: Mapping[str, Operation] = {
            "CreateDeployment": self._create,
            "GetDeployment": self._get,
            "GetDeployments": self._list,
            "UpdateDeployment": self._update,
            "DeleteDeployment": self._delete,
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._registry.record(call.scope, params["restApiId"])
        refuse_others("CreateDeployment", params, _OBEYED)
        stage_name = params.get("stageName")
        canary = params.get("canarySettings")
        if canary:
            _check_canary(record, stage_name)
        elif stage_name and (known := record.live.get(stage_name)) is not None and known.canary is not None:
            raise bad_request(
                f"Stage {stage_name} has a canary release, and cannot be given another deployment before its canary "
                "settings are removed"
            )
        if stage_name:
            check_stage_name(stage_name)
            check_variables(params.get("variables") or {})
        deployment = deployment_of(
            record.api, deployment_id=new_part_id(), created_at=self._now(), description=params.get("description")
        )
        record.put_deployment(deployment)
        if canary:
            self._release_to_some(record, deployment, params)
        elif stage_name:
            record.put_stage(self._stage(record, deployment, params))
        return deployment_shape(deployment)

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        deployment = self._record(call, params).deployment(params["deploymentId"])
        return deployment_shape(deployment, with_summary=_embeds_summary(params))

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return page(list(self._record(call, params).deployments.values()), params, deployment_shape)

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        deployment = record.deployment(params["deploymentId"])
        for patch in read_patches(call.operation, params):
            deployment = _patched(deployment, patch)
        record.put_deployment(deployment)
        return deployment_shape(deployment)

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        deployment = record.deployment(params["deploymentId"])
        if any(deployment.id in stage.deployment_ids for stage in record.stages):
            raise bad_request("Active stages pointing to this deployment must be moved or deleted")
        record.remove_deployment(deployment.id)
        return {}

    def _record(self, call: Call, params: Mapping[str, Any]) -> ApiRecord:
        return self._registry.record(call.scope, params["restApiId"])

    def _release_to_some(self, record: ApiRecord, deployment: Deployment, params: Mapping[str, Any]) -> None:
        """Put a deployment on a stage that is there, as its canary."""
        stage = record.stage(params["stageName"])
        canary = new_canary(params["canarySettings"], deployment_id=deployment.id)
        record.put_stage(replace(stage, canary=canary, updated_at=deployment.created_at))

    def _stage(self, record: ApiRecord, deployment: Deployment, params: Mapping[str, Any]) -> Stage:
        """Return the stage that a deployment is put on: the one that is there, moved, or a new one."""
        variables, description = params.get("variables"), params.get("stageDescription")
        live = record.live.get(params["stageName"])
        known = live.stage if live else None
        if known is None:
            known = Stage(
                name=params["stageName"],
                deployment_id=deployment.id,
                created_at=deployment.created_at,
                updated_at=deployment.created_at,
            )
        return replace(
            known,
            deployment_id=deployment.id,
            updated_at=deployment.created_at,
            variables=known.variables if variables is None else dict(variables),
            description=known.description if description is None else description,
        )

    def _now(self) -> datetime:
        return datetime.fromtimestamp(int(self._clock()), UTC)


def _check_canary(record: ApiRecord, stage_name: str | None) -> None:
    """Check that there is a stage for a canary (as recorded)."""
    wrong = "Invalid deployment content specified."
    if not stage_name:
        raise bad_request(
            f"{wrong}Non null and non empty stageName must be provided for canary deployment. Provided value is "
            f"{'null' if stage_name is None else stage_name}"
        )
    if stage_name not in record.live:
        raise bad_request(
            f"{wrong}Stage {stage_name} must already be created before making a canary release deployment"
        )


def _patched(deployment: Deployment, patch: Patch) -> Deployment:
    if patch.path not in _PATCHED:
        raise patch.unknown(_PATCHED)
    return replace(deployment, description=patch.text())


def _embeds_summary(params: Mapping[str, Any]) -> bool:
    embed = params.get("embed") or []
    for wanted in embed:
        if wanted != "apisummary":
            raise not_emulated(f"embed={wanted} of deployments", "Embed apisummary, or nothing.")
    return "apisummary" in embed
