"""What an integration may ask for, and the errors for what it may not (as recorded).

AWS_PROXY to Lambda, HTTP_PROXY to this machine, and MOCK; the other types, and what an integration may ask for beyond
them, are refused by name. Templates and mappings are kept as they are given: whether they can be served is found out at
the deployment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.gateway.apis.endpoint_url import check_url
from pytest_rollbacklab.localaws.gateway.apis.function_uri import check_proxy_uri
from pytest_rollbacklab.localaws.gateway.apis.method import (
    DEFAULT_TIMEOUT_MS,
    HTTP_METHODS,
    Integration,
    IntegrationResponse,
    Method,
)
from pytest_rollbacklab.localaws.gateway.refusals import (
    bad_request,
    enum_broken,
    invalid_mapping,
    not_emulated,
    not_found,
    refuse_others,
)

__all__ = ["checked_integration", "new_integration", "with_integration_response"]

_EMULATED = ("AWS_PROXY", "HTTP_PROXY", "MOCK")
_TYPES = ("HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS")
_PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
_TIMEOUT_MS = range(50, DEFAULT_TIMEOUT_MS + 1)
_OBEYED = (
    "restApiId",
    "resourceId",
    "httpMethod",
    "type",
    "integrationHttpMethod",
    "uri",
    "requestParameters",
    "requestTemplates",
    "passthroughBehavior",
    "cacheNamespace",
    "cacheKeyParameters",
    "timeoutInMillis",
)
_ASKING_FOR_NOTHING = {
    "connectionType": "INTERNET",
    "contentHandling": "CONVERT_TO_TEXT",
    "responseTransferMode": "BUFFERED",
}


def new_integration(params: Mapping[str, Any], *, cache_namespace: str) -> Integration:
    """Return the integration that PutIntegration's parameters ask for.

    Args:
        cache_namespace: When they name none.

    Raises:
        ServiceError: they make no integration (as recorded: apigw-put-integration-errors), or one that is not emulated.
    """
    type_ = params.get("type")
    if type_ not in _TYPES:
        raise enum_broken(type_, "putIntegrationInput.type", ", ".join(_TYPES))
    if type_ not in _EMULATED:
        raise not_emulated(
            f"integrations of type {type_}", "Use AWS_PROXY with a Lambda function, HTTP_PROXY, or MOCK."
        )
    if params.get("credentials"):
        raise not_emulated(
            f"credentials={params['credentials']} of integrations",
            "Let a permission of the function allow apigateway.amazonaws.com; in SAM, set Auth's InvokeRole to NONE.",
        )
    asked = {name: value for name, value in params.items() if value != _ASKING_FOR_NOTHING.get(name)}
    refuse_others("PutIntegration", asked, _OBEYED)
    return checked_integration(
        Integration(
            type=type_,
            http_method=params.get("integrationHttpMethod"),
            uri=params.get("uri"),
            request_parameters=dict(params.get("requestParameters") or {}),
            request_templates={name: text or "" for name, text in (params.get("requestTemplates") or {}).items()},
            passthrough_behavior=params.get("passthroughBehavior") or "WHEN_NO_MATCH",
            content_handling=params.get("contentHandling"),
            timeout_ms=params.get("timeoutInMillis") or DEFAULT_TIMEOUT_MS,
            cache_namespace=params.get("cacheNamespace") or cache_namespace,
            cache_key_parameters=tuple(params.get("cacheKeyParameters") or ()),
        )
    )


def checked_integration(integration: Integration) -> Integration:
    """Return an integration that holds together.

    Raises:
        ServiceError: BadRequestException: it does not.
    """
    if integration.timeout_ms not in _TIMEOUT_MS:
        raise bad_request(f"Timeout should be between {_TIMEOUT_MS[0]} ms and {_TIMEOUT_MS[-1]} ms")
    if integration.passthrough_behavior not in _PASSTHROUGH:
        raise bad_request(f"Invalid passthrough behavior specified. Valid options are {', '.join(_PASSTHROUGH)}")
    if integration.type == "AWS_PROXY":
        if not integration.http_method:
            raise bad_request("Enumeration value for HttpMethod must be non-empty")
        check_proxy_uri(integration.uri or "")
    if integration.type == "HTTP_PROXY":
        if (integration.http_method or "").upper() not in HTTP_METHODS:
            raise bad_request("Enumeration value for HttpMethod must be non-empty")
        check_url(integration.uri or "")
    return integration


def with_integration_response(method: Method, response: IntegrationResponse) -> Method:
    """Return a method whose integration has one more answer.

    Raises:
        ServiceError: the method does not declare that answer, or a header of it (as recorded).
    """
    declared = method.responses.get(response.status_code)
    if declared is None:
        raise not_found("Invalid Response status code specified")
    for name in response.response_parameters:
        if name not in declared.response_parameters:
            raise invalid_mapping(name, parameter=True)
    assert method.integration is not None
    responses = {**method.integration.responses, response.status_code: response}
    return method.with_integration(replace(method.integration, responses=responses))
