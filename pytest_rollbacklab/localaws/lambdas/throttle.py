"""How many invocations run at once, and the refusal of one too many.

A function with a reservation runs up to that many at once and no more; the others share what is left of the account's
(Lambda's developer guide, "Understanding Lambda function scaling"). What reservations there are is
``control.concurrency``'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pytest_rollbacklab.localaws.api import Scoped
from pytest_rollbacklab.localaws.lambdas.control.concurrency import unreserved
from pytest_rollbacklab.localaws.lambdas.control.errors import too_many_requests
from pytest_rollbacklab.localaws.lambdas.control.function import Function
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry

__all__ = ["Throttle"]


class Throttle:
    """Counts what runs.

    Args:
        registry: The functions, for their reservations.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self._running: Scoped[dict[Function, int]] = Scoped(lambda _: {})

    @contextmanager
    def one_more(self, function: Function) -> Iterator[int]:
        """Let one more invocation run, for as long as the context lasts.

        Yields:
            How many of the function run now, this one included.

        Raises:
            ServiceError: ``TooManyRequestsException``, as recorded: lambda-throttled-reserved-0.
        """
        running = self._running.of(function.scope)
        self._check(function, running)
        running[function] = running.get(function, 0) + 1
        try:
            yield running[function]
        finally:
            running[function] -= 1
            if not running[function]:
                del running[function]

    @contextmanager
    def provisioned(self, function: Function) -> Iterator[int]:
        """Let an invocation run in an environment that was provisioned: what there is of these is their only limit.

        Yields:
            How many of the function run on demand, and this one.
        """
        yield self._running.of(function.scope).get(function, 0) + 1

    def _check(self, function: Function, running: dict[Function, int]) -> None:
        if function.reserved_concurrency is not None:
            if running.get(function, 0) >= function.reserved_concurrency - _provisioned(function):
                raise too_many_requests("ReservedFunctionConcurrentInvocationLimitExceeded")
            return
        shared = sum(count for other, count in running.items() if other.reserved_concurrency is None)
        functions = list(self._registry.all_of(function.scope))
        provisioned = sum(_provisioned(other) for other in functions if other.reserved_concurrency is None)
        if shared >= unreserved(functions) - provisioned:
            raise too_many_requests("ConcurrentInvocationLimitExceeded")


def _provisioned(function: Function) -> int:
    """How much of a function's concurrency is set aside for its provisioned environments."""
    return sum(provisioned.wanted for provisioned in function.provisioned.values())
