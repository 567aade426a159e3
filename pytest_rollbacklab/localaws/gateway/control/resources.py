"""Operations on the resources of an API: its paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.apis.resource_tree import add_resource, move_resource, remove_resource
from pytest_rollbacklab.localaws.gateway.apis.rest_api import Resource, RestApi
from pytest_rollbacklab.localaws.gateway.control.paging import page
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import resource_shape
from pytest_rollbacklab.localaws.gateway.identifiers import new_part_id
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated, required
from pytest_rollbacklab.localaws.gateway.registry import Registry

__all__ = ["ResourceOperations"]

_PATCHED = ("/parentId", "/pathPart")


class ResourceOperations:
    """CreateResource, GetResource(s), UpdateResource, DeleteResource.

    Args:
        registry: The APIs.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "CreateResource": self._create,
            "GetResource": self._get,
            "GetResources": self._list,
            "UpdateResource": self._update,
            "DeleteResource": self._delete,
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._registry.record_of_resource(call.scope, params["restApiId"])
        resource_id = new_part_id()
        record.api = add_resource(
            record.api,
            parent_id=params["parentId"],
            path_part=required(params, "pathPart"),
            resource_id=resource_id,
        )
        return resource_shape(record.api.resource(resource_id))

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        api = self._registry.record_of_resource(call.scope, params["restApiId"]).api
        return resource_shape(api.resource(params["resourceId"]), with_methods=_embeds_methods(params))

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        api = self._registry.record(call.scope, params["restApiId"]).api
        with_methods = _embeds_methods(params)
        resources = sorted(api.resources.values(), key=lambda resource: resource.path)
        return page(resources, params, lambda resource: resource_shape(resource, with_methods=with_methods))

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._registry.record_of_resource(call.scope, params["restApiId"])
        resource: Resource = record.api.resource(params["resourceId"])
        api = record.api
        for patch in read_patches(call.operation, params):
            api = _patched(api, resource.id, patch)
        record.api = api
        return resource_shape(api.resource(resource.id))

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._registry.record_of_resource(call.scope, params["restApiId"])
        record.api = remove_resource(record.api, params["resourceId"])
        return {}


def _patched(api: RestApi, resource_id: str, patch: Patch) -> RestApi:
    if patch.path not in _PATCHED:
        raise patch.unknown(_PATCHED)
    if patch.op != "replace":
        raise bad_request(
            f"Invalid patch path  '{patch.path}' specified for op '{patch.op}'. Please choose supported operations"
        )
    if patch.path == "/parentId":
        return move_resource(api, resource_id, parent_id=patch.value or "")
    return move_resource(api, resource_id, path_part=patch.value or "")


def _embeds_methods(params: Mapping[str, Any]) -> bool:
    embed = params.get("embed") or []
    for wanted in embed:
        if wanted != "methods":
            raise not_emulated(f"embed={wanted} of resources", "Embed methods, or nothing.")
    return "methods" in embed
