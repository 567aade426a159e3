"""How a definition says who may call a method: its security requirements, or API Gateway's own extension.

A scheme of type ``awsSigv4`` is AWS_IAM ("x-amazon-apigateway-authtype property"), one with an authorizer is that
authorizer, and one for the header ``x-api-key`` wants an API key. A scheme that API Gateway would pass over is refused
by name: a method that looks protected and is not is worse than one that cannot be imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.gateway.apis.method_rules import authorization_type
from pytest_rollbacklab.localaws.gateway.definitions.document import Document
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["AUTHORIZER", "Security", "authorizer_params", "authorizers_of", "security_of"]

AUTHORIZER = "x-amazon-apigateway-authorizer"

_AUTHTYPE = "x-amazon-apigateway-authtype"
_MEND = "Secure the method with awsSigv4, an x-amazon-apigateway-authorizer or an API key, or leave it open."
_OPEN = "NONE"
"""What SAM writes for a method that shall be open where the others are not; no scheme has that name."""
_SPELT_OTHERWISE = {"credentials": "authorizerCredentials"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Security:
    """Who may call an operation."""

    authorization_type: str = _OPEN
    authorizer: str | None = None
    """The name of its scheme."""
    scopes: tuple[str, ...] = ()
    api_key_required: bool = False


def security_of(document: Document, operation: Mapping[str, Any]) -> Security:
    """Return who may call an operation.

    Raises:
        ServiceError: it asks for what is not emulated, or for a scheme that there is not.
    """
    requirements = operation.get("security")
    if requirements is None:
        requirements = document.root.get("security") or []
    asked = [_security(document, name, scopes) for one in requirements for name, scopes in one.items()]
    own = operation.get("x-amazon-apigateway-auth")
    decided = next((one for one in asked if one.authorization_type != _OPEN), Security())
    type_ = authorization_type(str(own.get("type") or _OPEN)) if own else decided.authorization_type
    return Security(
        authorization_type=type_,
        authorizer=decided.authorizer,
        scopes=decided.scopes,
        api_key_required=any(one.api_key_required for one in asked),
    )


def authorizer_params(name: str, scheme: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters by which CreateAuthorizer would make a scheme's authorizer."""
    written = scheme[AUTHORIZER]
    params = {_SPELT_OTHERWISE.get(key, key): value for key, value in written.items()}
    if "identitySource" not in params and scheme.get("in") == "header" and scheme.get("name") != "Unused":
        params["identitySource"] = f"method.request.header.{scheme['name']}"
    return {
        **params,
        "name": name,
        "type": str(params.get("type") or "").upper(),
        "authType": scheme.get(_AUTHTYPE),
    }


def authorizers_of(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return the schemes that have an authorizer, by name."""
    for name, scheme in document.security_schemes.items():
        scheme = document.resolved(scheme)
        if AUTHORIZER in scheme:
            yield name, {**scheme, AUTHORIZER: document.resolved(scheme[AUTHORIZER])}


def _security(document: Document, name: str, scopes: Any) -> Security:
    scheme = document.security_schemes.get(name)
    if scheme is None:
        if name == _OPEN:
            return Security()
        raise bad_request(f"Security requirement {name} names no security scheme of the definition")
    scheme = document.resolved(scheme)
    if str(scheme.get(_AUTHTYPE, "")).lower() == "awssigv4":
        return Security(authorization_type="AWS_IAM")
    if AUTHORIZER in scheme:
        kind = str(document.resolved(scheme[AUTHORIZER]).get("type") or "").upper()
        type_ = "COGNITO_USER_POOLS" if kind == "COGNITO_USER_POOLS" else "CUSTOM"
        return Security(authorization_type=type_, authorizer=name, scopes=tuple(scopes or ()))
    if scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key":
        return Security(api_key_required=True)
    raise not_emulated(f"security schemes of type {scheme.get('type')}: {name}", _MEND)
