"""What of a definition is the API's and not an operation's: authorizers, validators, gateway responses, the policy.

Each is made by the rules of the operation that makes one. What was there under the same name keeps its id, so that
methods go on naming it. The policy and the place of API keys stay what they are where a definition does not speak of
them, as media types do: CloudFormation sets them beside the definition.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.apis.authorizer import Authorizer, new_authorizer
from pytest_rollbacklab.localaws.gateway.apis.gateway_response import GatewayResponse, new_response
from pytest_rollbacklab.localaws.gateway.apis.policy import policy_text
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.apis.validator import RequestValidator, new_validator
from pytest_rollbacklab.localaws.gateway.definitions.document import Document
from pytest_rollbacklab.localaws.gateway.definitions.security import authorizer_params, authorizers_of
from pytest_rollbacklab.localaws.gateway.identifiers import new_part_id
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, enum_broken

__all__ = ["PARTS", "with_parts"]

PARTS = ("request-validators", "request-validator", "gateway-responses", "policy", "api-key-source")
"""The extensions at the top that are read here, by what follows ``x-amazon-apigateway-``."""

_KEY_SOURCES = ("HEADER", "AUTHORIZER")


def with_parts(api: RestApi, document: Document, *, scope: Scope, overwrite: bool) -> RestApi:
    """Return an API with a definition's parts put over its own.

    Args:
        scope: The API's account and region.
        overwrite: Whether to keep nothing else.

    Raises:
        ServiceError: a part cannot be made, or is not emulated.
    """
    extensions = document.extensions
    authorizers = _authorizers(api, document)
    validators = _validators(api, extensions.get("request-validators") or {})
    responses = _responses(extensions.get("gateway-responses") or {})
    source = str(extensions.get("api-key-source") or "").upper()
    if source and source not in _KEY_SOURCES:
        raise enum_broken(source, "x-amazon-apigateway-api-key-source", ", ".join(_KEY_SOURCES))
    policy = extensions.get("policy")
    return replace(
        api,
        authorizers=authorizers if overwrite else {**api.authorizers, **authorizers},
        validators=validators if overwrite else {**api.validators, **validators},
        gateway_responses=responses if overwrite else {**api.gateway_responses, **responses},
        api_key_source=source or api.api_key_source,
        policy=policy_text(json.dumps(policy), api_id=api.id, scope=scope) if policy else api.policy,
    )


def _authorizers(api: RestApi, document: Document) -> dict[str, Authorizer]:
    known = {authorizer.name: authorizer.id for authorizer in api.authorizers.values()}
    made = [
        new_authorizer(known.get(name) or new_part_id(), authorizer_params(name, scheme))
        for name, scheme in authorizers_of(document)
    ]
    return {authorizer.id: authorizer for authorizer in made}


def _validators(api: RestApi, written: Mapping[str, Any]) -> dict[str, RequestValidator]:
    known = {validator.name: validator.id for validator in api.validators.values()}
    made = [
        new_validator(known.get(name) or new_part_id(), {**settings, "name": name})
        for name, settings in written.items()
    ]
    return {validator.id: validator for validator in made}


def _responses(written: Mapping[str, Any]) -> dict[str, GatewayResponse]:
    made = [new_response({**_response_params(settings), "responseType": type_}) for type_, settings in written.items()]
    return {response.type: response for response in made}


def _response_params(settings: Any) -> Mapping[str, Any]:
    if not isinstance(settings, Mapping):
        raise bad_request(f"Invalid gateway response: {settings!r} is no object")
    return settings
