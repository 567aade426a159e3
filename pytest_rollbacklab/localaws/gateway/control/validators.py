"""Operations on the request validators of an API. One that a method names stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.apis.validator import RequestValidator, new_validator, refuse_bodies
from pytest_rollbacklab.localaws.gateway.control.paging import page
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import given
from pytest_rollbacklab.localaws.gateway.identifiers import new_part_id
from pytest_rollbacklab.localaws.gateway.refusals import conflict
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry

__all__ = ["ValidatorOperations"]


class ValidatorOperations:
    """Create, Get, Update and DeleteRequestValidator, GetRequestValidators.

    Args:
        registry: The APIs.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "CreateRequestValidator": self._create,
            "GetRequestValidator": self._get,
            "GetRequestValidators": self._list,
            "UpdateRequestValidator": self._update,
            "DeleteRequestValidator": self._delete,
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return self._keep(self._record(call, params), new_validator(new_part_id(), params))

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return _shape(self._record(call, params).api.validator(params["requestValidatorId"]))

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return page(list(self._record(call, params).api.validators.values()), params, _shape)

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        validator = record.api.validator(params["requestValidatorId"])
        for patch in read_patches(call.operation, params):
            validator = _patched(validator, patch)
        return self._keep(record, validator)

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        gone = record.api.validator(params["requestValidatorId"])
        for resource, method in record.api.methods:
            if method.request_validator_id == gone.id:
                raise conflict(
                    f"Cannot delete request validator '{gone.name}', is referenced in method: "
                    f"{method.http_method} {resource.path}"
                )
        kept = {known: found for known, found in record.api.validators.items() if known != gone.id}
        record.api = replace(record.api, validators=kept)
        return {}

    def _keep(self, record: ApiRecord, validator: RequestValidator) -> dict[str, Any]:
        record.api = replace(record.api, validators={**record.api.validators, validator.id: validator})
        return _shape(validator)

    def _record(self, call: Call, params: Mapping[str, Any]) -> ApiRecord:
        return self._registry.record(call.scope, params["restApiId"])


def _shape(validator: RequestValidator) -> dict[str, Any]:
    return {
        **given(id=validator.id, name=validator.name),
        "validateRequestBody": False,
        "validateRequestParameters": validator.validates_parameters,
    }


def _patched(validator: RequestValidator, patch: Patch) -> RequestValidator:
    patch.only("replace")
    match patch.path:
        case "/name":
            return replace(validator, name=patch.text())
        case "/validateRequestParameters":
            return replace(validator, validates_parameters=patch.truth())
        case "/validateRequestBody":
            refuse_bodies(patch.truth())
            return validator
        case _:
            raise patch.unknown(("/name", "/validateRequestBody", "/validateRequestParameters"))
