"""An integration written as ``x-amazon-apigateway-integration``."""

from __future__ import annotations

from typing import Any

from pytest_rollbacklab.localaws.gateway.apis.method import DEFAULT_TIMEOUT_MS, Integration, IntegrationResponse

__all__ = ["exported_integration"]


def exported_integration(integration: Integration) -> dict[str, Any]:
    """Return an integration as a definition writes it."""
    written: dict[str, Any] = {"type": integration.type.lower()}
    written |= _given(
        ("httpMethod", integration.http_method),
        ("uri", integration.uri),
        ("requestParameters", dict(integration.request_parameters)),
        ("requestTemplates", dict(integration.request_templates)),
        ("contentHandling", integration.content_handling),
        ("cacheKeyParameters", list(integration.cache_key_parameters)),
    )
    written["passthroughBehavior"] = integration.passthrough_behavior.lower()
    if integration.timeout_ms != DEFAULT_TIMEOUT_MS:
        written["timeoutInMillis"] = integration.timeout_ms
    if integration.responses:
        written["responses"] = {
            response.selection_pattern or "default": _response(response) for response in integration.responses.values()
        }
    return written


def _response(response: IntegrationResponse) -> dict[str, Any]:
    return {"statusCode": response.status_code} | _given(
        ("responseParameters", dict(response.response_parameters)),
        ("responseTemplates", dict(response.response_templates)),
        ("contentHandling", response.content_handling),
    )


def _given(*members: tuple[str, Any]) -> dict[str, Any]:
    """Return members without those that are empty."""
    return {name: value for name, value in members if value}
