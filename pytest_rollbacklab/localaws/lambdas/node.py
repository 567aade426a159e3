"""Node.js as this machine has it: which program runs ``nodejs*`` functions, and how.

Functions run on the ``node`` that is found on PATH, whatever major version they ask for; their log says so where it is
another. It is looked up anew each time, so that it may be installed while the local AWS runs. What the process does is
written in JavaScript, in ``node_runtime``; it is given a connection to its Runtime API (``forked``).

The heap's limits are shares of the function's memory, as in the start script of AWS's images.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

__all__ = ["NODE_RUNTIME", "NodeMissingError", "find_node", "node_command", "node_version"]

NODE_RUNTIME = Path(__file__).resolve().parent / "node_runtime"
"""The client of the Runtime API, which AWS has at ``/var/runtime``."""

_VERSION_TIMEOUT_S = 10
_NEW_SPACE_SHARE = 10
"""The tenth part of the memory is for what is young, half of it at a time; the rest is for what is old."""


class NodeMissingError(Exception):
    """This machine has no Node.js; the message says how to get it."""


def find_node() -> Path:
    """Return the ``node`` on PATH.

    Raises:
        NodeMissingError: there is none.
    """
    found = shutil.which("node")
    if found is None:
        raise NodeMissingError(
            "Functions in Node.js need the program 'node', which is not on the PATH of this local AWS. "
            "Install Node.js (https://nodejs.org/en/download, or your system's package manager) and try again."
        )
    return Path(found)


@functools.cache
def node_version(node: Path) -> str:
    """Ask a Node.js for its version (``20.20.2``); the answer is kept. ``unknown`` when it does not say."""
    try:
        asked = subprocess.run(
            [str(node), "--version"], capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return asked.stdout.strip().removeprefix("v")


def node_command(node: Path, *, memory_size_mb: int) -> tuple[str, ...]:
    """Return what to run for an environment with this much memory: AWS's options, and our client."""
    new_space_mb = memory_size_mb // _NEW_SPACE_SHARE
    return (
        str(node),
        "--expose-gc",
        "--max-http-header-size=81920",
        f"--max-semi-space-size={new_space_mb // 2}",
        f"--max-old-space-size={memory_size_mb - new_space_mb}",
        str(NODE_RUNTIME / "bootstrap.mjs"),
    )
