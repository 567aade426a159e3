"""How a definition says who may call a method: its security requirements, or API Gateway's own extension.

A scheme of type ``awsSigv4`` is AWS_IAM ("x-amazon-apigateway-authtype property"). API keys and authorizers are
refused by name. So is a scheme that API Gateway would pass over: a method that looks protected and is not is worse than
one that cannot be imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.gateway.apis.method_rules import authorization_type
from pytest_rollbacklab.localaws.gateway.definitions.document import Document
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["authorization_of"]

_MEND = "Secure the method with AWS_IAM (awsSigv4), or leave it open."
_OPEN = "NONE"
"""What SAM writes for a method that shall be open where the others are not; no scheme has that name."""


def authorization_of(document: Document, operation: Mapping[str, Any]) -> str:
    """Return the authorization type of an operation.

    Raises:
        ServiceError: it asks for what is not emulated, or for a scheme that there is not.
    """
    own = operation.get("x-amazon-apigateway-auth")
    if own:
        return authorization_type(str(own.get("type") or _OPEN))
    requirements = operation.get("security")
    if requirements is None:
        requirements = document.root.get("security") or []
    names = [name for requirement in requirements for name in requirement]
    types = {_authorization(document, name) for name in names}
    return "AWS_IAM" if "AWS_IAM" in types else "NONE"


def _authorization(document: Document, name: str) -> str:
    scheme = document.security_schemes.get(name)
    if scheme is None:
        if name == _OPEN:
            return "NONE"
        raise bad_request(f"Security requirement {name} names no security scheme of the definition")
    if str(scheme.get("x-amazon-apigateway-authtype", "")).lower() == "awssigv4":
        return "AWS_IAM"
    if "x-amazon-apigateway-authorizer" in scheme:
        raise not_emulated(f"authorizers: security scheme {name}", _MEND)
    if scheme.get("type") == "apiKey" and str(scheme.get("name", "")).lower() == "x-api-key":
        raise not_emulated(f"API keys: security scheme {name}", _MEND)
    raise not_emulated(f"security schemes of type {scheme.get('type')}: {name}", _MEND)
