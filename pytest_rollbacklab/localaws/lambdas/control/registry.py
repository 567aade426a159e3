"""The functions of an account in a region, found by any name that a request gives them.

What a missing function, version or alias is answered with differs from operation to operation (as recorded); the ways
of finding here are those differences. Functions are added and removed, and nothing else happens to them here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_rollbacklab.localaws.api import Call, Scope, Scoped
from pytest_rollbacklab.localaws.lambdas.control.errors import (
    conflict,
    function_not_found,
    invalid_parameter,
    not_found,
)
from pytest_rollbacklab.localaws.lambdas.control.function import Alias, Function, Version
from pytest_rollbacklab.localaws.lambdas.control.names import FunctionName, function_arn, parse_function_name

__all__ = ["Registry", "find_alias", "find_version"]


class Registry:
    """Every function of the cloud, each in its scope.

    Args:
        told: Told each function that is added, changed or removed.
    """

    def __init__(self, told: Callable[[Function], None] | None = None) -> None:
        self._told = told
        self._functions: Scoped[dict[str, Function]] = Scoped(lambda _: {})

    def add(self, function: Function) -> None:
        """Add a function.

        Raises:
            ServiceError: there is one of its name.
        """
        functions = self._functions.of(function.scope)
        if function.name in functions:
            raise conflict(f"Function already exist: {function.name}")
        self.put_back(function)
        if self._told is not None:
            self._told(function)

    def put_back(self, function: Function) -> None:
        """Add a function that was here before; nobody is told."""
        self._functions.of(function.scope)[function.name] = function
        object.__setattr__(function, "told", self._told)

    def find(self, scope: Scope, name: str) -> Function | None:
        return self._functions.of(scope).get(name)

    def remove(self, function: Function) -> None:
        """Remove a function; another of its name, made meanwhile, stays."""
        functions = self._functions.of(function.scope)
        if functions.get(function.name) is function:
            del functions[function.name]
            object.__setattr__(function, "told", None)
            if self._told is not None:
                self._told(function)

    def all_of(self, scope: Scope) -> Iterator[Function]:
        """Every function of a scope, by name."""
        functions = self._functions.of(scope)
        return (functions[name] for name in sorted(functions))

    def everything(self) -> Iterator[Function]:
        """Every function of every scope."""
        return (function for _, functions in self._functions.items() for function in list(functions.values()))

    def has(self, scope: Scope, name: str) -> bool:
        return name in self._functions.of(scope)

    def get(self, scope: Scope, name: FunctionName, *, told_as: str | None = None) -> Function:
        """Find a function.

        Args:
            scope: Where.
            name: Its name; the qualifier is not looked at.
            told_as: The qualifier in the ARN that the error names.

        Raises:
            ServiceError: there is none.
        """
        function = self._functions.of(scope).get(name.name)
        if function is None:
            raise function_not_found(function_arn(scope, name.name, told_as))
        return function

    def named_by(self, call: Call, function: str, qualifier: str | None = None) -> tuple[Function, str | None]:
        """Find the function that a request names, with its qualifier, which may lead nowhere.

        Raises:
            ServiceError: the name is none, or there is no such function.
        """
        name = parse_function_name(call.scope, function, qualifier, action=call.operation)
        return self.get(call.scope, name, told_as=name.qualifier), name.qualifier

    def unqualified(self, call: Call, function: str, *, refusal: str, told_as: str | None = None) -> Function:
        """Find the function that a request names by itself.

        Raises:
            ServiceError: the name is none, has a qualifier (``refusal``), or there is no such function.
        """
        name = parse_function_name(call.scope, function, action=call.operation)
        if name.qualifier:
            raise invalid_parameter(refusal)
        return self.get(call.scope, name, told_as=told_as)


def find_version(function: Function, qualifier: str | None) -> Version:
    """Find what a qualifier leads to: a version, or the version that an alias names first.

    Raises:
        ServiceError: it leads nowhere.
    """
    if qualifier is None:
        return function.latest
    alias = function.aliases.get(qualifier)
    version = function.version(alias.function_version if alias else qualifier)
    if version is None:
        raise function_not_found(function.arn(qualifier))
    return version


def find_alias(function: Function, name: str) -> Alias:
    """Find an alias.

    Raises:
        ServiceError: there is none.
    """
    alias = function.aliases.get(name)
    if alias is None:
        raise not_found(f"Cannot find alias arn: {function.arn(name)}")
    return alias
