"""The command line: ``rollbacklab``. Each command parses, calls the library, and says what came of it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

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
    from pytest_rollbacklab.lab import write_out

    written = write_out(directory)
    click.echo(f"{written} files in {directory}: the sample app and the labs")
    click.echo(f"next: cd {directory} && pytest labs/")


@main.command()
@click.option("--username", required=True, help="Username of the user.")
@click.option("--password", required=True, help="Password of the user.")
@click.option("--user-pool-id", required=True, help="Cognito user pool id.")
@click.option("--app-client-id", required=True, help="Cognito user pool app client id.")
@click.option("--cognito-region", default="us-east-1", show_default=True, help="Cognito region.")
@click.option("--identity-pool-id", required=True, help="Cognito identity pool id.")
@click.option("--invoke-url", required=True, help="API Gateway URL.")
@click.option("--api-gateway-region", default="us-east-1", show_default=True, help="API Gateway region.")
@click.option("--api-key", help="API key.")
@click.option("--path-template", required=True, help="API path template.")
@click.option("--method", default="GET", show_default=True, help="API method.")
@click.option("--params", default="{}", show_default=True, help="Values for the path template, JSON.")
@click.option("--additional-params", default="{}", show_default=True, help="headers and queryParams, JSON.")
@click.option("--body", default="{}", show_default=True, help="Request body, JSON, or @FILE.")
@click.option("--access-token-header", help="Header in which to pass the access token.")
def apitest(**options: str) -> None:
    """Sign in, sign a request to an API, and print the answer.

    Takes the options of npm's aws-api-gateway-cli-test. Exits with 0 for an answer below 400, with 1 for one of 400 or
    above, with 2 when there was none.
    """
    from pytest_rollbacklab.call.apitest import Options, run
    from pytest_rollbacklab.target import from_environment

    sys.exit(run(Options(**options), target=from_environment, write=click.echo))
