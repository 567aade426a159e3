"""What this machine needs for the lab, looked at piece by piece: there or not, and how to get it.

Each check is a function of the directory in which the lab is to run; the list here is all of them. Nothing is changed
by looking.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_rollbacklab.cli.checks import machine, place, programs
from pytest_rollbacklab.cli.checks.check import Check

__all__ = ["Check", "run_checks"]

_CHECKS: tuple[Callable[[Path], Check], ...] = (
    programs.python,
    programs.packages,
    programs.runtime_client,
    programs.git,
    programs.git_http_backend,
    programs.bash,
    machine.free_port,
    machine.temporary_directory,
    machine.disk,
    place.directory,
    place.app,
    place.lab,
    programs.node,
    programs.browser,
)


def run_checks(directory: Path) -> tuple[Check, ...]:
    """Look at everything.

    Args:
        directory: Where the lab is to run.
    """
    return tuple(check(directory) for check in _CHECKS)
