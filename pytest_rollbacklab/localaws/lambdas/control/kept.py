"""The functions as a part of the local AWS that outlives its process: under which key what of them is kept.

A function is kept whole under its name, but for the packages of its versions, which are kept once by their sha256 for
all functions of an account and region: a change of a function writes a few kilobytes, whatever its code weighs. A
package goes with the last version that has it. Keys may come back in any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.lambdas.control.code import CodePackage
from pytest_rollbacklab.localaws.lambdas.control.function import Function, Version
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry

__all__ = ["KeptFunctions"]

_ATTRIBUTES: Final = (
    "aliases",
    "event_settings",
    "policies",
    "provisioned",
    "publications",
    "reserved_concurrency",
    "tags",
    "urls",
)


class KeptFunctions:
    """Every function: a ``keeping.Part``.

    Args:
        keeper: Hears of the changes.
        also: Told each function that is added, changed or removed.
    """

    name = "lambda"

    def __init__(self, keeper: Keeper, also: Callable[[Function], object] = lambda _: None) -> None:
        self._keeper = keeper
        self._also = also
        self.registry = Registry(self._changed)
        self._packages: dict[tuple[Scope, str], CodePackage] = {}
        self._users: dict[tuple[Scope, str], set[str]] = {}
        """The names of the functions that have a package."""
        self._had: dict[tuple[Scope, str], set[str]] = {}
        """By function: the packages that it had when it was last looked at."""
        self._waiting: dict[tuple[Scope, str], dict[str, Any]] = {}
        """States of functions that came back before this package of theirs, by name."""

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return what is behind a key; None when it is gone."""
        kind, _, name = key.partition("/")
        if kind == "code":
            return self._packages.get((scope, name))
        function = self.registry.find(scope, name)
        if function is None:
            return None
        versions = tuple((version.code.sha256, replace(version, code=_ELSEWHERE)) for version in function.versions)
        return versions, {attribute: getattr(function, attribute) for attribute in _ATTRIBUTES}

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put back what was behind a key; there are no events."""
        kind, _, name = key.partition("/")
        if state is None:
            return
        if kind == "code":
            self._packages[scope, name] = state
            for function, waiting in self._waiting.pop((scope, name), {}).items():
                self._put_back(scope, function, waiting)
        else:
            self._put_back(scope, name, state)

    def _put_back(self, scope: Scope, name: str, state: Any) -> None:
        kept, attributes = state
        missing = next((sha256 for sha256, _ in kept if (scope, sha256) not in self._packages), None)
        if missing is not None:
            self._waiting.setdefault((scope, missing), {})[name] = state
            return
        latest, *published = (replace(version, code=self._packages[scope, sha256]) for sha256, version in kept)
        function = Function(scope=scope, name=name, latest=latest, tags={})
        function.published = {version.number: version for version in published}
        for attribute, value in attributes.items():
            setattr(function, attribute, value)
        self.registry.put_back(function)
        self._note_packages(function)

    def _changed(self, function: Function) -> None:
        for sha256 in self._note_packages(function):
            self._keeper.changed(self, function.scope, f"code/{sha256}")
        self._keeper.changed(self, function.scope, f"function/{function.name}")
        self._also(function)

    def _note_packages(self, function: Function) -> list[str]:
        """Keep the packages that a function has now, and no longer those that no function has; return which changed."""
        scope, name = function.scope, function.name
        standing = self.registry.find(scope, name) is function
        has: dict[str, Version] = {version.code.sha256: version for version in function.versions} if standing else {}
        had = self._had.pop((scope, name), set())
        changed = []
        for sha256 in has.keys() - had:
            users = self._users.setdefault((scope, sha256), set())
            if not users:
                self._packages[scope, sha256] = has[sha256].code
                changed.append(sha256)
            users.add(name)
        for sha256 in had - has.keys():
            users = self._users[scope, sha256]
            users.discard(name)
            if not users:
                del self._users[scope, sha256], self._packages[scope, sha256]
                changed.append(sha256)
        if has:
            self._had[scope, name] = set(has)
        return changed


_ELSEWHERE: Final = CodePackage(zip=b"", sha256="", unzipped_bytes=0, top_level_names=frozenset())
"""Stands for a version's package in the function's own state."""
