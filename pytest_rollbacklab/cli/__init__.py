"""The command line: ``rollbacklab``. A thin client of the running lab's addresses, in the console's own words."""

from __future__ import annotations

from pytest_rollbacklab.cli.program import main

__all__ = ["main"]
