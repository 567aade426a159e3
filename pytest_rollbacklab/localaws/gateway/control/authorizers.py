"""Operations on the authorizers of an API. Like everything of an API, they are in force once it is deployed.

What an authorizer may be is ``apis.authorizer``'s to say. One that a method names stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.apis.authorizer import Authorizer, checked_authorizer, new_authorizer
from pytest_rollbacklab.localaws.gateway.control.paging import page
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import given
from pytest_rollbacklab.localaws.gateway.execution.authorizers.functions import FunctionAuthorizers
from pytest_rollbacklab.localaws.gateway.identifiers import new_part_id
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, conflict, not_emulated, refuse_others
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry

__all__ = ["AuthorizerOperations", "authorizer_shape"]

_OBEYED = (
    "restApiId",
    "name",
    "type",
    "providerARNs",
    "authType",
    "authorizerUri",
    "identitySource",
    "identityValidationExpression",
    "authorizerResultTtlInSeconds",
)


class AuthorizerOperations:
    """Create, Get, Update and DeleteAuthorizer, GetAuthorizers, FlushStageAuthorizersCache.

    Args:
        registry: The APIs.
        functions: What remembers the answers of authorizers' functions.
    """

    def __init__(self, *, registry: Registry, functions: FunctionAuthorizers) -> None:
        self._registry = registry
        self._functions = functions
        self.operations: Mapping[str, Operation] = {
            "CreateAuthorizer": self._create,
            "GetAuthorizer": self._get,
            "GetAuthorizers": self._list,
            "UpdateAuthorizer": self._update,
            "DeleteAuthorizer": self._delete,
            "FlushStageAuthorizersCache": self._flush,
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        authorizer = new_authorizer(new_part_id(), params)
        refuse_others("CreateAuthorizer", params, _OBEYED)
        if any(known.name == authorizer.name for known in record.api.authorizers.values()):
            raise bad_request(
                f"Authorizer name must be unique. Authorizer {authorizer.name} already exists in this RestApi."
            )
        self._keep(record, authorizer)
        return authorizer_shape(authorizer)

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return authorizer_shape(self._record(call, params).api.authorizer(params["authorizerId"]))

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return page(list(self._record(call, params).api.authorizers.values()), params, authorizer_shape)

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        authorizer = record.api.authorizer(params["authorizerId"])
        for patch in read_patches(call.operation, params):
            authorizer = _patched(authorizer, patch)
        self._keep(record, checked_authorizer(authorizer))
        return authorizer_shape(authorizer)

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        gone = record.api.authorizer(params["authorizerId"])
        for resource, method in record.api.methods:
            if method.authorizer_id == gone.id:
                raise conflict(
                    f"Cannot delete authorizer '{gone.name}', is referenced in method: "
                    f"{method.http_method} {resource.path}"
                )
        kept = {known: found for known, found in record.api.authorizers.items() if known != gone.id}
        record.api = replace(record.api, authorizers=kept)
        return {}

    def _flush(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._record(call, params)
        self._functions.forget(record.api.id, record.stage(params["stageName"]).name)
        return {}

    def _keep(self, record: ApiRecord, authorizer: Authorizer) -> None:
        record.api = replace(record.api, authorizers={**record.api.authorizers, authorizer.id: authorizer})

    def _record(self, call: Call, params: Mapping[str, Any]) -> ApiRecord:
        return self._registry.record(call.scope, params["restApiId"])


def authorizer_shape(authorizer: Authorizer) -> dict[str, Any]:
    """Return an authorizer in AWS's shape."""
    shape = given(
        id=authorizer.id,
        name=authorizer.name,
        type=authorizer.type,
        providerARNs=list(authorizer.provider_arns),
        authType=authorizer.auth_type or ("cognito_user_pools" if authorizer.provider_arns else "custom"),
        authorizerUri=authorizer.uri,
        identitySource=authorizer.identity_source,
        identityValidationExpression=authorizer.validation_expression,
    )
    if not authorizer.provider_arns:
        shape["authorizerResultTtlInSeconds"] = authorizer.ttl_s
    return shape


def _patched(authorizer: Authorizer, patch: Patch) -> Authorizer:
    if patch.path == "/providerARNs":
        kept = tuple(arn for arn in authorizer.provider_arns if arn != patch.value)
        if patch.op == "replace":
            raise patch.unknown(("add /providerARNs", "remove /providerARNs"))
        return replace(authorizer, provider_arns=kept if patch.removes else (*kept, patch.value or ""))
    patch.only("replace")
    match patch.path:
        case "/name" if patch.value:
            return replace(authorizer, name=patch.value)
        case "/authorizerUri":
            return replace(authorizer, uri=patch.text())
        case "/identitySource":
            return replace(authorizer, identity_source=patch.text())
        case "/identityValidationExpression":
            return replace(authorizer, validation_expression=patch.text())
        case "/authorizerResultTtlInSeconds":
            return replace(authorizer, ttl_s=patch.whole_number())
        case "/authType":
            return replace(authorizer, auth_type=patch.text())
        case "/authorizerCredentials":
            if patch.text() is None:
                return authorizer
            raise not_emulated(f"authorizerCredentials={patch.value} of authorizers", "Let a permission allow it.")
        case "/type" if patch.value == authorizer.type:
            return authorizer
        case _:
            raise patch.unknown()
