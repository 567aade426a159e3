"""From what a request names to the version that runs: versions directly, aliases by their weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas.control.errors import function_not_found
from pytest_rollbacklab.localaws.lambdas.control.function import Alias, Function, Version
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST, FunctionName, parse_function_name
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry

__all__ = ["Route", "route"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Where one invocation goes."""

    function: Function
    qualifier: str | None
    """As the request has it."""
    version: Version
    through_alias: bool

    @property
    def invoked_arn(self) -> str:
        """What the function is told that it was invoked by (as recorded: lambda-qualifier, lambda-alias-moving)."""
        return self.function.arn(self.qualifier)


def route(
    registry: Registry, scope: Scope, function: str, qualifier: str | None, *, draw: Callable[[], float]
) -> Route:
    """Find the version that a request runs.

    Args:
        registry: The functions.
        scope: Where the request was made.
        function: The function's name in any form.
        qualifier: The request's qualifier.
        draw: Draws a number from 0 up to 1, for an alias of two versions.

    Raises:
        ServiceError: the name is none or leads nowhere (as recorded: lambda-not-found).
    """
    name: FunctionName = parse_function_name(scope, function, qualifier)
    found = registry.get(scope, name, told_as=name.qualifier or LATEST)
    alias = found.aliases.get(name.qualifier or "")
    version = found.version(_drawn(alias, draw) if alias else name.qualifier or LATEST)
    if version is None:
        raise function_not_found(found.arn(name.qualifier))
    return Route(function=found, qualifier=name.qualifier, version=version, through_alias=alias is not None)


def _drawn(alias: Alias, draw: Callable[[], float]) -> str:
    """Draw a version: each additional one by its weight, the alias's own with the rest."""
    drawn = draw()
    for version, weight in alias.additional_weights.items():
        if drawn < weight:
            return version
        drawn -= weight
    return alias.function_version
