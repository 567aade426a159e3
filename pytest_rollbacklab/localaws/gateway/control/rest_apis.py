"""Operations on REST APIs themselves: create, read, update, delete.

An API answers nobody before a deployment of it is on a stage. What AWS lets an API ask for and the local AWS has not
(compression, private endpoints) is refused by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scope
from pytest_rollbacklab.localaws.gateway.apis.policy import policy_text
from pytest_rollbacklab.localaws.gateway.apis.rest_api import Resource, RestApi
from pytest_rollbacklab.localaws.gateway.control.paging import page
from pytest_rollbacklab.localaws.gateway.control.patches import Patch, read_patches
from pytest_rollbacklab.localaws.gateway.control.shapes import rest_api_shape
from pytest_rollbacklab.localaws.gateway.identifiers import new_api_id
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, enum_broken, not_emulated, refuse_others, required
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry
from pytest_rollbacklab.localaws.gateway.usage.book import UsageBook

__all__ = ["RestApiOperations", "api_key_source", "endpoint_type", "new_api"]

_KEY_SOURCES = ("HEADER", "AUTHORIZER")
_OBEYED = (
    "name",
    "description",
    "version",
    "binaryMediaTypes",
    "endpointConfiguration",
    "tags",
    "apiKeySource",
    "policy",
)
_ENDPOINT_TYPES = ("PRIVATE", "EDGE", "REGIONAL")
_EMULATED_TYPE = "REGIONAL"
"""An API that says nothing is told to be EDGE, as on AWS, and is reached like a regional one."""
_LARGEST_COMPRESSION_SIZE = 10_485_760


class RestApiOperations:
    """CreateRestApi, GetRestApi(s), UpdateRestApi, DeleteRestApi.

    Args:
        registry: The APIs.
        book: The usage plans, which forget the stages of an API that is gone.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, registry: Registry, book: UsageBook, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._book = book
        self._clock = clock
        self.operations: Mapping[str, Operation] = {
            "CreateRestApi": self._create,
            "GetRestApi": self._get,
            "GetRestApis": self._list,
            "UpdateRestApi": self._update,
            "DeleteRestApi": self._delete,
        }

    def _create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        api = self._api_of(params)
        if params.get("policy"):
            api = replace(api, policy=policy_text(params["policy"], api_id=api.id, scope=call.scope))
        self._registry.add(ApiRecord(scope=call.scope, api=api))
        return rest_api_shape(api, with_tags=False)

    def _get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return rest_api_shape(self._registry.record(call.scope, params["restApiId"]).api)

    def _list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        records = list(self._registry.account(call.scope).records.values())
        return page(records, params, lambda record: rest_api_shape(record.api, with_tags=False))

    def _update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._registry.record(call.scope, params["restApiId"])
        api = record.api
        for patch in read_patches(call.operation, params):
            api = _patched(api, patch, call.scope)
        record.api = api
        return rest_api_shape(api)

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self._registry.remove(self._registry.record(call.scope, params["restApiId"]))
        self._book.forget_stages(call.scope, params["restApiId"])
        return {}

    def _api_of(self, params: Mapping[str, Any]) -> RestApi:
        if params.get("description") == "":
            raise bad_request("Description cannot be an empty string")
        _refuse_compression(params.get("minimumCompressionSize"))
        refuse_others("CreateRestApi", params, _OBEYED)
        endpoint = params.get("endpointConfiguration") or {}
        refuse_others("endpointConfiguration of CreateRestApi", endpoint, ("types", "ipAddressType"))
        api = new_api(required(params, "name"), created_at=datetime.fromtimestamp(int(self._clock()), UTC))
        return replace(
            api,
            description=params.get("description"),
            version=params.get("version"),
            binary_media_types=tuple(params.get("binaryMediaTypes") or ()),
            endpoint_type=endpoint_type(endpoint["types"]) if "types" in endpoint else api.endpoint_type,
            ip_address_type=endpoint.get("ipAddressType") or api.ip_address_type,
            tags=dict(params.get("tags") or {}),
            api_key_source=api_key_source(params.get("apiKeySource")),
        )


def new_api(name: str, *, created_at: datetime) -> RestApi:
    """Return an API with nothing but its root."""
    root = Resource(id=new_api_id(), path="/", parent_id=None, path_part=None)
    return RestApi(
        id=new_api_id(), name=name, created_at=created_at, root_resource_id=root.id, resources={root.id: root}
    )


def endpoint_type(types: list[str]) -> str:
    """Return the type of an API's endpoint.

    Raises:
        ServiceError: there is none or more than one (as recorded), there is no such type, or it is not emulated.
    """
    if not types:
        raise bad_request("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
    if len(types) > 1:
        raise bad_request("Cannot create an api with multiple Endpoint Types.")
    if types[0] not in _ENDPOINT_TYPES:
        raise enum_broken(f"[{types[0]}]", "endpointConfiguration.types", ", ".join(_ENDPOINT_TYPES))
    if types[0] != _EMULATED_TYPE:
        raise not_emulated(f"endpoints of type {types[0]}", "Use REGIONAL, or say nothing.")
    return types[0]


def api_key_source(source: str | None) -> str:
    """Return where an API's keys are.

    Raises:
        ServiceError: ValidationException: there is no such place.
    """
    if source not in (None, *_KEY_SOURCES):
        raise enum_broken(source, "apiKeySource", ", ".join(_KEY_SOURCES))
    return source or _KEY_SOURCES[0]


def _patched(api: RestApi, patch: Patch, scope: Scope) -> RestApi:
    match patch.path:
        case "/policy":
            text = patch.text()
            policy = None if text is None else policy_text(text, api_id=api.id, scope=scope)
            return replace(api, policy=policy)
        case "/apiKeySource":
            patch.only("replace")
            return replace(api, api_key_source=api_key_source(patch.text()))
        case "/name":
            patch.only("replace")
            if not patch.value:
                raise bad_request("Invalid value for /name: an API needs a name")
            return replace(api, name=patch.value)
        case "/description":
            return replace(api, description=patch.text())
        case "/version":
            return replace(api, version=patch.text())
        case path if path.startswith("/endpointConfiguration/types/"):
            patch.only("replace")
            return replace(api, endpoint_type=endpoint_type([patch.value or ""]))
        case "/endpointConfiguration/ipAddressType":
            patch.only("replace")
            return replace(api, ip_address_type=_ip_address_type(patch.value))
        case _ if media_type := patch.below("/binaryMediaTypes/"):
            return replace(api, binary_media_types=_media_types(api, patch, media_type))
        case _:
            _refuse(patch)
            return api


def _refuse(patch: Patch) -> None:
    """Let pass what asks for nothing; refuse what is not emulated, and what there is not."""
    match patch.path:
        case "/minimumCompressionSize":
            patch.only("replace")
            _refuse_compression(patch.text())
        case "/disableExecuteApiEndpoint":
            if patch.truth():
                raise not_emulated("disableExecuteApiEndpoint=true", "An API without its own endpoint is unreachable.")
        case "/endpointConfiguration/vpcEndpointIds":
            raise not_emulated("endpointConfiguration/vpcEndpointIds (private endpoints)", "Use REGIONAL.")
        case _:
            raise patch.unknown()


def _media_types(api: RestApi, patch: Patch, media_type: str) -> tuple[str, ...]:
    if patch.op == "replace":
        return tuple(patch.value or known if known == media_type else known for known in api.binary_media_types)
    kept = tuple(known for known in api.binary_media_types if known != media_type)
    return kept if patch.removes else (*kept, media_type)


def _ip_address_type(value: str | None) -> str:
    if value not in ("ipv4", "dualstack"):
        raise bad_request("ipAddressType must be either ipv4 or dualstack.")
    return value


def _refuse_compression(size: Any) -> None:
    if size is None:
        return
    try:
        allowed = 0 <= int(size) <= _LARGEST_COMPRESSION_SIZE
    except ValueError:
        allowed = False
    if not allowed:
        raise bad_request("Invalid minimum compression size, must be between 0 and 10485760")
    raise not_emulated(f"minimumCompressionSize={size}", "Leave it out: answers are not compressed.")
