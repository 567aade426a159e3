"""A method of a resource and what stands behind it, as immutable values in AWS's words.

They say what was configured, not whether it can be served: that is ``deployed``'s to find out, when it compiles them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

__all__ = ["DEFAULT_TIMEOUT_MS", "HTTP_METHODS", "Integration", "IntegrationResponse", "Method", "MethodResponse"]

HTTP_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
"""In the order in which AWS lists them when it refuses another."""

DEFAULT_TIMEOUT_MS = 29_000


@dataclass(frozen=True, kw_only=True, slots=True)
class IntegrationResponse:
    """How what an integration answered becomes the method's answer (MOCK and other non-proxy integrations)."""

    status_code: str
    selection_pattern: str | None = None
    """A regular expression over what the integration answered; None for the default."""
    response_parameters: Mapping[str, str] = field(default_factory=dict)
    """``method.response.header.NAME`` -> an expression: ``'literal'``."""
    response_templates: Mapping[str, str] = field(default_factory=dict)
    """Content type -> template."""
    content_handling: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Integration:
    """What a method calls."""

    type: str
    """``AWS_PROXY``, ``MOCK`` ..."""
    cache_namespace: str
    """The resource's id when none was given."""
    http_method: str | None = None
    uri: str | None = None
    request_parameters: Mapping[str, str] = field(default_factory=dict)
    request_templates: Mapping[str, str] = field(default_factory=dict)
    passthrough_behavior: str = "WHEN_NO_MATCH"
    content_handling: str | None = None
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    cache_key_parameters: tuple[str, ...] = ()
    responses: Mapping[str, IntegrationResponse] = field(default_factory=dict)
    """By status code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodResponse:
    """An answer that a method declares."""

    status_code: str
    response_parameters: Mapping[str, bool] = field(default_factory=dict)
    """``method.response.header.NAME`` -> whether it is always there."""
    response_models: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """One HTTP method of a resource."""

    http_method: str
    """One of ``HTTP_METHODS``."""
    authorization_type: str = "NONE"
    """``NONE``, ``AWS_IAM``, ``CUSTOM`` or ``COGNITO_USER_POOLS``."""
    operation_name: str | None = None
    request_parameters: Mapping[str, bool] = field(default_factory=dict)
    """``method.request.querystring.NAME`` -> whether it is required, for a request validator."""
    request_models: Mapping[str, str] = field(default_factory=dict)
    responses: Mapping[str, MethodResponse] = field(default_factory=dict)
    """By status code."""
    integration: Integration | None = None
    authorizer_id: str | None = None
    """Of CUSTOM and COGNITO_USER_POOLS."""
    authorization_scopes: tuple[str, ...] = ()
    """Of which a Cognito access token must have one; none for ID tokens."""
    api_key_required: bool = False
    request_validator_id: str | None = None

    def with_integration(self, integration: Integration | None) -> Method:
        """Return the method with another integration, or with none."""
        return replace(self, integration=integration)
