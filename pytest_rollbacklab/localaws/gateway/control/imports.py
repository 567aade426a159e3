"""ImportRestApi and PutRestApi: APIs from definitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scope
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.control.rest_apis import endpoint_type, new_api
from pytest_rollbacklab.localaws.gateway.control.shapes import rest_api_shape
from pytest_rollbacklab.localaws.gateway.definitions.document import Document, read_document
from pytest_rollbacklab.localaws.gateway.definitions.importing import import_definition
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, refuse_others
from pytest_rollbacklab.localaws.gateway.registry import ApiRecord, Registry

__all__ = ["ImportOperations"]

_PARAMETERS = ("endpointConfigurationTypes", "basepath", "ignore")
_NO_PARAMETERS = ("mode", "failonwarnings")
"""The rest of the query string: AWS's model takes all of it for the import's parameters."""
_MODES = ("merge", "overwrite")


class ImportOperations:
    """ImportRestApi, PutRestApi. Nothing is only warned of, so ``failOnWarnings`` makes no difference.

    Args:
        registry: The APIs.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, registry: Registry, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._clock = clock
        self.operations: Mapping[str, Operation] = {"ImportRestApi": self._import, "PutRestApi": self._put}

    def _import(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        document = read_document(params["body"])
        if not document.title:
            raise bad_request("Errors found during import:\n\tThe definition's info has no title to name the API by")
        api = new_api(document.title, created_at=datetime.fromtimestamp(int(self._clock()), UTC))
        api = _imported(api, document, params, scope=call.scope, overwrite=True)
        self._registry.add(ApiRecord(scope=call.scope, api=api))
        return rest_api_shape(api, with_tags=False)

    def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._registry.record(call.scope, params["restApiId"])
        mode = params.get("mode") or "merge"
        if mode not in _MODES:
            raise bad_request(f"Invalid mode {mode!r}: it must be one of {', '.join(_MODES)}")
        overwrite = mode == "overwrite"
        document = read_document(params["body"])
        record.api = _imported(record.api, document, params, scope=call.scope, overwrite=overwrite)
        return rest_api_shape(record.api)


def _imported(api: RestApi, document: Document, params: Mapping[str, Any], *, scope: Scope, overwrite: bool) -> RestApi:
    given = params.get("parameters") or {}
    parameters = {name: value for name, value in given.items() if name not in _NO_PARAMETERS}
    refuse_others("the import's parameters", parameters, _PARAMETERS)
    base_path = parameters.get("basepath") or "ignore"
    try:
        api = import_definition(api, document, scope=scope, overwrite=overwrite, base_path=base_path)
    except (AttributeError, KeyError, TypeError) as error:
        # A document may be malformed in more ways than anyone can ask after.
        raise bad_request(f"Invalid OpenAPI input. A part of it is not what it should be: {error!r}") from error
    types = parameters.get("endpointConfigurationTypes")
    return replace(api, endpoint_type=endpoint_type([types])) if types else api
