"""The gateway's own answers as they may be customised: their types, defaults and rules (PutGatewayResponse).

A customised answer has a status, headers mapped from the request or from a static value, and templates in which
``$context`` and ``$stageVariables`` stand. Whatever else a template may hold is refused by name. A type without an
answer of its own falls to ``DEFAULT_4XX`` or ``DEFAULT_5XX``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_rollbacklab.localaws.gateway.refusals import bad_request, invalid_mapping, not_emulated

__all__ = ["DEFAULT_STATUSES", "SUBSTITUTION", "GatewayResponse", "checked_response", "new_response", "response_of"]

DEFAULT_STATUSES: Final[Mapping[str, str | None]] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""By type, in AWS's order; as recorded: apigw-gateway-responses-defaults."""

SUBSTITUTION: Final = re.compile(
    r"\$(?:\{(?P<braced>[A-Za-z][\w.-]*)\}|(?P<bare>(?:context|stageVariables)(?:\.[\w-]+)+))"
)
"""A variable in a template: ``$context.error.message``, ``${stageVariables.a}``."""

DEFAULT_TEMPLATES: Final = {"application/json": '{"message":$context.error.messageString}'}

_STATUS = re.compile(r"[1-5]\d\d")
_HEADER = re.compile(r"gatewayresponse\.header\.[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OTHER = re.compile(r"gatewayresponse\.(?:path|querystring)\..+")
_EXPRESSION = re.compile(
    r"'.*'|method\.request\.(?:header|querystring|path|multivalueheader|multivaluequerystring)\..+"
    r"|context\.[A-Za-z0-9_.]+|stageVariables\.[A-Za-z0-9_]+",
    re.DOTALL,
)
_BEYOND = re.compile(r"\$!?\{?[A-Za-z]|#(?:\{?[A-Za-z@]|[#*\[])")


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayResponse:
    """How the gateway itself answers something."""

    type: str
    status_code: str | None = None
    """None to leave the status as it is."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """``gatewayresponse.header.NAME`` -> an expression: ``'literal'``, ``method.request.header.Accept`` ..."""
    templates: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_TEMPLATES))
    """By content type."""
    is_default: bool = False
    """Whether it is AWS's and was not customised."""


def response_of(responses: Mapping[str, GatewayResponse], type_: str) -> GatewayResponse:
    """Return an API's answer of a type, customised or AWS's.

    Raises:
        ServiceError: BadRequestException: there is no such type.
    """
    _check_type(type_)
    return responses.get(type_) or GatewayResponse(type=type_, status_code=DEFAULT_STATUSES[type_], is_default=True)


def new_response(params: Mapping[str, Any]) -> GatewayResponse:
    """Return the answer that PutGatewayResponse's parameters ask for.

    Raises:
        ServiceError: they make none, or its templates are more than text and variables.
    """
    type_ = str(params.get("responseType") or "")
    _check_type(type_)
    templates = params.get("responseTemplates")
    return checked_response(
        GatewayResponse(
            type=type_,
            status_code=str(params["statusCode"]) if params.get("statusCode") else DEFAULT_STATUSES[type_],
            parameters=dict(params.get("responseParameters") or {}),
            templates=dict(templates) if templates else dict(DEFAULT_TEMPLATES),
        )
    )


def checked_response(response: GatewayResponse) -> GatewayResponse:
    """Return an answer that holds together.

    Raises:
        ServiceError: it does not, or a template of it is not emulated.
    """
    if response.status_code is not None and not _STATUS.fullmatch(response.status_code):
        raise bad_request(f"Invalid status code specified: {response.status_code}")
    for name, expression in response.parameters.items():
        if _OTHER.fullmatch(name):
            raise not_emulated(f"{name} of gateway responses", "Map headers: gatewayresponse.header.NAME.")
        if not _HEADER.fullmatch(name):
            raise invalid_mapping(name, parameter=True)
        if not _EXPRESSION.fullmatch(expression):
            raise invalid_mapping(expression)
    for content_type, template in response.templates.items():
        _check_template(template, where=f"the template {content_type} of the gateway response {response.type}")
    return response


def _check_type(type_: str) -> None:
    if type_ not in DEFAULT_STATUSES:
        raise bad_request(
            f"Invalid gateway response type specified: {type_}. Must be one of: [{', '.join(DEFAULT_STATUSES)}]"
        )


def _check_template(template: str, *, where: str) -> None:
    found = _BEYOND.search(SUBSTITUTION.sub("", template))
    braced = [name for name in _braced(template) if not name.startswith(("context.", "stageVariables."))]
    if found is None and not braced:
        return
    excerpt = f"${{{braced[0]}}}" if braced else SUBSTITUTION.sub("", template)[found.start() :][:40] if found else ""
    raise not_emulated(
        f"mapping templates (VTL): {where} holds {excerpt!r}", "Use text with $context and $stageVariables in it."
    )


def _braced(template: str) -> list[str]:
    return [found["braced"] for found in SUBSTITUTION.finditer(template) if found["braced"]]
