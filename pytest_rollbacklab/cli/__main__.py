"""``python -m pytest_rollbacklab.cli``: the same as ``rollbacklab``."""

from __future__ import annotations

from pytest_rollbacklab.cli.program import main

if __name__ == "__main__":
    main(prog_name="rollbacklab")
