"""``doctor``: whether everything is here that the lab needs, and how to get what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pytest_rollbacklab.cli.asking import json_option, lab_directory
from pytest_rollbacklab.cli.terminal import Cell, Table, show, show_json

if TYPE_CHECKING:
    from pytest_rollbacklab.cli.checks import Check

__all__ = ["doctor"]


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Look whether everything is here that the lab needs.

    Exits with 1 when something is not, and says how to get it.
    """
    from pytest_rollbacklab.cli.checks import run_checks

    checks = run_checks(lab_directory(context))
    healthy = all(check.ok for check in checks if check.needed)
    if as_json:
        show_json({"ok": healthy, "checks": [asdict(check) for check in checks]})
    else:
        rows = tuple(row for check in checks for row in _rows(check))
        show([Table(headings=("", "what", "found"), rows=rows)])
        show(["everything that is needed is here" if healthy else Cell("something that is needed is missing", "bad")])
    context.exit(0 if healthy else 1)


def _rows(check: Check) -> Iterator[tuple[str | Cell, ...]]:
    missing = Cell("missing", "bad") if check.needed else Cell("optional", "quiet")
    yield Cell("ok", "good") if check.ok else missing, check.name, check.found
    if check.mend:
        yield "", "", Cell(f"what to do: {check.mend}", "strong" if check.needed else "plain")
