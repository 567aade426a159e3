"""AWS Lambda for the local AWS: functions run for real, in processes that speak the Lambda Runtime API.

    lambdas             the parts put together: the API and its functions
      invoking          one invocation: refused, or routed, run, answered and measured
        routing payload throttle metrics
      pool              which environment serves it
        environment     its life: initialised, invoked, ended
          process       a runtime process: state table (runtime), its API (runtime_api), its output (output)
          forks         started by the fork server (fork_server, in a process of its own)
          languages     what differs between Python (interpreter, preload) and Node.js (node, node_runtime/)
      control/          what functions, versions, aliases and permissions there are

Names are given out lazily: the fork server is a module of this package, and has no use for an HTTP server.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_rollbacklab.localaws.lambdas.invoking import Invocation
    from pytest_rollbacklab.localaws.lambdas.lambdas import Lambdas

__all__ = ["Invocation", "Lambdas"]

_HOMES = {"Invocation": "invoking", "Lambdas": "lambdas"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
