"""The command line: ``rollbacklab``. Each command parses, calls the library, and says what came of it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pytest_rollbacklab.cli_apitest import apitest_command
from pytest_rollbacklab.errors import RollbacklabError

__all__ = ["main"]


class _Group(click.Group):
    """A group whose errors are ours to print: what happened, what was looked at, what to do."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except RollbacklabError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-rollbacklab")
def main() -> None:
    """Practise and prove serverless rollbacks."""


@main.command()
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1; 0, the default, for any free one."
)
def cloud(port: int) -> None:
    """Run the local AWS until Ctrl-C.

    Any AWS client uses it through AWS_ENDPOINT_URL. Any credentials will do; a 12-digit access key is the account.
    """
    from pytest_rollbacklab.localaws.__main__ import main as run_cloud

    sys.exit(run_cloud(["--port", str(port)]))


@main.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
def init(directory: Path) -> None:
    """Write the sample app and the labs into DIRECTORY, ready for `pytest labs/`."""
    from pytest_rollbacklab.shipped import write_out

    written = write_out(directory)
    click.echo(f"{written} files in {directory}: the sample app and the labs")
    click.echo(f"next: cd {directory} && pytest labs/")


main.add_command(apitest_command, "apitest")


if __name__ == "__main__":
    main()
