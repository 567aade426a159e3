"""Operations on an API's gateway responses. AWS's own are listed with those that were customised, and come back when
one is deleted. What one may be is ``apis.gateway_response``'s to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.apis.gateway_response import (
    DEFAULT_STATUSES,
    GatewayResponse,
    checked_response,
    new_response,
    response_of,
)
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.refusals import not_found, refuse_others
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry

__all__ = ["GatewayResponseOperations"]

_OBEYED = ("restApiId", "responseType", "statusCode", "responseParameters", "responseTemplates")


class GatewayResponseOperations:
    """Put, Get, Update and DeleteGatewayResponse, GetGatewayResponses.

    Args:
        registry: The APIs.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "PutGatewayResponse": self._put,
            "GetGatewayResponse": self._get,
            "GetGatewayResponses": self._list,
            "UpdateGatewayResponse": self._update,
            "DeleteGatewayResponse": self._delete,
        }

    def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        refuse_others("PutGatewayResponse", params, _OBEYED)
        return self._keep(record, new_response(params))

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return _shape(self._response(call, params))

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        responses = self._record(call, params).api.gateway_responses
        return {"items": [_shape(response_of(responses, type_)) for type_ in DEFAULT_STATUSES]}

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        response = replace(self._response(call, params), is_default=False)
        for patch in read_patches(call.operation, params):
            response = _patched(response, patch)
        return self._keep(self._record(call, params), checked_response(response))

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        gone = self._response(call, params)
        if gone.is_default:
            raise not_found("Gateway response type not defined on api")
        kept = {type_: found for type_, found in record.api.gateway_responses.items() if type_ != gone.type}
        record.api = replace(record.api, gateway_responses=kept)
        return {}

    def _keep(self, record: ApiRecord, response: GatewayResponse) -> dict[str, Any]:
        record.api = replace(record.api, gateway_responses={**record.api.gateway_responses, response.type: response})
        return _shape(response)

    def _response(self, call: Call, params: Mapping[str, Any]) -> GatewayResponse:
        return response_of(self._record(call, params).api.gateway_responses, params["responseType"])

    def _record(self, call: Call, params: Mapping[str, Any]) -> ApiRecord:
        return self._registry.record(call.scope, params["restApiId"])


def _shape(response: GatewayResponse) -> dict[str, Any]:
    status = {} if response.status_code is None else {"statusCode": response.status_code}
    return {
        "responseType": response.type,
        **status,
        "responseParameters": dict(response.parameters),
        "responseTemplates": dict(response.templates),
        "defaultResponse": response.is_default,
    }


def _patched(response: GatewayResponse, patch: Patch) -> GatewayResponse:
    if name := patch.below("/responseParameters/"):
        return replace(response, parameters=patch.edited(response.parameters, name, patch.value or ""))
    if content_type := patch.below("/responseTemplates/"):
        return replace(response, templates=patch.edited(response.templates, content_type, patch.value or ""))
    if patch.path == "/statusCode":
        patch.only("replace")
        return replace(response, status_code=patch.text())
    raise patch.unknown(("/statusCode", "/responseParameters/<parameter_name>", "/responseTemplates/<content_type>"))
