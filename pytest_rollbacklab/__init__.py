"""pytest-rollbacklab: practise and prove serverless rollbacks, offline.

The names for those who write drills. They load when they are first asked for: pytest imports this package at every
start, and a run that uses none of it should not pay for it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_rollbacklab.call.client import ApiClient
    from pytest_rollbacklab.lab import Lab, open_lab
    from pytest_rollbacklab.model import Answer, Build, Evidence, Release
    from pytest_rollbacklab.stage import Stage
    from pytest_rollbacklab.target import Target, embedded_cloud

__all__ = [
    "Answer",
    "ApiClient",
    "Build",
    "Evidence",
    "Lab",
    "Release",
    "Stage",
    "Target",
    "embedded_cloud",
    "open_lab",
]

_HOMES = {
    "Answer": "model",
    "ApiClient": "call.client",
    "Build": "model",
    "Evidence": "model",
    "Lab": "lab",
    "Release": "model",
    "Stage": "stage",
    "Target": "target",
    "embedded_cloud": "target",
    "open_lab": "lab",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
