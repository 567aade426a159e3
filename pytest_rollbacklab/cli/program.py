"""The program: its commands, and what their errors mean to a shell.

One table of exit statuses for all commands; with ``--json`` an error is the one document that is printed.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from pytest_rollbacklab.cli.commands.apitest import apitest
from pytest_rollbacklab.cli.commands.completion import completion
from pytest_rollbacklab.cli.commands.configuring import config
from pytest_rollbacklab.cli.commands.doctor import doctor
from pytest_rollbacklab.cli.commands.logs import access_logs, logs
from pytest_rollbacklab.cli.commands.looking import activity, builds, open_page, status
from pytest_rollbacklab.cli.commands.metrics import metrics
from pytest_rollbacklab.cli.commands.pinning import pin, unpin
from pytest_rollbacklab.cli.commands.releasing import change_set, deploy, promote, rollback
from pytest_rollbacklab.cli.commands.requests import evidence, probe, user
from pytest_rollbacklab.cli.commands.running import cloud, down, init, up
from pytest_rollbacklab.cli.terminal import show, show_error, show_error_json
from pytest_rollbacklab.errors import LabNotRunningError, RollbacklabError, UsageError

__all__ = ["main"]

_FAILED, _USAGE, _NOT_RUNNING, _INTERRUPTED = 1, 2, 3, 130
_AS_JSON = "pytest_rollbacklab.as_json"
_HELP_INDENT = 6
_EPILOG = """\b
Each takes --json, and --help. Exit status: 0 done, 1 failed, 2 cannot be
done as asked, 3 no lab runs here, 130 interrupted.
"""
_SECTIONS: Mapping[str, tuple[click.Command, ...]] = {
    "The lab": (init, up, down, open_page, doctor),
    "What is there": (status, builds, activity),
    "Releases": (change_set, deploy, promote, rollback, pin, unpin, config),
    "What happens there": (probe, access_logs, logs, metrics, evidence, user),
    "By themselves": (cloud, apitest, completion),
}
"""All commands, in the story's order."""


class _Program(click.Group):
    """The group of all commands; errors of any of them are printed and counted here."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_AS_JSON] = "--json" in args
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.commands)  # in the story's order, not the alphabet's

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        widest = max(map(len, self.commands))
        for heading, commands in _SECTIONS.items():
            with formatter.section(heading):
                room = formatter.width - widest - _HELP_INDENT
                rows = [(str(command.name).ljust(widest), command.get_short_help_str(room)) for command in commands]
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except RollbacklabError as error:
            self._tell(ctx, error)
            ctx.exit(_status(error))
        except click.UsageError as error:
            if not ctx.meta[_AS_JSON]:
                raise
            self._tell(ctx, UsageError(error.format_message(), mend="see rollbacklab --help"))
            ctx.exit(_USAGE)
        except (KeyboardInterrupt, click.Abort):
            show(["", "interrupted"], err=True)
            ctx.exit(_INTERRUPTED)

    def _tell(self, ctx: click.Context, error: RollbacklabError) -> None:
        if ctx.meta[_AS_JSON]:
            show_error_json(error)
        else:
            show_error(str(error))


def _status(error: RollbacklabError) -> int:
    if isinstance(error, LabNotRunningError):
        return _NOT_RUNNING
    return _USAGE if isinstance(error, UsageError) else _FAILED


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"]}, epilog=_EPILOG)
@click.version_option(package_name="pytest-rollbacklab")
@click.option(
    "-C",
    "directory",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Work on the lab of this directory, or of one above it. Default: the current one.",
)
def main(directory: Path | None) -> None:
    """Practise and prove serverless rollbacks.

    Begin with: rollbacklab init notes; cd notes; rollbacklab up
    """
    del directory  # commands take it from the context: see ``asking.directory_of``
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show is no reason to fail


for _section in _SECTIONS.values():
    for _command in _section:
        main.add_command(_command)
