"""``rollbacklab apitest``: sign in, get credentials, call an API, and print what came back.

What npm's ``aws-api-gateway-cli-test`` 1.3.2 does and prints, with an exit status that a script can use. Cognito is
asked through unsigned boto3 clients, so that no account is needed; they go to ``AWS_ENDPOINT_URL`` where that is set,
as those of any boto3 program do. Options are read in ``apitest_request``; the command line itself is above this.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

from pytest_rollbacklab.call.apitest_request import ApitestOptions, ApitestRequest, read_request
from pytest_rollbacklab.call.client import ApiClient
from pytest_rollbacklab.call.identity import Clients, get_credentials, sign_in
from pytest_rollbacklab.call.node_inspect import inspect
from pytest_rollbacklab.errors import CallError, UsageError
from pytest_rollbacklab.model import Answer

__all__ = ["EXIT_ANSWERED", "EXIT_FAILED", "EXIT_NO_ANSWER", "UnsignedClients", "exit_status", "run", "send"]

EXIT_ANSWERED = 0
"""The API answered with a status below 400."""
EXIT_FAILED = 1
"""The API answered with 400 or above."""
EXIT_NO_ANSWER = 2
"""There was no answer: an option is wrong, a pool refused, or nobody was there."""

_FIRST_FAILURE = 400


class UnsignedClients:
    """boto3 clients of a region that sign nothing: signing in to a pool needs no account.

    Args:
        region: Of the pools.
    """

    def __init__(self, region: str) -> None:
        self._region = region

    def client(self, service: str) -> Any:
        """Return a client of a service.

        Raises:
            CallError: boto3 cannot be set up, for instance because ``AWS_PROFILE`` names none.
        """
        import boto3
        from botocore import UNSIGNED
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        config = Config(
            signature_version=UNSIGNED, retries={"total_max_attempts": 2, "mode": "standard"}, connect_timeout=5
        )
        try:
            return boto3.session.Session(region_name=self._region).client(service, config=config)
        except (BotoCoreError, ValueError) as error:
            raise CallError(
                f"boto3 makes no client of {service} in {self._region}: {error}",
                looked_at="the environment (AWS_*) and the files of AWS's tools",
                mend="correct or unset what the message names",
            ) from error


def run(
    options: ApitestOptions,
    write: Callable[[str], object],
    *,
    clients: Callable[[str], Clients] = UnsignedClients,
) -> int:
    """Do it all, and return the exit status: one of the constants above.

    Args:
        write: Takes a line, or several, without the last newline.
        clients: Gives Cognito's clients in a region.
    """
    try:
        answer = send(options, write, clients=clients)
    except (CallError, UsageError) as error:
        write(str(error))
        return EXIT_NO_ANSWER
    write(inspect({"status": answer.status, "statusText": answer.reason, "data": _data(answer)}))
    return exit_status(answer)


def send(
    options: ApitestOptions, write: Callable[[str], object], *, clients: Callable[[str], Clients] = UnsignedClients
) -> Answer:
    """Sign in and make the call. Arguments as for ``run``; what is written says how far it has come.

    Raises:
        UsageError: an option is wrong.
        CallError: a pool refused, or nobody was there.
    """
    return _call(options, read_request(options), write, clients(options.cognito_region))


def exit_status(answer: Answer) -> int:
    """Return what an answer means to a script."""
    return EXIT_FAILED if answer.status >= _FIRST_FAILURE else EXIT_ANSWERED


def _call(options: ApitestOptions, request: ApitestRequest, write: Callable[[str], object], cognito: Clients) -> Answer:
    write("Authenticating with User Pool")
    tokens = sign_in(
        cognito,
        user_pool_id=options.user_pool_id,
        app_client_id=options.app_client_id,
        username=options.username,
        password=options.password,
    )
    write("Getting temporary credentials")
    credentials = get_credentials(
        cognito, identity_pool_id=options.identity_pool_id, user_pool_id=options.user_pool_id, tokens=tokens
    )
    write("Making API request")
    headers = dict(request.headers)
    if options.access_token_header:
        headers[options.access_token_header] = tokens.access_token
    with ApiClient(
        lambda: options.invoke_url, region=options.api_gateway_region, credentials=lambda: credentials
    ) as api:
        return api.request(
            request.method,
            request.path,
            params=request.query,
            headers=headers,
            body=request.body,
            timeout_s=request.timeout_s,
        )


def _data(answer: Answer) -> object:
    """Return the body as axios does: decoded where it is JSON, else the text."""
    try:
        return json.loads(answer.text, parse_int=float, parse_constant=_refuse)
    except ValueError:
        return answer.text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
