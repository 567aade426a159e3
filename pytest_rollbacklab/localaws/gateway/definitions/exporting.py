"""A deployed API written as a definition: Swagger 2.0 or OpenAPI 3.0, with or without API Gateway's extensions.

"Export a REST API from API Gateway". What was written can be imported again: with the extension ``apigateway`` nothing
of it is lost, with ``integrations`` only authorizers and settings of the API are, without any only the surface is left.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.gateway.apis.authorizer import Authorizer
from pytest_rollbacklab.localaws.gateway.apis.method import Method, MethodResponse
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.definitions.exported_integration import exported_integration

__all__ = ["Export", "export_api"]

_X = "x-amazon-apigateway-"
_LOCATIONS = {"path": "path", "querystring": "query", "header": "header"}
_ANY = f"{_X}any-method"
_SIGV4 = {
    "type": "apiKey",
    "name": "Authorization",
    "in": "header",
    f"{_X}authtype": "awsSigv4",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Export:
    """How to write an API."""

    swagger: bool
    """Swagger 2.0; else OpenAPI 3.0."""
    integrations: bool
    """With integrations."""
    authorizers: bool
    """With authorizers."""
    everything: bool
    """With every other extension: validators, gateway responses, the policy, media types."""


def export_api(api: RestApi, export: Export, *, host: str, stage: str) -> dict[str, Any]:
    """Return an API as a definition."""
    info = {"title": api.name, "version": api.version or f"{api.created_at:%Y-%m-%dT%H:%M:%SZ}"}
    if api.description:
        info["description"] = api.description
    paths = {
        resource.path: {
            _ANY if name == "ANY" else name.lower(): _operation(api, method, export)
            for name, method in sorted(resource.methods.items())
        }
        for resource in sorted(api.resources.values(), key=lambda resource: resource.path)
        if resource.methods
    }
    schemes = _schemes(api, export)
    if export.swagger:
        document: dict[str, Any] = {"swagger": "2.0", "info": info, "host": host, "basePath": f"/{stage}"}
        document |= {"schemes": ["https"], "paths": paths}
        document |= {"securityDefinitions": schemes} if schemes else {}
    else:
        server = {"url": f"https://{host}/{{basePath}}", "variables": {"basePath": {"default": stage}}}
        document = {"openapi": "3.0.1", "info": info, "servers": [server], "paths": paths}
        document |= {"components": {"securitySchemes": schemes} if schemes else {}}
    return document | (_settings(api) if export.everything else {})


def _operation(api: RestApi, method: Method, export: Export) -> dict[str, Any]:
    operation: dict[str, Any] = {}
    if method.operation_name:
        operation["operationId"] = method.operation_name
    if parameters := [_parameter(name, required, export) for name, required in method.request_parameters.items()]:
        operation["parameters"] = [parameter for parameter in parameters if parameter]
    operation["responses"] = {
        status: _response(response, export) for status, response in sorted(method.responses.items())
    }
    if security := _requirements(api, method):
        operation["security"] = security
    if export.integrations and method.integration is not None:
        operation[f"{_X}integration"] = exported_integration(method.integration)
    validator = api.validators.get(method.request_validator_id or "")
    if export.everything and validator is not None:
        operation[f"{_X}request-validator"] = validator.name
    return operation


def _parameter(name: str, required: bool, export: Export) -> dict[str, Any] | None:
    _, _, location, own = name.split(".", 3)
    if location not in _LOCATIONS:
        return None
    kind = {"type": "string"} if export.swagger else {"schema": {"type": "string"}}
    return {"name": own, "in": _LOCATIONS[location], "required": required or location == "path", **kind}


def _response(response: MethodResponse, export: Export) -> dict[str, Any]:
    kind = {"type": "string"} if export.swagger else {"schema": {"type": "string"}}
    names = [name.split(".", 3)[3] for name in response.response_parameters]
    headers = {"headers": {name: dict(kind) for name in names}} if names else {}
    return {"description": f"{response.status_code} response", **headers}


def _requirements(api: RestApi, method: Method) -> list[dict[str, Any]]:
    requirements: list[dict[str, Any]] = []
    if method.authorization_type == "AWS_IAM":
        requirements.append({"sigv4": []})
    authorizer = api.authorizers.get(method.authorizer_id or "")
    if authorizer is not None:
        requirements.append({authorizer.name: list(method.authorization_scopes)})
    if method.api_key_required:
        requirements.append({"api_key": []})
    return requirements


def _schemes(api: RestApi, export: Export) -> dict[str, Any]:
    methods = [method for _, method in api.methods]
    used = {method.authorizer_id for method in methods}
    schemes: dict[str, Any] = {}
    if any(method.api_key_required for method in methods):
        schemes["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    if any(method.authorization_type == "AWS_IAM" for method in methods):
        schemes["sigv4"] = dict(_SIGV4)
    for authorizer in api.authorizers.values():
        if export.authorizers or authorizer.id in used:
            schemes[authorizer.name] = _scheme(authorizer, with_authorizer=export.authorizers)
    return schemes


def _scheme(authorizer: Authorizer, *, with_authorizer: bool) -> dict[str, Any]:
    header = (authorizer.identity_source or "").removeprefix("method.request.header.")
    is_request = authorizer.type == "REQUEST"
    scheme: dict[str, Any] = {"type": "apiKey", "name": "Unused" if is_request else header, "in": "header"}
    default = "cognito_user_pools" if authorizer.provider_arns else "custom"
    scheme[f"{_X}authtype"] = authorizer.auth_type or default
    if not with_authorizer:
        return scheme
    written: dict[str, Any] = {"type": authorizer.type.lower()}
    if authorizer.provider_arns:
        written["providerARNs"] = list(authorizer.provider_arns)
    else:
        written |= {"authorizerUri": authorizer.uri, "authorizerResultTtlInSeconds": authorizer.ttl_s}
    if authorizer.validation_expression:
        written["identityValidationExpression"] = authorizer.validation_expression
    if is_request and authorizer.identity_source:
        written["identitySource"] = authorizer.identity_source
    scheme[f"{_X}authorizer"] = written
    return scheme


def _settings(api: RestApi) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if api.binary_media_types:
        settings["binary-media-types"] = list(api.binary_media_types)
    if api.api_key_source != "HEADER":
        settings["api-key-source"] = api.api_key_source
    if api.policy:
        settings["policy"] = json.loads(api.policy)
    if api.validators:
        settings["request-validators"] = {
            str(validator.name): {
                "validateRequestParameters": validator.validates_parameters,
                "validateRequestBody": False,
            }
            for validator in api.validators.values()
        }
    if api.gateway_responses:
        settings["gateway-responses"] = {
            response.type: {
                **({"statusCode": int(response.status_code)} if response.status_code else {}),
                "responseParameters": dict(response.parameters),
                "responseTemplates": dict(response.templates),
            }
            for response in api.gateway_responses.values()
        }
    return {f"{_X}{name}": value for name, value in settings.items()}
