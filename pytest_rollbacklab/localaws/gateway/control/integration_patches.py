"""What the patches of UpdateIntegration mean; whether the outcome holds together is ``integrations``' to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pytest_rollbacklab.localaws.gateway.apis.method import Integration, IntegrationResponse
from pytest_rollbacklab.localaws.gateway.control.patches import Patch
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["patched_integration", "patched_response"]

_ANYWAY: Final[Mapping[str, str | None]] = {
    "/contentHandling": None,
    "/credentials": None,
    "/connectionId": None,
    "/connectionType": "INTERNET",
    "/responseTransferMode": "BUFFERED",
    "/tlsConfig/insecureSkipVerification": "false",
}
"""What is not emulated: by path, what it may be set to anyway, beside nothing."""


def patched_integration(integration: Integration, patch: Patch) -> Integration:
    """Return an integration with one patch applied.

    Raises:
        ServiceError: there is no such path or operation, or it asks for what is not emulated.
    """
    if name := patch.below("/requestParameters/"):
        parameters = patch.edited(integration.request_parameters, name, patch.value or "")
        return replace(integration, request_parameters=parameters)
    if name := patch.below("/requestTemplates/"):
        templates = patch.edited(integration.request_templates, name, patch.value or "")
        return replace(integration, request_templates=templates)
    if name := patch.below("/cacheKeyParameters/"):
        kept = tuple(known for known in integration.cache_key_parameters if known != name)
        return replace(integration, cache_key_parameters=kept if patch.removes else (*kept, name))
    patch.only("replace")
    return _replaced(integration, patch)


def patched_response(response: IntegrationResponse, patch: Patch) -> IntegrationResponse:
    """Return an integration's answer with one patch applied.

    Raises:
        ServiceError: there is no such path or operation.
    """
    if name := patch.below("/responseParameters/"):
        return replace(
            response, response_parameters=patch.edited(response.response_parameters, name, patch.value or "")
        )
    if content_type := patch.below("/responseTemplates/"):
        templates = patch.edited(response.response_templates, content_type, patch.value or "")
        return replace(response, response_templates=templates)
    patch.only("replace")
    match patch.path:
        case "/selectionPattern":
            return replace(response, selection_pattern=patch.value)
        case "/contentHandling":
            return replace(response, content_handling=patch.text())
        case _:
            raise patch.unknown()


def _replaced(integration: Integration, patch: Patch) -> Integration:
    match patch.path:
        case "/httpMethod":
            return replace(integration, http_method=patch.text())
        case "/uri":
            return replace(integration, uri=patch.text())
        case "/timeoutInMillis":
            return replace(integration, timeout_ms=_milliseconds(patch.value))
        case "/passthroughBehavior":
            return replace(integration, passthrough_behavior=patch.value or "WHEN_NO_MATCH")
        case "/cacheNamespace":
            return replace(integration, cache_namespace=patch.value or integration.cache_namespace)
        case "/contentHandling" if patch.value in (None, "", "CONVERT_TO_TEXT"):
            return replace(integration, content_handling=patch.text())
        case path if path in _ANYWAY:
            if patch.text() in (None, _ANYWAY[path]):
                return integration
            raise not_emulated(f"{path.lstrip('/')}={patch.value} of integrations", "Leave it as it is.")
        case _:
            raise patch.unknown()


def _milliseconds(value: str | None) -> int:
    if value is None or not value.isdecimal():
        raise bad_request(f"Invalid value {value!r} for /timeoutInMillis: it must be a number of milliseconds")
    return int(value)
