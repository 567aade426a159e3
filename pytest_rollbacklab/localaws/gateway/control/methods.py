"""Operations on the methods of a resource, and on the answers that they declare.

What they may ask for is ``apis.method_rules``' to say; API keys and request validators are refused here, by name or in
AWS's own words for what it does not find.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.apis.method import Method, MethodResponse
from pytest_rollbacklab.localaws.gateway.apis.method_rules import (
    authorization_type,
    check_status,
    http_method,
    method_response,
    models_of,
    request_parameters,
)
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import method_response_shape, method_shape
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, conflict, not_found, refuse_others
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry

__all__ = ["MethodOperations"]

_WHERE = ("restApiId", "resourceId", "httpMethod")


class MethodOperations:
    """Put, Get, Update and DeleteMethod; Put, Get and DeleteMethodResponse.

    Args:
        registry: The APIs.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "PutMethod": self._put,
            "GetMethod": self._get,
            "UpdateMethod": self._update,
            "DeleteMethod": self._delete,
            "PutMethodResponse": self._put_response,
            "GetMethodResponse": self._get_response,
            "DeleteMethodResponse": self._delete_response,
        }

    def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        name = http_method(params["httpMethod"])
        if name in record.api.resource(params["resourceId"]).methods:
            raise conflict("Method already exists for this resource")
        if params.get("requestValidatorId"):
            raise bad_request("Invalid Request Validator identifier specified")
        obeyed = (*_WHERE, "authorizationType", "operationName", "requestParameters", "requestModels")
        type_ = authorization_type(params.get("authorizationType"))
        refuse_others("PutMethod", params, obeyed)
        method = Method(
            http_method=name,
            authorization_type=type_,
            operation_name=params.get("operationName"),
            request_parameters=request_parameters(params.get("requestParameters") or {}),
            request_models=models_of(params.get("requestModels") or {}),
        )
        record.api = record.api.with_method(params["resourceId"], method)
        return method_shape(method)

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return method_shape(self._method(call, params))

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        method = self._method(call, params)
        for patch in read_patches(call.operation, params):
            method = _patched(method, patch)
        self._keep(call, params, method)
        return method_shape(method)

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self._method(call, params)
        record = self._record(call, params)
        record.api = record.api.without_method(params["resourceId"], params["httpMethod"])
        return {}

    def _put_response(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        method = self._method(call, params)
        response = method_response(
            params["statusCode"], params.get("responseParameters") or {}, params.get("responseModels") or {}
        )
        if response.status_code in method.responses:
            raise conflict("Response already exists for this resource")
        self._keep(call, params, replace(method, responses={**method.responses, response.status_code: response}))
        return method_response_shape(response)

    def _get_response(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return method_response_shape(self._response(call, params))

    def _delete_response(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        gone = self._response(call, params)
        method = self._method(call, params)
        kept = {status: response for status, response in method.responses.items() if status != gone.status_code}
        self._keep(call, params, replace(method, responses=kept))
        return {}

    def _record(self, call: Call, params: Mapping[str, Any]) -> ApiRecord:
        return self._registry.record_of_resource(call.scope, params["restApiId"])

    def _method(self, call: Call, params: Mapping[str, Any]) -> Method:
        return self._record(call, params).api.method(params["resourceId"], params["httpMethod"])

    def _response(self, call: Call, params: Mapping[str, Any]) -> MethodResponse:
        check_status(params["statusCode"])
        response = self._method(call, params).responses.get(params["statusCode"])
        if response is None:
            raise not_found("Invalid Response status code specified")
        return response

    def _keep(self, call: Call, params: Mapping[str, Any], method: Method) -> None:
        record = self._record(call, params)
        record.api = record.api.with_method(params["resourceId"], method)


def _patched(method: Method, patch: Patch) -> Method:
    if name := patch.below("/requestParameters/"):
        parameters = patch.edited(method.request_parameters, name, patch.truth())
        return replace(method, request_parameters=request_parameters(parameters))
    if content_type := patch.below("/requestModels/"):
        models = patch.edited(method.request_models, content_type, patch.value)
        return replace(method, request_models=models_of(models))
    match patch.path:
        case "/authorizationType":
            patch.only("replace")
            return replace(method, authorization_type=authorization_type(patch.value))
        case "/operationName":
            return replace(method, operation_name=patch.text())
        case "/apiKeyRequired":
            patch.only("replace")
            refuse_others("UpdateMethod", {"apiKeyRequired": patch.truth()}, ())
            return method
        case "/requestValidatorId":
            if patch.text():
                raise bad_request("Invalid Request Validator identifier specified")
            return method
        case _:
            raise patch.unknown()
