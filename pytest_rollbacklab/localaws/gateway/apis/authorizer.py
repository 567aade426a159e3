"""An authorizer of an API as an immutable value, and what it may be (CreateAuthorizer of the API reference).

Three kinds: a function that is given a token (``TOKEN``) or the request (``REQUEST``), or user pools
(``COGNITO_USER_POOLS``). Which of a request's values it looks at is its identity source. How it decides is
``execution.authorizers``' business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_rollbacklab.localaws.gateway.apis.function_uri import FunctionUri
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, enum_broken, not_emulated, required

__all__ = ["AUTHORIZER_OF", "Authorizer", "checked_authorizer", "new_authorizer"]

AUTHORIZER_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "CUSTOM": ("TOKEN", "REQUEST"),
    "COGNITO_USER_POOLS": ("COGNITO_USER_POOLS",),
}
"""By a method's authorization type: the types of authorizers that it may name."""

_TYPES: Final = ("TOKEN", "REQUEST", "COGNITO_USER_POOLS")
_LONGEST_S: Final = 3600
_DEFAULT_S: Final = 300
_HEADER: Final = re.compile(r"method\.request\.header\.[A-Za-z0-9._$-]+")
_SOURCE: Final = re.compile(
    r"method\.request\.(?:header|querystring|multivalueheader|multivaluequerystring)\.[A-Za-z0-9._$-]+"
    r"|stageVariables\.[A-Za-z0-9_]+|context\.[A-Za-z0-9_.]+"
)
_USER_POOL: Final = re.compile(r"arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:\d{12}:userpool/[\w-]+_[0-9a-zA-Z]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Authorizer:
    """Who decides who may call a method."""

    id: str
    name: str
    type: str
    """``TOKEN``, ``REQUEST`` or ``COGNITO_USER_POOLS``."""
    uri: str | None = None
    """Names the function, as an integration's does."""
    identity_source: str | None = None
    """``method.request.header.Authorization``; a REQUEST authorizer may have several, between commas."""
    validation_expression: str | None = None
    """What a token must look like for the function to be asked at all."""
    ttl_s: int = _DEFAULT_S
    """How long an answer of the function stands; 0 for not at all."""
    provider_arns: tuple[str, ...] = ()
    """The user pools."""
    auth_type: str | None = None
    """Told to imports and exports, and otherwise without effect: ``custom``."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The identity sources, one by one."""
        return tuple(source.strip() for source in (self.identity_source or "").split(",") if source.strip())


def new_authorizer(authorizer_id: str, params: Mapping[str, Any]) -> Authorizer:
    """Return the authorizer that CreateAuthorizer's parameters ask for.

    Raises:
        ServiceError: they make none, or ask for what is not emulated.
    """
    type_ = params.get("type")
    if type_ not in _TYPES:
        raise enum_broken(type_, "createAuthorizerInput.type", ", ".join(_TYPES))
    if params.get("authorizerCredentials"):
        raise not_emulated(
            f"authorizerCredentials={params['authorizerCredentials']} of authorizers",
            "Let a permission of the function allow apigateway.amazonaws.com.",
        )
    ttl_s = params.get("authorizerResultTtlInSeconds")
    return checked_authorizer(
        Authorizer(
            id=authorizer_id,
            name=str(required(params, "name")),
            type=type_,
            uri=params.get("authorizerUri"),
            identity_source=params.get("identitySource") or None,
            validation_expression=params.get("identityValidationExpression") or None,
            ttl_s=_DEFAULT_S if ttl_s is None else int(ttl_s),
            provider_arns=tuple(params.get("providerARNs") or ()),
            auth_type=params.get("authType"),
        )
    )


def checked_authorizer(authorizer: Authorizer) -> Authorizer:
    """Return an authorizer that holds together.

    Raises:
        ServiceError: BadRequestException: it does not.
    """
    if not 0 <= authorizer.ttl_s <= _LONGEST_S:
        raise bad_request(f"Authorizer result TTL should be between 0 and {_LONGEST_S} seconds")
    if authorizer.type == "COGNITO_USER_POOLS":
        _check_user_pools(authorizer)
    else:
        _check_function(authorizer)
    return authorizer


def _check_user_pools(authorizer: Authorizer) -> None:
    if not authorizer.provider_arns:
        raise bad_request("At least one provider ARN must be given for a COGNITO_USER_POOLS authorizer")
    for arn in authorizer.provider_arns:
        if not _USER_POOL.fullmatch(arn):
            raise bad_request(f"Invalid Cognito User Pool ARN specified: {arn}")
    _check_header(authorizer)


def _check_function(authorizer: Authorizer) -> None:
    if not authorizer.uri or not FunctionUri.parse(authorizer.uri).function_arn:
        raise bad_request(f"Invalid Authorizer URI: {authorizer.uri}. Authorizer URI should be a valid API Gateway ARN")
    if authorizer.type == "TOKEN":
        _check_header(authorizer)
        _check_expression(authorizer.validation_expression)
        return
    if authorizer.validation_expression:
        raise bad_request("Identity validation expressions are of TOKEN authorizers only")
    if not authorizer.sources and authorizer.ttl_s:
        raise bad_request("An identity source is required for a REQUEST authorizer whose results are cached")
    for source in authorizer.sources:
        if not _SOURCE.fullmatch(source):
            raise bad_request(f"Invalid identity source specified: {source}")


def _check_header(authorizer: Authorizer) -> None:
    if not _HEADER.fullmatch(authorizer.identity_source or ""):
        raise bad_request(
            f"Invalid identity source specified: {authorizer.identity_source}. "
            "It must be one header: method.request.header.NAME"
        )


def _check_expression(expression: str | None) -> None:
    try:
        re.compile(expression or "")
    except re.error as error:
        raise bad_request(f"Invalid identity validation expression {expression!r}: {error}") from error
