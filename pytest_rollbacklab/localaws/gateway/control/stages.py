"""Operations on stages: what answers, and how it is logged.

A stage cannot point at a deployment that there is not, and cannot write logs before the account has a role for it. A
change is in force from the next request on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.apis.stage import Stage
from pytest_rollbacklab.localaws.gateway.apis.stage_rules import check_stage_name, check_variables, logs_anything
from pytest_rollbacklab.localaws.gateway.control.canary_patches import new_canary
from pytest_rollbacklab.localaws.gateway.control.patches import read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import stage_shape
from pytest_rollbacklab.localaws.gateway.control.stage_patches import patched_stage
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, conflict, refuse_others, required
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry
from pytest_rollbacklab.localaws.gateway.usage.book import UsageBook

__all__ = ["StageOperations"]

_OBEYED = (
    "restApiId",
    "stageName",
    "deploymentId",
    "description",
    "documentationVersion",
    "variables",
    "tags",
    "canarySettings",
)


class StageOperations:
    """CreateStage, GetStage(s), UpdateStage, DeleteStage.

    Args:
        registry: The APIs.
        book: The usage plans, which forget a stage that is gone.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, registry: Registry, book: UsageBook, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._book = book
        self._clock = clock
        self.operations: Mapping[str, Operation] = {
            "CreateStage": self._create,
            "GetStage": self._get,
            "GetStages": self._list,
            "UpdateStage": self._update,
            "DeleteStage": self._delete,
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        refuse_others("CreateStage", params, _OBEYED)
        name = required(params, "stageName")
        check_stage_name(name)
        check_variables(params.get("variables") or {})
        if name in record.live:
            raise conflict("Stage already exists")
        now = self._now()
        deployment_id = required(params, "deploymentId")
        settings = params.get("canarySettings")
        stage = Stage(
            name=name,
            deployment_id=deployment_id,
            canary=new_canary(settings, deployment_id=deployment_id) if settings else None,
            created_at=now,
            updated_at=now,
            description=params.get("description"),
            documentation_version=params.get("documentationVersion"),
            variables=dict(params.get("variables") or {}),
            tags=dict(params.get("tags") or {}),
        )
        record.put_stage(stage)
        return stage_shape(stage)

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return stage_shape(self._record(call, params).stage(params["stageName"]))

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        wanted = params.get("deploymentId")
        stages = self._record(call, params).stages
        return {"item": [stage_shape(stage) for stage in stages if wanted is None or wanted in stage.deployment_ids]}

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        before = record.stage(params["stageName"])
        stage = before
        for patch in read_patches(call.operation, params, copies=True):
            stage = patched_stage(stage, patch)
        self._check_logs(call, before, stage)
        stage = replace(stage, updated_at=self._now())
        record.put_stage(stage)
        return stage_shape(stage)

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        record.remove_stage(record.stage(params["stageName"]).name)
        self._book.forget_stages(call.scope, record.api.id, params["stageName"])
        return {}

    def _check_logs(self, call: Call, before: Stage, after: Stage) -> None:
        changed = (before.access_log, before.method_settings) != (after.access_log, after.method_settings)
        if changed and logs_anything(after) and not self._registry.account(call.scope).cloudwatch_role_arn:
            raise bad_request("CloudWatch Logs role ARN must be set in account settings to enable logging")

    def _record(self, call: Call, params: Mapping[str, Any]) -> ApiRecord:
        return self._registry.record(call.scope, params["restApiId"])

    def _now(self) -> datetime:
        return datetime.fromtimestamp(int(self._clock()), UTC)
