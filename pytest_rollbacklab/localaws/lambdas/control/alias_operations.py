"""CreateAlias, GetAlias, UpdateAlias, DeleteAlias and ListAliases.

What a routing configuration may be, and in which words it is refused, is as recorded
(test_notfound_and_invalid_routingconfigs, test_alias_naming). Obeying the weights is ``routing``'s work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.lambdas.control.constraints import ALIAS, VERSION, Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import (
    conflict,
    function_not_found,
    invalid_parameter,
    not_found,
    revision_mismatch,
)
from pytest_rollbacklab.localaws.lambdas.control.function import Alias, Function, new_revision
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST, parse_function_name
from pytest_rollbacklab.localaws.lambdas.control.paging import page
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry, find_alias

__all__ = ["AliasOperations"]


class AliasOperations:
    """The operations on aliases.

    Args:
        registry: The functions.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "CreateAlias": self.create,
            "GetAlias": self.get,
            "UpdateAlias": self.update,
            "DeleteAlias": self.delete,
            "ListAliases": self.list,
        }

    def create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Give a version a name (CreateAlias)."""
        weights = _weights(params)
        _check(params, weights)
        name = parse_function_name(call.scope, params["FunctionName"], action=call.operation)
        function = self._registry.get(call.scope, name, told_as=params["FunctionVersion"])
        alias = Alias(
            name=params["Name"],
            function_version=params["FunctionVersion"],
            description=params.get("Description") or "",
            additional_weights=weights,
        )
        _check_routing(function, alias)
        if alias.name in function.aliases:
            raise conflict(f"Alias already exists: {function.arn(alias.name)}")
        function.aliases = {**function.aliases, alias.name: alias}
        return _describe(function, alias)

    def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell an alias (GetAlias)."""
        function, _ = self._registry.named_by(call, params["FunctionName"])
        return _describe(function, find_alias(function, params["Name"]))

    def update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Point an alias elsewhere (UpdateAlias); what is not given stays."""
        _check(params, _weights(params))
        function, _ = self._registry.named_by(call, params["FunctionName"])
        old = function.aliases.get(params["Name"])
        if old is None:
            raise not_found(f"Alias not found: {function.arn(params['Name'])}")
        if params.get("RevisionId") and params["RevisionId"] != old.revision_id:
            raise revision_mismatch("GetFunction/GetAlias")
        alias = replace(old, revision_id=new_revision())
        if params.get("FunctionVersion"):
            alias = replace(alias, function_version=params["FunctionVersion"])
        if params.get("Description") is not None:
            alias = replace(alias, description=params["Description"])
        if params.get("RoutingConfig") is not None:
            alias = replace(alias, additional_weights=_weights(params))
        _check_routing(function, alias)
        function.aliases = {**function.aliases, alias.name: alias}
        return _describe(function, alias)

    def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Remove an alias with its permissions (DeleteAlias); one that is not there is removed already."""
        function, _ = self._registry.named_by(call, params["FunctionName"])
        name = params["Name"]
        if name in function.aliases:
            function.aliases = {known: alias for known, alias in function.aliases.items() if known != name}
            function.policies = {known: policy for known, policy in function.policies.items() if known != name}
        return {}

    def list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a function's aliases, or those of one version (ListAliases)."""
        function, _ = self._registry.named_by(call, params["FunctionName"])
        wanted = params.get("FunctionVersion")
        aliases = [
            alias
            for _, alias in sorted(function.aliases.items())
            if wanted is None or wanted == alias.function_version or wanted in alias.additional_weights
        ]
        piece, more = page(aliases, params, key=lambda alias: alias.name)
        return {"Aliases": [_describe(function, alias) for alias in piece]} | more


def _weights(params: Mapping[str, Any]) -> dict[str, float]:
    return dict((params.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {})


def _check(params: Mapping[str, Any], weights: Mapping[str, float]) -> None:
    """Check what needs no function to be looked at."""
    violations = Violations()
    violations.pattern("name", params.get("Name"), ALIAS)
    violations.pattern("functionVersion", params.get("FunctionVersion"), VERSION)
    shown = "{" + ", ".join(f"{version}={float(weight)}" for version, weight in weights.items()) + "}"
    where = "routingConfig.additionalVersionWeights"
    if not all(re.fullmatch(r"[0-9]+", version) for version in weights):
        limits = (
            "Member must have length less than or equal to 1024, Member must have length greater than or equal to 1"
        )
        pattern = "Member must satisfy regular expression pattern: [0-9]+"
        violations.add(where, shown, f"Map keys must satisfy constraint: [{limits}, {pattern}]")
    if not all(0 <= weight <= 1 for weight in weights.values()):
        limits = "Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0"
        violations.add(where, shown, f"Map value must satisfy constraint: [{limits}, Member must not be null]")
    violations.check()
    if len(weights) > 1:
        raise invalid_parameter("Number of items in AdditionalVersionWeights cannot be greater than 1")


def _check_routing(function: Function, alias: Alias) -> None:
    """Check where an alias leads."""
    if alias.additional_weights and alias.function_version == LATEST:
        raise invalid_parameter("$LATEST is not supported for an alias pointing to more than 1 version")
    if alias.function_version in alias.additional_weights:
        version = alias.function_version
        raise invalid_parameter(
            f"Invalid function version {version}. "
            f"Function version {version} is already included in routing configuration."
        )
    for version in (alias.function_version, *alias.additional_weights):
        if function.version(version) is None:
            raise function_not_found(function.arn(version))


def _describe(function: Function, alias: Alias) -> dict[str, Any]:
    description: dict[str, Any] = {
        "AliasArn": function.arn(alias.name),
        "Description": alias.description,
        "FunctionVersion": alias.function_version,
        "Name": alias.name,
        "RevisionId": alias.revision_id,
    }
    if alias.additional_weights:
        description["RoutingConfig"] = {"AdditionalVersionWeights": dict(alias.additional_weights)}
    return description
