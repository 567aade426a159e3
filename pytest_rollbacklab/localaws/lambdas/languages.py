"""What differs between environments by the language of their function: one place, chosen by the runtime's name.

Python runs in a fork of the fork server, on the interpreter at hand; Node.js in a process of its own. All else, from
the Runtime API to the last line of the log, is the same for both. A language is made anew for each environment.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pytest_rollbacklab.localaws.lambdas import log_lines
from pytest_rollbacklab.localaws.lambdas.disguise import Disguise
from pytest_rollbacklab.localaws.lambdas.forks import ForkServerError
from pytest_rollbacklab.localaws.lambdas.interpreter import Interpreter
from pytest_rollbacklab.localaws.lambdas.node import (
    NODE_RUNTIME,
    NodeMissingError,
    find_node,
    node_command,
    node_version,
)

__all__ = ["Language", "NodeJs", "Python", "language_of", "language_variables"]

_NODE = re.compile(r"nodejs(\d+)")


class Language(Protocol):
    """How functions of a runtime are run."""

    def disguise(self, task_root: Path) -> Disguise:
        """Return what rewrites this machine's paths in a function's reports."""

    async def prepare(self) -> str | None:
        """Find what runs it; return the line for the log when it is another version than the runtime asks for.

        Raises:
            ForkServerError: there is nothing that could run it.
        """

    def command(self, *, memory_size_mb: int) -> tuple[str, ...]:
        """Return the program to start; nothing for a fork."""


@dataclass(frozen=True, slots=True)
class Python:
    """The Python at hand."""

    runtime: str
    interpreter: Interpreter

    def disguise(self, task_root: Path) -> Disguise:
        interpreter = self.interpreter
        return Disguise(task_root=task_root, libraries=interpreter.libraries, python=interpreter.version)

    async def prepare(self) -> str | None:
        version = self.interpreter.version
        return None if self.runtime == f"python{version}" else log_lines.other_version(self.runtime, "Python", version)

    def command(self, *, memory_size_mb: int) -> tuple[str, ...]:  # noqa: ARG002 - Python has no limit of its own
        return ()


@dataclass(frozen=True, slots=True)
class NodeJs:
    """The Node.js at hand."""

    runtime: str

    def disguise(self, task_root: Path) -> Disguise:
        return Disguise(task_root=task_root).and_also(NODE_RUNTIME, "/var/runtime")

    async def prepare(self) -> str | None:
        try:
            version = await asyncio.to_thread(node_version, find_node())
        except NodeMissingError as error:
            raise ForkServerError(str(error)) from error
        asked = _node_major(self.runtime)
        return None if version.startswith(f"{asked}.") else log_lines.other_version(self.runtime, "Node.js", version)

    def command(self, *, memory_size_mb: int) -> tuple[str, ...]:
        return node_command(find_node(), memory_size_mb=memory_size_mb)


def language_of(runtime: str, interpreter: Interpreter) -> Language:
    """Return the language of a runtime (``python3.12``, ``nodejs22.x``)."""
    return NodeJs(runtime) if _NODE.match(runtime) else Python(runtime, interpreter)


def language_variables(runtime: str, *, task_root: Path) -> Mapping[str, str]:
    """Return the environment variables that only a runtime's language has, as recorded (lambda-environment-*)."""
    if not _NODE.match(runtime):
        return {
            "LC_CTYPE": "C.UTF-8",
            "PATH": _path(Path(sys.base_prefix) / "bin"),
            "PYTHONPATH": "/var/runtime",
        }
    modules = f"/opt/nodejs/node{_node_major(runtime)}/node_modules:/opt/nodejs/node_modules"
    return {
        "NODE_PATH": f"{modules}:/var/runtime/node_modules:/var/runtime:{task_root}",
        "PATH": _path(find_node().parent),
    }


def _node_major(runtime: str) -> str:
    match = _NODE.match(runtime)
    assert match is not None
    return match[1]


def _path(programs: Path) -> str:
    return f"{programs}:/usr/local/bin:/usr/bin/:/bin:/opt/bin"
