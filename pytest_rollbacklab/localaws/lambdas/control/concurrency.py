"""PutFunctionConcurrency, GetFunctionConcurrency and DeleteFunctionConcurrency, and what is left for the rest.

An account has 1,000 concurrent executions in a region, of which 100 always stay unreserved (Lambda's developer guide,
"Configuring reserved concurrency"). Counting what runs, and refusing what is too much, is ``throttle``'s work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.lambdas.control.errors import UNQUALIFIED_ONLY, invalid_parameter
from pytest_rollbacklab.localaws.lambdas.control.function import Function
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry

__all__ = ["ACCOUNT_CONCURRENCY", "LEAST_UNRESERVED", "ConcurrencyOperations", "unreserved"]

ACCOUNT_CONCURRENCY = 1000
LEAST_UNRESERVED = 100


def unreserved(functions: Iterable[Function]) -> int:
    """Return how many executions the functions without a reservation share."""
    return ACCOUNT_CONCURRENCY - sum(function.reserved_concurrency or 0 for function in functions)


class ConcurrencyOperations:
    """The operations on reserved concurrency.

    Args:
        registry: The functions.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "PutFunctionConcurrency": self.put,
            "GetFunctionConcurrency": self.get,
            "DeleteFunctionConcurrency": self.delete,
        }

    def put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Reserve executions for a function, and limit it to them (PutFunctionConcurrency)."""
        function = self._function(call, params, told_as=LATEST)
        reserved: int = params["ReservedConcurrentExecutions"]
        if reserved < 0:
            raise invalid_parameter("ReservedConcurrentExecutions must be 0 or more.")
        others = (other for other in self._registry.all_of(call.scope) if other is not function)
        if unreserved(others) - reserved < LEAST_UNRESERVED:
            raise invalid_parameter(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{LEAST_UNRESERVED}]."
            )
        function.reserved_concurrency = reserved
        return {"ReservedConcurrentExecutions": reserved}

    def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a function's reservation; nothing when it has none (GetFunctionConcurrency)."""
        reserved = self._function(call, params).reserved_concurrency
        return {} if reserved is None else {"ReservedConcurrentExecutions": reserved}

    def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Take a function's reservation back (DeleteFunctionConcurrency)."""
        self._function(call, params).reserved_concurrency = None
        return {}

    def _function(self, call: Call, params: Mapping[str, Any], told_as: str | None = None) -> Function:
        return self._registry.unqualified(call, params["FunctionName"], refusal=UNQUALIFIED_ONLY, told_as=told_as)
