"""CreateFunctionUrlConfig and its family: a function's, or an alias's, own address.

Addresses have the local AWS's form, ``ENDPOINT/_aws/lambda-url/ID/``, which every client reaches; requests to the host
name that AWS would give (``ID.lambda-url.REGION.on.aws``) are answered, too. Answering is ``urls``' work.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.lambdas.control.constraints import Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import conflict, invalid_parameter, not_found
from pytest_rollbacklab.localaws.lambdas.control.function import Function, UrlConfig
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST, parse_function_name
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others
from pytest_rollbacklab.localaws.lambdas.control.paging import page
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry, find_alias

__all__ = ["URL_ROOT", "UrlOperations", "find_url", "url_id"]

URL_ROOT: Final = "/_aws/lambda-url"
_QUALIFIER: Final = r"(^\$LATEST$)|((?!^[0-9]+$)([a-zA-Z0-9-_]+))"
_MEMBERS: Final = ("FunctionName", "Qualifier", "AuthType", "Cors", "InvokeMode")
_CORS: Final = ("AllowCredentials", "AllowHeaders", "AllowMethods", "AllowOrigins", "ExposeHeaders", "MaxAge")
_NO_SUCH: Final = "The resource you requested does not exist."


class UrlOperations:
    """The operations on function URLs.

    Args:
        registry: The functions.
        endpoint: The local AWS's address.
    """

    def __init__(self, *, registry: Registry, endpoint: Callable[[], str]) -> None:
        self._registry = registry
        self._endpoint = endpoint
        self.operations: Mapping[str, Operation] = {
            "CreateFunctionUrlConfig": self.create,
            "GetFunctionUrlConfig": self.get,
            "UpdateFunctionUrlConfig": self.update,
            "DeleteFunctionUrlConfig": self.delete,
            "ListFunctionUrlConfigs": self.list,
        }

    def create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Give a function an address (CreateFunctionUrlConfig)."""
        function, qualifier = self._addressed(call, params)
        if qualifier in function.urls:
            arn = function.arn(None if qualifier == LATEST else qualifier)
            raise conflict(
                f"Failed to create function url config for [functionArn = {arn}]. "
                "Error message:  FunctionUrlConfig exists for this Lambda function"
            )
        config = _changed(UrlConfig(auth_type=params["AuthType"]), params)
        function.urls = {**function.urls, qualifier: config}
        described = self._describe(function, qualifier, config)
        del described["LastModifiedTime"]
        return described

    def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell an address (GetFunctionUrlConfig)."""
        function, qualifier = self._addressed(call, params)
        return self._describe(function, qualifier, _found(function, qualifier))

    def update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Change what is given (UpdateFunctionUrlConfig)."""
        function, qualifier = self._addressed(call, params)
        config = _changed(_found(function, qualifier), params)
        function.urls = {**function.urls, qualifier: config}
        return self._describe(function, qualifier, config)

    def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Take an address back (DeleteFunctionUrlConfig)."""
        function, qualifier = self._addressed(call, params)
        _found(function, qualifier)
        function.urls = {name: config for name, config in function.urls.items() if name != qualifier}
        return {}

    def list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a function's addresses (ListFunctionUrlConfigs)."""
        function, _ = self._registry.named_by(call, params["FunctionName"])
        piece, more = page(sorted(function.urls.items()), params, key=lambda entry: entry[0])
        return {"FunctionUrlConfigs": [self._describe(function, *entry) for entry in piece]} | more

    def _addressed(self, call: Call, params: Mapping[str, Any]) -> tuple[Function, str]:
        refuse_others(params, supported=_MEMBERS)
        violations = Violations()
        violations.pattern("qualifier", params.get("Qualifier"), _QUALIFIER)
        violations.one_of("authType", params.get("AuthType"), ("NONE", "AWS_IAM"))
        violations.check()
        if params.get("InvokeMode") == "RESPONSE_STREAM":
            raise invalid_parameter("InvokeMode=RESPONSE_STREAM is not emulated by this local AWS. Use BUFFERED.")
        name = parse_function_name(call.scope, params["FunctionName"], params.get("Qualifier"), action=call.operation)
        function = self._registry.find(call.scope, name.name)
        if function is None:
            raise not_found("Function does not exist")
        if name.qualifier not in (None, LATEST):
            find_alias(function, name.qualifier or "")
        return function, name.qualifier or LATEST

    def _describe(self, function: Function, qualifier: str, config: UrlConfig) -> dict[str, Any]:
        described: dict[str, Any] = {
            "FunctionUrl": f"{self._endpoint()}{URL_ROOT}/{url_id(function, qualifier)}/",
            "FunctionArn": function.arn(None if qualifier == LATEST else qualifier),
            "AuthType": config.auth_type,
            "CreationTime": _time(config.created),
            "LastModifiedTime": _time(config.modified),
            "InvokeMode": "BUFFERED",
        }
        if config.cors:
            described["Cors"] = dict(config.cors)
        return described


def url_id(function: Function, qualifier: str) -> str:
    """Return the id of an address: made from what it leads to, so it is the same after every start."""
    return hashlib.sha256(function.arn(qualifier).encode()).hexdigest()[:32]


def find_url(registry: Registry, wanted: str) -> tuple[Function, str, UrlConfig] | None:
    """Find what an address leads to, by its id."""
    for function in registry.everything():
        for qualifier, config in function.urls.items():
            if url_id(function, qualifier) == wanted:
                return function, qualifier, config
    return None


def _found(function: Function, qualifier: str) -> UrlConfig:
    config = function.urls.get(qualifier)
    if config is None:
        raise not_found(_NO_SUCH)
    return config


def _changed(config: UrlConfig, params: Mapping[str, Any]) -> UrlConfig:
    changes: dict[str, Any] = {"modified": datetime.now(UTC)}
    if params.get("AuthType"):
        changes["auth_type"] = params["AuthType"]
    if params.get("Cors") is not None:
        refuse_others(params["Cors"], supported=_CORS, prefix="Cors.")
        violations = Violations()
        violations.between("cors.maxAge", params["Cors"].get("MaxAge"), 0, 86400)
        violations.check()
        changes["cors"] = dict(params["Cors"])
    return replace(config, **changes)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"
