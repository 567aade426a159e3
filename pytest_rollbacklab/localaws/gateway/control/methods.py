"""Operations on the methods of a resource, and on the answers that they declare.

What they may ask for is ``apis.method_rules``' to say.
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
    checked_method,
    http_method,
    method_response,
    models_of,
    request_parameters,
)
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import method_response_shape, method_shape
from pytest_rollbacklab.localaws.gateway.refusals import conflict, not_found, refuse_others
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry

__all__ = ["MethodOperations"]

_OBEYED = (
    "restApiId",
    "resourceId",
    "httpMethod",
    "authorizationType",
    "authorizerId",
    "authorizationScopes",
    "apiKeyRequired",
    "requestValidatorId",
    "operationName",
    "requestParameters",
    "requestModels",
)


class MethodOperations:
    """Put, Get, Update and DeleteMethod; the same of MethodResponse.

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
            "UpdateMethodResponse": self._update_response,
            "DeleteMethodResponse": self._delete_response,
        }

    def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        name = http_method(params["httpMethod"])
        if name in record.api.resource(params["resourceId"]).methods:
            raise conflict("Method already exists for this resource")
        type_ = authorization_type(params.get("authorizationType"))
        refuse_others("PutMethod", params, _OBEYED)
        method = Method(
            http_method=name,
            authorization_type=type_,
            operation_name=params.get("operationName"),
            request_parameters=request_parameters(params.get("requestParameters") or {}),
            request_models=models_of(params.get("requestModels") or {}),
            authorizer_id=params.get("authorizerId") or None,
            authorization_scopes=tuple(params.get("authorizationScopes") or ()),
            api_key_required=bool(params.get("apiKeyRequired")),
            request_validator_id=params.get("requestValidatorId") or None,
        )
        method = checked_method(record.api, method)
        record.api = record.api.with_method(params["resourceId"], method)
        return method_shape(method)

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return method_shape(self._method(call, params))

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        method = self._method(call, params)
        for patch in read_patches(call.operation, params):
            method = _patched(method, patch)
        method = checked_method(self._record(call, params).api, method)
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

    def _update_response(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        response = self._response(call, params)
        for patch in read_patches(call.operation, params):
            response = _patched_response(response, patch)
        method = self._method(call, params)
        self._keep(call, params, replace(method, responses={**method.responses, response.status_code: response}))
        return method_response_shape(response)

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
            return replace(method, api_key_required=patch.truth())
        case "/requestValidatorId":
            return replace(method, request_validator_id=patch.text())
        case "/authorizerId":
            return replace(method, authorizer_id=patch.text())
        case "/authorizationScopes":
            patch.only("add", "remove")
            kept = tuple(scope for scope in method.authorization_scopes if scope != patch.value)
            scopes = kept if patch.removes else (*kept, patch.value or "")
            return replace(method, authorization_scopes=scopes)
        case _:
            raise patch.unknown()


def _patched_response(response: MethodResponse, patch: Patch) -> MethodResponse:
    if name := patch.below("/responseParameters/"):
        parameters = patch.edited(response.response_parameters, name, patch.truth())
        return method_response(response.status_code, parameters, response.response_models)
    if content_type := patch.below("/responseModels/"):
        models = patch.edited(response.response_models, content_type, patch.value or "")
        return method_response(response.status_code, response.response_parameters, models)
    raise patch.unknown(("/responseParameters/<parameter_name>", "/responseModels/<content_type>"))
