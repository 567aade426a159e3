"""The command ``rollbacklab apitest``: its options, and nothing more (see ``call.apitest``)."""

from __future__ import annotations

from typing import Any

import click

__all__ = ["apitest_command"]

_JSON = "JSON"


@click.command("apitest", short_help="Sign in to an app, call its API, and print the answer.")
@click.option("--username", required=True, help="Of the user pool's user.")
@click.option("--password", required=True, help="Of the user pool's user.")
@click.option("--user-pool-id", required=True)
@click.option("--app-client-id", required=True, help="An app client of the user pool, without a secret.")
@click.option("--cognito-region", default="us-east-1", show_default=True)
@click.option("--identity-pool-id", required=True)
@click.option("--invoke-url", required=True, help="The address of the API's stage.")
@click.option("--api-gateway-region", default="us-east-1", show_default=True)
@click.option("--path-template", required=True, help="Below the stage: /notes/{id}.")
@click.option("--method", default="GET", show_default=True)
@click.option("--params", default="{}", metavar=_JSON, help='The path\'s parameters: {"id": "1"}.')
@click.option(
    "--additional-params", default="{}", metavar=_JSON, help="headers, queryParams, and timeout in milliseconds."
)
@click.option("--body", default="{}", metavar=f"{_JSON}|@FILE", help="An empty body is not sent.")
@click.option("--api-key", help="Sent as x-api-key.")
@click.option("--access-token-header", metavar="NAME", help="The header to send the user's access token in.")
@click.pass_context
def apitest_command(context: click.Context, /, **options: Any) -> None:
    """Sign in to an app, call its API as that user, and print the answer.

    Takes the options of npm's aws-api-gateway-cli-test and prints the same. Cognito is asked at AWS_ENDPOINT_URL where
    that is set, else at AWS; no account is needed.

    Exits with 0 for an answer below 400, 1 for 400 and above, 2 when there was no answer.
    """
    from pytest_rollbacklab.call.apitest import run
    from pytest_rollbacklab.call.apitest_request import ApitestOptions

    context.exit(run(ApitestOptions(**options), click.echo))
