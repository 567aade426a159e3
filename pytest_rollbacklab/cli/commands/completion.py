"""``completion``: what a shell has to read to complete commands, options, and the running lab's names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from pytest_rollbacklab.cli.asking import json_option
from pytest_rollbacklab.cli.terminal import show_json

__all__ = ["completion"]

_PROGRAM = "rollbacklab"
_VARIABLE = "_ROLLBACKLAB_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
@click.pass_context
def completion(context: click.Context, shell: str, as_json: bool) -> None:
    """Print what a shell reads to complete commands and names.

    For bash, put this into ~/.bashrc: eval "$(rollbacklab completion bash)"
    """
    kind = get_completion_class(shell)
    assert kind is not None, shell
    script = kind(context.find_root().command, {}, _PROGRAM, _VARIABLE).source()
    if as_json:
        show_json({"shell": shell, "script": script})
    else:
        click.echo(script)
