"""Operations on deployments: freezing an API, and putting the outcome on a stage.

A deployment refuses what could not be served; so what is on a stage can be. Deployments that a stage points at stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.apis.stage import Stage
from pytest_rollbacklab.localaws.gateway.apis.stage_rules import check_stage_name, check_variables
from pytest_rollbacklab.localaws.gateway.control.paging import page
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import deployment_shape
from pytest_rollbacklab.localaws.gateway.deployed.compiling import compile_api
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment
from pytest_rollbacklab.localaws.gateway.deployed.media_types import BinaryMediaTypes
from pytest_rollbacklab.localaws.gateway.identifiers import new_part_id
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated, refuse_others
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry

__all__ = ["DeploymentOperations"]

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
        refuse_others(
            "CreateDeployment", params, ("restApiId", "stageName", "stageDescription", "description", "variables")
        )
        stage_name = params.get("stageName")
        if stage_name:
            check_stage_name(stage_name)
            check_variables(params.get("variables") or {})
        deployment = self._deployment(record.api, params.get("description"))
        record.put_deployment(deployment)
        if stage_name:
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
        if any(stage.deployment_id == deployment.id for stage in record.stages):
            raise bad_request("Active stages pointing to this deployment must be moved or deleted")
        record.remove_deployment(deployment.id)
        return {}

    def _record(self, call: Call, params: Mapping[str, Any]) -> ApiRecord:
        return self._registry.record(call.scope, params["restApiId"])

    def _deployment(self, api: RestApi, description: str | None) -> Deployment:
        return Deployment(
            id=new_part_id(),
            created_at=self._now(),
            description=description,
            api=api,
            routes=compile_api(api),
            binary_media_types=BinaryMediaTypes(api.binary_media_types),
        )

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
