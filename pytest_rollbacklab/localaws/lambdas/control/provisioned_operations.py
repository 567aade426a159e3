"""PutProvisionedConcurrencyConfig and its family: how many environments a version or an alias shall have ready.

What is asked for is kept with the function; making environments ready, and how far that has come, is ``provisions``'
work. Texts are Lambda's. Each environment is a process of this machine, so there is a limit of its own, named as such.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Call, Operation, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.concurrency import LEAST_UNRESERVED, unreserved
from pytest_rollbacklab.localaws.lambdas.control.constraints import Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import function_not_found, invalid_parameter
from pytest_rollbacklab.localaws.lambdas.control.function import Function, Provisioned
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST
from pytest_rollbacklab.localaws.lambdas.control.paging import page
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry, find_alias

__all__ = ["Progress", "ProvisionedOperations"]

_MOST: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far the environments of a version or an alias are."""

    ready: int
    idle: int
    failed: bool


class ProvisionedOperations:
    """The operations on provisioned concurrency.

    Args:
        registry: The functions.
        progress: Says how far a function's qualifier is.
    """

    def __init__(self, *, registry: Registry, progress: Callable[[Function, str], Progress]) -> None:
        self._registry = registry
        self._progress = progress
        self.operations: Mapping[str, Operation] = {
            "PutProvisionedConcurrencyConfig": self.put,
            "GetProvisionedConcurrencyConfig": self.get,
            "DeleteProvisionedConcurrencyConfig": self.delete,
            "ListProvisionedConcurrencyConfigs": self.list,
        }

    def put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Have environments made ready (PutProvisionedConcurrencyConfig)."""
        wanted: int = params["ProvisionedConcurrentExecutions"]
        violations = Violations()
        if wanted < 1:
            violations.add(
                "provisionedConcurrentExecutions", wanted, "Member must have value greater than or equal to 1"
            )
        violations.check()
        function, qualifier = self._addressed(call, params)
        _check_room(function, qualifier, wanted, others=unreserved(self._registry.all_of(call.scope)))
        provisioned = Provisioned(wanted=wanted, modified=datetime.now(UTC))
        function.provisioned = {**function.provisioned, qualifier: provisioned}
        return _describe(provisioned, Progress(ready=0, idle=0, failed=False))

    def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell how far they are (GetProvisionedConcurrencyConfig)."""
        function, qualifier = self._addressed(call, params)
        provisioned = function.provisioned.get(qualifier)
        if provisioned is None:
            raise ServiceError(
                "ProvisionedConcurrencyConfigNotFoundException",
                "No Provisioned Concurrency Config found for this function",
                404,
                Type="User",
            )
        return _describe(provisioned, self._progress(function, qualifier))

    def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Have no environments ready (DeleteProvisionedConcurrencyConfig)."""
        function, qualifier = self._addressed(call, params)
        if qualifier in function.provisioned:
            function.provisioned = {name: kept for name, kept in function.provisioned.items() if name != qualifier}
        return {}

    def list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell all of a function's (ListProvisionedConcurrencyConfigs)."""
        function, _ = self._registry.named_by(call, params["FunctionName"])
        piece, more = page(sorted(function.provisioned.items()), params, key=lambda entry: entry[0])
        described = [
            _describe(provisioned, self._progress(function, qualifier)) | {"FunctionArn": function.arn(qualifier)}
            for qualifier, provisioned in piece
        ]
        return {"ProvisionedConcurrencyConfigs": described} | more

    def _addressed(self, call: Call, params: Mapping[str, Any]) -> tuple[Function, str]:
        function, qualifier = self._registry.named_by(call, params["FunctionName"], params["Qualifier"])
        assert qualifier is not None
        if qualifier == LATEST:
            raise invalid_parameter(
                "Provisioned Concurrency Configs cannot be applied to unpublished function versions."
            )
        if not qualifier.isdigit():
            find_alias(function, qualifier)
        elif function.version(qualifier) is None:
            raise function_not_found(function.arn(qualifier))
        return function, qualifier


def _check_room(function: Function, qualifier: str, wanted: int, *, others: int) -> None:
    alias = function.aliases.get(qualifier)
    if alias is not None and alias.function_version in function.provisioned:
        raise invalid_parameter(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
        )
    if any(
        name in function.aliases and function.aliases[name].function_version == qualifier
        for name in function.provisioned
    ):
        raise invalid_parameter("Version is pointed by a Provisioned Concurrency alias")
    if alias is not None and alias.additional_weights:
        raise invalid_parameter(
            f"Provisioned concurrency for {qualifier}, an alias of two versions, is not emulated by this local AWS. "
            "Provision its versions."
        )
    rest = sum(other.wanted for name, other in function.provisioned.items() if name != qualifier)
    if function.reserved_concurrency is not None:
        if wanted + rest > function.reserved_concurrency:
            raise invalid_parameter(
                "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution "
                "for function"
            )
    elif wanted + rest > others - LEAST_UNRESERVED:
        raise invalid_parameter(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency "
            f"[{others - LEAST_UNRESERVED}]."
        )
    if wanted + rest > _MOST:
        raise invalid_parameter(
            f"More than {_MOST} provisioned environments of a function are not emulated by this local AWS: "
            "each is a process of this machine."
        )


def _describe(provisioned: Provisioned, progress: Progress) -> dict[str, Any]:
    modified = provisioned.modified
    status = "FAILED" if progress.failed else "READY" if progress.ready >= provisioned.wanted else "IN_PROGRESS"
    described: dict[str, Any] = {
        "RequestedProvisionedConcurrentExecutions": provisioned.wanted,
        "AvailableProvisionedConcurrentExecutions": progress.idle,
        "AllocatedProvisionedConcurrentExecutions": progress.ready,
        "Status": status,
        "LastModified": f"{modified:%Y-%m-%dT%H:%M:%S}+0000",
    }
    if progress.failed:
        described["StatusReason"] = "FUNCTION_ERROR_INIT_FAILURE"
    return described
