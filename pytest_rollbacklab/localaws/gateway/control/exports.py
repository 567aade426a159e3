"""GetExport: what is on a stage, as a definition in JSON or YAML ("Export a REST API from API Gateway")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import yaml

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.definitions.exporting import Export, export_api
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated
from pytest_rollbacklab.localaws.gateway.registry import Registry

__all__ = ["ExportOperations"]

_TYPES: Final = ("oas30", "swagger")
_JSON: Final = "application/json"
_ACCEPTED: Final = (_JSON, "application/yaml", "application/x-yaml")
_EXTENSIONS: Final = ("integrations", "authorizers", "apigateway")
_NO_PARAMETERS: Final = ("accepts", "exporttype")


class ExportOperations:
    """GetExport.

    Args:
        registry: The APIs.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {"GetExport": self._export}

    def _export(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        record = self._registry.record(call.scope, params["restApiId"])
        record.stage(params["stageName"])
        live = record.live[params["stageName"]]
        if params["exportType"] not in _TYPES:
            raise bad_request(f"Invalid export type {params['exportType']!r}: it must be one of {', '.join(_TYPES)}")
        accepted = params.get("accepts") or _JSON
        if accepted not in _ACCEPTED:
            raise bad_request(f"Invalid media type {accepted!r}: it must be one of {', '.join(_ACCEPTED)}")
        export = _wanted(params, swagger=params["exportType"] == "swagger")
        document = export_api(live.deployment.api, export, host=live.domain_name, stage=live.stage.name)
        if accepted == _JSON:
            body = json.dumps(document, indent=2).encode()
        else:
            body = yaml.safe_dump(document, sort_keys=False).encode()
        created = f"{live.deployment.created_at:%Y-%m-%dT%H:%M:%SZ}"
        extension = "json" if accepted == _JSON else "yaml"
        name = f"{params['exportType']}_{created}.{extension}"
        return {"contentType": accepted, "contentDisposition": f'attachment; filename="{name}"', "body": body}


def _wanted(params: Mapping[str, Any], *, swagger: bool) -> Export:
    given = {name: value for name, value in (params.get("parameters") or {}).items() if name not in _NO_PARAMETERS}
    extensions = [one.strip() for one in str(given.pop("extensions", "")).split(",") if one.strip()]
    if given:
        name, value = next(iter(given.items()))
        raise not_emulated(f"the parameter {name}={value} of GetExport", "Ask for extensions, or nothing.")
    for extension in extensions:
        if extension not in _EXTENSIONS:
            raise not_emulated(f"extensions={extension} of GetExport", f"Ask for {', '.join(_EXTENSIONS)}.")
    everything = "apigateway" in extensions
    return Export(
        swagger=swagger,
        integrations=everything or "integrations" in extensions,
        authorizers=everything or "authorizers" in extensions,
        everything=everything,
    )
