"""GetFunction, GetFunctionConfiguration, ListFunctions and GetAccountSettings: they read and change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scope
from pytest_rollbacklab.localaws.lambdas.control.concurrency import ACCOUNT_CONCURRENCY, unreserved
from pytest_rollbacklab.localaws.lambdas.control.constraints import Violations
from pytest_rollbacklab.localaws.lambdas.control.function import Function
from pytest_rollbacklab.localaws.lambdas.control.names import FunctionName
from pytest_rollbacklab.localaws.lambdas.control.paging import page
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry, find_version

__all__ = ["FunctionReads"]

_TOTAL_CODE_SIZE_BYTES = 80530636800
_UNZIPPED_BYTES = 262144000
_ZIPPED_BYTES = 52428800
"""Lambda's quotas, as GetAccountSettings tells them in a fresh account."""


class FunctionReads:
    """The operations that tell what functions there are.

    Args:
        registry: The functions.
        endpoint: The local AWS's address, below which code can be downloaded.
    """

    def __init__(self, *, registry: Registry, endpoint: Callable[[], str]) -> None:
        self._registry = registry
        self._endpoint = endpoint
        self.operations: Mapping[str, Operation] = {
            "GetFunction": self.get,
            "GetFunctionConfiguration": self.get_configuration,
            "ListFunctions": self.list,
            "GetAccountSettings": self.account_settings,
        }

    def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a function with where its code is (GetFunction)."""
        function, qualifier = self._registry.named_by(call, params["FunctionName"], params.get("Qualifier"))
        version = find_version(function, qualifier)
        scope = call.scope
        place = f"{scope.account_id}/{scope.region}/{function.name}/{version.number}"
        answer: dict[str, Any] = {
            "Configuration": function.describe(version, qualifier=qualifier),
            "Code": {"RepositoryType": "S3", "Location": f"{self._endpoint()}/_aws/lambda/code/{place}"},
        }
        if function.tags:
            answer["Tags"] = dict(function.tags)
        if function.reserved_concurrency is not None:
            answer["Concurrency"] = {"ReservedConcurrentExecutions": function.reserved_concurrency}
        return answer

    def get_configuration(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a function's configuration (GetFunctionConfiguration)."""
        function, qualifier = self._registry.named_by(call, params["FunctionName"], params.get("Qualifier"))
        return function.describe(find_version(function, qualifier), qualifier=qualifier)

    def list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell every function, with FunctionVersion=ALL every version (ListFunctions)."""
        violations = Violations()
        violations.one_of("functionVersion", params.get("FunctionVersion"), ("ALL",))
        violations.check()
        functions, more = page(list(self._registry.all_of(call.scope)), params, key=lambda function: function.name)
        everything = params.get("FunctionVersion") == "ALL"
        described = [entry for function in functions for entry in _list_entries(function, everything=everything)]
        return {"Functions": described} | more

    def account_settings(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - has no members
        """Tell the account's limits and usage in this region (GetAccountSettings)."""
        functions = list(self._registry.all_of(call.scope))
        return {
            "AccountLimit": {
                "TotalCodeSize": _TOTAL_CODE_SIZE_BYTES,
                "CodeSizeUnzipped": _UNZIPPED_BYTES,
                "CodeSizeZipped": _ZIPPED_BYTES,
                "ConcurrentExecutions": ACCOUNT_CONCURRENCY,
                "UnreservedConcurrentExecutions": unreserved(functions),
            },
            "AccountUsage": {
                "TotalCodeSize": sum(len(version.code.zip) for function in functions for version in function.versions),
                "FunctionCount": len(functions),
            },
        }

    def code(self, scope: Scope, name: str, qualifier: str) -> bytes:
        """Return a version's zip: what GetFunction's Code.Location leads to.

        Raises:
            ServiceError: ``ResourceNotFoundException``.
        """
        function = self._registry.get(scope, FunctionName(name=name), told_as=qualifier)
        return find_version(function, qualifier).code.zip


def _list_entries(function: Function, *, everything: bool) -> list[dict[str, Any]]:
    """A function's entries in a list; as recorded (test_list_functions), without State and LastUpdateStatus."""
    versions = function.versions if everything else (function.latest,)
    entries = [function.describe(version, qualifier=version.number if everything else None) for version in versions]
    for entry in entries:
        del entry["State"], entry["LastUpdateStatus"]
    return entries
