"""The command ``rollbacklab apitest``: its options, and nothing more (see ``call.apitest``).

With ``--stage`` the running lab says what would otherwise have to be given: an option that is given all the same wins.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from pytest_rollbacklab.cli.asking import complete_stages, connect, json_option
from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.terminal import show_error_json, show_json
from pytest_rollbacklab.errors import CallError, UsageError
from pytest_rollbacklab.pipeline.values import StageStatus

if TYPE_CHECKING:
    from pytest_rollbacklab.call.apitest_request import ApitestOptions

__all__ = ["apitest"]

_JSON = "JSON"
_FROM_RESOURCES = {
    "AWS::Cognito::UserPool": "user_pool_id",
    "AWS::Cognito::UserPoolClient": "app_client_id",
    "AWS::Cognito::IdentityPool": "identity_pool_id",
}


def _fill_in(context: click.Context, parameter: click.Parameter, stage: str | None) -> None:
    """Take what a stage's own resources say as defaults, and its lab's local AWS as where to ask."""
    del parameter
    if stage is None or context.resilient_parsing:
        return
    lab = connect(context)
    url = decode(StageStatus, lab.get("stages", stage)["stage"], name="stage").api_url
    if url is None:
        raise UsageError(f"nothing is live on {stage}", looked_at=f"stage {stage}", mend="deploy something there first")
    found = {"invoke_url": url, "cognito_region": lab.place.region, "api_gateway_region": lab.place.region}
    for resource in lab.get("stages", stage, "resources")["resources"]:
        if option := _FROM_RESOURCES.get(resource["type"]):
            found[option] = resource["physical_id"]
    context.default_map = found
    os.environ["AWS_ENDPOINT_URL"] = lab.place.endpoint_url


@click.command(short_help="Sign in to an app, call its API, and print the answer.")
@click.option(
    "--stage",
    metavar="STAGE",
    is_eager=True,
    expose_value=False,
    callback=_fill_in,
    shell_complete=complete_stages,
    help="Of the running lab: its pools, client, region and address are then the defaults.",
)
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
@json_option
@click.pass_context
def apitest(context: click.Context, /, as_json: bool, **options: Any) -> None:
    """Sign in to an app, call its API as that user, and print the answer.

    Takes the options of npm's aws-api-gateway-cli-test and prints the same. Cognito is asked at AWS_ENDPOINT_URL where
    that is set, else at AWS; no account is needed.

    Exits with 0 for an answer below 400, 1 for 400 and above, 2 when there was no answer.
    """
    from pytest_rollbacklab.call.apitest import run
    from pytest_rollbacklab.call.apitest_request import ApitestOptions

    given = ApitestOptions(**options)
    context.exit(_run_as_json(given) if as_json else run(given, click.echo))


def _run_as_json(options: ApitestOptions) -> int:
    from pytest_rollbacklab.call.apitest import EXIT_NO_ANSWER, exit_status, send
    from pytest_rollbacklab.console.plain import plain

    try:
        answer = send(options, lambda _: None)
    except (CallError, UsageError) as error:
        show_error_json(error)
        return EXIT_NO_ANSWER
    show_json({"answer": plain(answer)})
    return exit_status(answer)
