"""Operations on the integrations of methods, and on how their answers become the method's.

What they may ask for is ``apis.integration_rules``' to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.apis.integration_rules import (
    checked_integration,
    new_integration,
    with_integration_response,
)
from pytest_rollbacklab.localaws.gateway.apis.method import Integration, IntegrationResponse, Method
from pytest_rollbacklab.localaws.gateway.apis.method_rules import check_status
from pytest_rollbacklab.localaws.gateway.control.integration_patches import patched_integration, patched_response
from pytest_rollbacklab.localaws.gateway.control.patches import read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import integration_response_shape, integration_shape
from pytest_rollbacklab.localaws.gateway.refusals import not_found
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry

__all__ = ["IntegrationOperations"]


class IntegrationOperations:
    """Put, Get, Update and DeleteIntegration; the same of IntegrationResponse.

    Args:
        registry: The APIs.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "PutIntegration": self._put,
            "GetIntegration": self._get,
            "UpdateIntegration": self._update,
            "DeleteIntegration": self._delete,
            "PutIntegrationResponse": self._put_response,
            "GetIntegrationResponse": self._get_response,
            "UpdateIntegrationResponse": self._update_response,
            "DeleteIntegrationResponse": self._delete_response,
        }

    def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        method = self._method(call, params)
        integration = new_integration(params, cache_namespace=params["resourceId"])
        self._keep(call, params, method.with_integration(integration))
        return integration_shape(integration)

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return integration_shape(self._integration(call, params))

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        integration = self._integration(call, params)
        for patch in read_patches(call.operation, params):
            integration = patched_integration(integration, patch)
        self._keep(call, params, self._method(call, params).with_integration(checked_integration(integration)))
        return integration_shape(integration)

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self._integration(call, params)
        self._keep(call, params, self._method(call, params).with_integration(None))
        return {}

    def _put_response(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        check_status(params["statusCode"])
        self._integration(call, params)
        response = IntegrationResponse(
            status_code=params["statusCode"],
            selection_pattern=params.get("selectionPattern"),
            response_parameters=dict(params.get("responseParameters") or {}),
            response_templates={name: text or "" for name, text in (params.get("responseTemplates") or {}).items()},
            content_handling=params.get("contentHandling"),
        )
        self._keep(call, params, with_integration_response(self._method(call, params), response))
        return integration_response_shape(response)

    def _get_response(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return integration_response_shape(self._response(call, params))

    def _update_response(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        response = self._response(call, params)
        for patch in read_patches(call.operation, params):
            response = patched_response(response, patch)
        self._keep(call, params, with_integration_response(self._method(call, params), response))
        return integration_response_shape(response)

    def _delete_response(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        gone = self._response(call, params)
        integration = self._integration(call, params)
        kept = {status: response for status, response in integration.responses.items() if status != gone.status_code}
        method = self._method(call, params).with_integration(replace(integration, responses=kept))
        self._keep(call, params, method)
        return {}

    def _record(self, call: Call, params: Mapping[str, Any]) -> ApiRecord:
        return self._registry.record_of_resource(call.scope, params["restApiId"])

    def _method(self, call: Call, params: Mapping[str, Any]) -> Method:
        return self._record(call, params).api.method(params["resourceId"], params["httpMethod"])

    def _integration(self, call: Call, params: Mapping[str, Any]) -> Integration:
        return self._record(call, params).api.integration(params["resourceId"], params["httpMethod"])

    def _response(self, call: Call, params: Mapping[str, Any]) -> IntegrationResponse:
        check_status(params["statusCode"])
        response = self._integration(call, params).responses.get(params["statusCode"])
        if response is None:
            raise not_found("Invalid Response status code specified")
        return response

    def _keep(self, call: Call, params: Mapping[str, Any], method: Method) -> None:
        record = self._record(call, params)
        record.api = record.api.with_method(params["resourceId"], method)
