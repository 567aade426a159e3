"""Commands that hold a stage at what is live, and let it go: ``pin``, ``unpin``."""

from __future__ import annotations

import click

from pytest_rollbacklab.cli.asking import chosen_stage, connect, json_option, stage_argument
from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.terminal import show, show_json
from pytest_rollbacklab.pipeline.values import Pin

__all__ = ["pin", "unpin"]

reason_option = click.option("--reason", metavar="TEXT", help="Why, for those who read the history.")


@click.command()
@stage_argument
@reason_option
@json_option
@click.pass_context
def pin(context: click.Context, stage: str | None, reason: str | None, as_json: bool) -> None:
    """Hold a stage at what is live: no push deploys there."""
    lab = connect(context)
    name = chosen_stage(lab, stage)
    data = lab.post("stages", name, "pin", form={"reason": reason})
    if as_json:
        show_json(data)
        return
    held = decode(Pin, data["pin"], name="pin")
    at = "what is live" if held.build is None else f"build {held.build}"
    show([f"{name} is pinned to {at}; pushes do not deploy there until: rollbacklab unpin {name}"])


@click.command()
@stage_argument
@reason_option
@json_option
@click.pass_context
def unpin(context: click.Context, stage: str | None, reason: str | None, as_json: bool) -> None:
    """Release a stage's pin; nothing is deployed by it."""
    lab = connect(context)
    name = chosen_stage(lab, stage)
    data = lab.post("stages", name, "unpin", form={"reason": reason})
    if as_json:
        show_json(data)
    else:
        show([f"{name} is not pinned any more; nothing was deployed"])
