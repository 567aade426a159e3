"""``metrics``: how a stage's API and its functions have done lately."""

from __future__ import annotations

import click

from pytest_rollbacklab.cli.asking import (
    chosen_stage,
    complete_functions,
    connect,
    json_option,
    stage_argument,
)
from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.terminal import show, show_json
from pytest_rollbacklab.cli.views.metrics import metrics_blocks
from pytest_rollbacklab.observe.series import Series

__all__ = ["metrics"]


@click.command()
@stage_argument
@click.option("--function", metavar="NAME", shell_complete=complete_functions, help="One function's own.")
@click.option("--range", "window", type=click.Choice(["15m", "1h", "3h", "1d"]), default="1h", show_default=True)
@json_option
@click.pass_context
def metrics(context: click.Context, stage: str | None, function: str | None, window: str, as_json: bool) -> None:
    """Show how a stage's API and its functions have done lately."""
    lab = connect(context)
    name = chosen_stage(lab, stage)
    below = ("functions", function) if function else ()
    data = lab.get("stages", name, *below, "metrics", query={"range": window})
    if as_json:
        show_json(data)
        return
    told = {function: data["series"]} if function else {"API": data["api"], **data["functions"]}
    series = {whose: decode(tuple[Series, ...], several, name=whose) for whose, several in told.items()}
    show(metrics_blocks(f"{name}, the last {window}", series))
