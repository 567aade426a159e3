"""Compile an HTTP_PROXY integration: where it goes, and which of the request's values are mapped on the way.

Headers, parameters and path variables are mapped from the request, from stage variables, from ``$context``, or are
static ("Set up data mappings"). Mapping from a body needs what is refused here by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_rollbacklab.localaws.gateway.apis.method import Integration
from pytest_rollbacklab.localaws.gateway.deployed.integrations import BrokenIntegration, DeployedIntegration, UrlProxy
from pytest_rollbacklab.localaws.gateway.refusals import invalid_mapping, not_emulated

__all__ = ["compile_url_proxy"]

_LOCATIONS = ("header", "querystring", "path")
_NEVER = frozenset({"content-length", "transfer-encoding"})
"""Mapping one of these fails each request (as recorded: apigw-header-remapping-HTTP_PROXY)."""
_EXPRESSION = re.compile(
    r"'.*'|method\.request\.(?:header|querystring|path|multivalueheader|multivaluequerystring)\..+"
    r"|context\.[A-Za-z0-9_.]+|stageVariables\.[A-Za-z0-9_]+",
    re.DOTALL,
)


def compile_url_proxy(integration: Integration) -> DeployedIntegration:
    """Return an integration that is ready to be called.

    Raises:
        ServiceError: a mapping is none, or is not emulated.
    """
    headers = tuple(_mapped(integration, "header"))
    for name, _ in headers:
        if name.lower() in _NEVER:
            return BrokenIntegration(reason=f"{name} header already present")
    assert integration.uri is not None  # checked_integration sees to it
    return UrlProxy(
        url=integration.uri,
        method=integration.http_method or "ANY",
        timeout_s=integration.timeout_ms / 1000,
        headers=headers,
        query=tuple(_mapped(integration, "querystring")),
        path=tuple(_mapped(integration, "path")),
    )


def _mapped(integration: Integration, location: str) -> Iterator[tuple[str, str]]:
    prefix = f"integration.request.{location}."
    for name, expression in integration.request_parameters.items():
        if not name.startswith(tuple(f"integration.request.{known}." for known in _LOCATIONS)):
            raise invalid_mapping(name, parameter=True)
        if expression.startswith("method.request.body"):
            raise not_emulated(f"mapping from the body: {name} is {expression!r}", "Map headers and parameters.")
        if not _EXPRESSION.fullmatch(expression):
            raise invalid_mapping(expression)
        if name.startswith(prefix):
            yield name.removeprefix(prefix), expression
