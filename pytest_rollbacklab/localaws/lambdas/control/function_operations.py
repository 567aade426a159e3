"""CreateFunction, UpdateFunctionCode, UpdateFunctionConfiguration and DeleteFunction.

They change the registry and say, through ``superseded``, which versions may serve no request any more. Fetching code
is the only thing waited for; what is changed is looked up again afterwards, for it may be gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Call, Operation
from pytest_rollbacklab.localaws.lambdas.control.code import fetch_code
from pytest_rollbacklab.localaws.lambdas.control.configuration import CONFIGURATION_MEMBERS, Configuration
from pytest_rollbacklab.localaws.lambdas.control.constraints import ALIAS
from pytest_rollbacklab.localaws.lambdas.control.errors import (
    UNQUALIFIED_ONLY,
    conflict,
    invalid_parameter,
    revision_mismatch,
)
from pytest_rollbacklab.localaws.lambdas.control.function import Function, Version
from pytest_rollbacklab.localaws.lambdas.control.layers import LayerShelf, check_size
from pytest_rollbacklab.localaws.lambdas.control.lifecycle import Lifecycle
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST, new_function_name, parse_function_name
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry
from pytest_rollbacklab.localaws.lambdas.control.tags import check_tags

__all__ = ["FunctionOperations"]

_CREATE_MEMBERS = (*CONFIGURATION_MEMBERS, "FunctionName", "Code", "Layers", "Architectures", "Publish", "Tags")
_UPDATE_CODE_MEMBERS = (
    "FunctionName",
    "ZipFile",
    "S3Bucket",
    "S3Key",
    "S3ObjectVersion",
    "Publish",
    "DryRun",
    "RevisionId",
    "Architectures",
)
_CODE_MEMBERS = ("ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion")


class FunctionOperations:
    """The operations that make, change and remove functions.

    Args:
        registry: The functions.
        aws: Reaches S3 for code.
        layers: The layers that functions may name.
        superseded: Called with each version that is replaced or removed.
    """

    def __init__(
        self, *, registry: Registry, aws: Aws, layers: LayerShelf, superseded: Callable[[Version], None]
    ) -> None:
        self._registry = registry
        self._aws = aws
        self._layers = layers
        self._superseded = superseded
        self.operations: Mapping[str, Operation] = {
            "CreateFunction": self.create,
            "UpdateFunctionCode": self.update_code,
            "UpdateFunctionConfiguration": self.update_configuration,
            "DeleteFunction": self.delete,
        }

    async def create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Create a function (CreateFunction)."""
        name = new_function_name(call.scope, params["FunctionName"])
        refuse_others(params, supported=_CREATE_MEMBERS)
        configuration = self._with_layers(call, Configuration.of_request(name, params), params)
        tags = params.get("Tags") or {}
        check_tags(tags)
        if self._registry.has(call.scope, name):
            raise conflict(f"Function already exist: {name}")
        code = await fetch_code(self._aws, call.scope, params["Code"])
        check_size(code, configuration.layers)
        latest = Version(number=LATEST, code=code, configuration=configuration)
        function = Function(scope=call.scope, name=name, latest=latest, tags=tags)
        self._registry.add(function)
        # As recorded (lambda-qualifier): the answer is the published version's, under the function's own ARN.
        return function.describe(_beginning(function.publish() if params.get("Publish") else latest))

    async def update_code(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Replace ``$LATEST``'s code (UpdateFunctionCode); with DryRun, only judge it."""
        refuse_others(params, supported=_UPDATE_CODE_MEMBERS)
        self._to_update(call, params)
        code = await fetch_code(
            self._aws,
            call.scope,
            {member: params[member] for member in _CODE_MEMBERS if params.get(member) is not None},
        )
        function = self._to_update(call, params)
        configuration = function.latest.configuration.with_architecture(params.get("Architectures"))
        check_size(code, configuration.layers)
        latest = function.latest.rebuilt(code=code, configuration=configuration)
        if params.get("DryRun"):
            return function.describe(latest)
        self._replace_latest(function, latest)
        if not params.get("Publish"):
            return function.describe(_updating(latest))
        version = function.publish()
        return function.describe(_updating(version), qualifier=version.number)

    def update_configuration(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Change ``$LATEST``'s configuration (UpdateFunctionConfiguration)."""
        refuse_others(params, supported=(*CONFIGURATION_MEMBERS, "FunctionName", "Layers", "RevisionId"))
        function = self._to_update(call, params)
        configuration = self._with_layers(call, function.latest.configuration.updated(params), params)
        check_size(function.latest.code, configuration.layers)
        self._replace_latest(function, function.latest.rebuilt(configuration=configuration))
        return function.describe(_updating(function.latest))

    def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Remove a function, or one of its versions (DeleteFunction)."""
        name = parse_function_name(call.scope, params["FunctionName"], params.get("Qualifier"), action=call.operation)
        if name.qualifier == LATEST:
            raise invalid_parameter("$LATEST version cannot be deleted without deleting the function.")
        if name.qualifier and re.fullmatch(ALIAS, name.qualifier):
            raise invalid_parameter("Deletion of aliases is not currently supported.")
        function = self._registry.get(call.scope, name)
        if name.qualifier:
            self._delete_version(function, name.qualifier)
            return {}
        self._registry.remove(function)
        for version in function.versions:
            self._superseded(version)
        return {}

    def _delete_version(self, function: Function, number: str) -> None:
        """Remove a version. One that was never there is removed already, as on AWS."""
        pointing = [
            alias.name
            for alias in function.aliases.values()
            if number == alias.function_version or number in alias.additional_weights
        ]
        if pointing:
            raise conflict(
                f"Unable to delete version because the following aliases reference it: [{', '.join(pointing)}]"
            )
        version = function.published.get(number)
        if version is not None:
            function.published = {known: other for known, other in function.published.items() if known != number}
            function.policies = {known: policy for known, policy in function.policies.items() if known != number}
            self._superseded(version)

    def _to_update(self, call: Call, params: Mapping[str, Any]) -> Function:
        """Find the function that a request changes, and check that it knows the function's present state."""
        function, qualifier = self._registry.named_by(call, params["FunctionName"])
        if qualifier not in (None, LATEST):
            raise invalid_parameter(UNQUALIFIED_ONLY)
        if params.get("RevisionId") and params["RevisionId"] != function.latest.revision_id:
            raise revision_mismatch("GetFunction/GetAlias")
        return function

    def _with_layers(self, call: Call, configuration: Configuration, params: Mapping[str, Any]) -> Configuration:
        if params.get("Layers") is None:
            return configuration
        return replace(configuration, layers=self._layers.uses(call.scope, params["Layers"]))

    def _replace_latest(self, function: Function, latest: Version) -> None:
        old, function.latest = function.latest, latest
        self._superseded(old)


def _beginning(version: Version) -> Version:
    """Return a version as the answer to its creation tells it."""
    return replace(version, lifecycle=Lifecycle())


def _updating(version: Version) -> Version:
    """Return a version as the answer to its update tells it."""
    return replace(version, lifecycle=version.lifecycle.updated("InProgress"))
