"""One operation of a definition, made into a method by the rules that PutMethod and PutIntegration go by.

Extensions that are not known are refused by name. Schemas are left out: models validate nothing without a request
validator of bodies, and these are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.apis.authorizer import Authorizer
from pytest_rollbacklab.localaws.gateway.apis.integration_rules import new_integration, with_integration_response
from pytest_rollbacklab.localaws.gateway.apis.method import IntegrationResponse, Method, MethodResponse
from pytest_rollbacklab.localaws.gateway.apis.method_rules import (
    checked_method,
    http_method,
    method_response,
    request_parameters,
)
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.apis.validator import RequestValidator
from pytest_rollbacklab.localaws.gateway.definitions.document import Document, extensions_of
from pytest_rollbacklab.localaws.gateway.definitions.security import security_of
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["ANY", "imported_method"]

ANY = "x-amazon-apigateway-any-method"

_EXTENSIONS = ("auth", "integration", "request-validator")
_LOCATIONS = {"path": "path", "query": "querystring", "header": "header"}
_SPELT_OTHERWISE = {"httpMethod": "integrationHttpMethod"}
_UPPER_CASE = ("type", "passthroughBehavior", "contentHandling", "connectionType")


def imported_method(
    api: RestApi,
    document: Document,
    name: str,
    operation: Mapping[str, Any],
    shared: list[Any],
    *,
    resource_id: str,
    path: str,
) -> Method:
    """Return the method of an operation.

    Args:
        api: With the definition's authorizers and validators on it.
        name: The key under which it stands: ``get``, or ``ANY``'s.
        shared: The parameters of its path.
        resource_id: The resource that it is put on.
        path: The resource's path, for refusals.

    Raises:
        ServiceError: something of it is malformed or not emulated.
    """
    for extension, value in extensions_of(operation).items():
        if extension not in _EXTENSIONS and value:
            raise not_emulated(f"x-amazon-apigateway-{extension} of operations", "Leave it out.")
    security = security_of(document, operation)
    method = Method(
        http_method="ANY" if name == ANY else http_method(name),
        authorization_type=security.authorization_type,
        authorizer_id=_id_of(api.authorizers, security.authorizer),
        authorization_scopes=security.scopes,
        api_key_required=security.api_key_required,
        request_validator_id=_validator_id(api, document, operation),
        operation_name=operation.get("operationId"),
        request_parameters=_parameters(document, [*shared, *(operation.get("parameters") or [])]),
        responses={response.status_code: response for response in _responses(document, operation)},
    )
    method = checked_method(api, method)
    integration = document.resolved(operation.get("x-amazon-apigateway-integration"))
    if not integration:
        return method
    try:
        return _integrated(method, integration, resource_id=resource_id)
    except ServiceError as error:
        where = f"Unable to put integration on '{method.http_method}' for resource at path '{path}'"
        raise ServiceError(error.code, f"{where}: {error.message}", error.status) from error


def _id_of(parts: Mapping[str, Authorizer] | Mapping[str, RequestValidator], name: str | None) -> str | None:
    """Return the id of a part that is named; None when there is none of the name."""
    return next((known for known, part in parts.items() if name is not None and part.name == name), None)


def _validator_id(api: RestApi, document: Document, operation: Mapping[str, Any]) -> str | None:
    name = operation.get("x-amazon-apigateway-request-validator") or document.extensions.get("request-validator")
    if not name:
        return None
    found = _id_of(api.validators, str(name))
    if found is None:
        raise bad_request(f"Invalid Request Validator name specified: {name}")
    return found


def _parameters(document: Document, parameters: list[Any]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for parameter in map(document.resolved, parameters):
        location = _LOCATIONS.get(parameter.get("in"))
        if location is not None:
            found[f"method.request.{location}.{parameter['name']}"] = bool(parameter.get("required", False))
    return request_parameters(found)


def _responses(document: Document, operation: Mapping[str, Any]) -> Iterator[MethodResponse]:
    for status, response in (operation.get("responses") or {}).items():
        if status == "default":
            continue
        headers = (document.resolved(response) or {}).get("headers") or {}
        yield method_response(status, {f"method.response.header.{name}": False for name in headers}, {})


def _integrated(method: Method, written: Mapping[str, Any], *, resource_id: str) -> Method:
    params = {_SPELT_OTHERWISE.get(name, name): value for name, value in written.items() if name != "responses"}
    params |= {name: str(params[name]).upper() for name in _UPPER_CASE if params.get(name)}
    method = replace(method, integration=new_integration(params, cache_namespace=resource_id))
    for pattern, response in (written.get("responses") or {}).items():
        method = with_integration_response(method, _integration_response(pattern, response))
    return method


def _integration_response(pattern: str, written: Mapping[str, Any]) -> IntegrationResponse:
    return IntegrationResponse(
        status_code=str(written.get("statusCode", "")),
        selection_pattern=None if pattern == "default" else pattern,
        response_parameters=dict(written.get("responseParameters") or {}),
        response_templates={name: text or "" for name, text in (written.get("responseTemplates") or {}).items()},
        content_handling=written.get("contentHandling"),
    )
