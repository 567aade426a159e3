"""Call an API from the shell as npm's ``aws-api-gateway-cli-test`` does: the same options, the same lines.

Unlike it, what it returns tells whether the call went well, so that a script can ask. Cognito's calls are unsigned, so
no AWS account is needed; where AWS is, ``AWS_ENDPOINT_URL`` says, and else the region.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from pytest_rollbacklab.call import identity
from pytest_rollbacklab.call.client import ApiClient
from pytest_rollbacklab.call.node_inspect import inspect
from pytest_rollbacklab.errors import CallError, ConfigError
from pytest_rollbacklab.model import Answer
from pytest_rollbacklab.target import Target

__all__ = ["CALL_FAILED", "NO_ANSWER", "OK", "Options", "run"]

OK, CALL_FAILED, NO_ANSWER = 0, 1, 2
"""Exit statuses: an answer below 400; one of 400 or above; none."""

_FIRST_FAILURE = 400
_VARIABLE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options, named as on the command line."""

    username: str
    password: str
    user_pool_id: str
    app_client_id: str
    identity_pool_id: str
    invoke_url: str
    path_template: str
    cognito_region: str = "us-east-1"
    api_gateway_region: str = "us-east-1"
    method: str = "GET"
    params: str = "{}"
    """JSON: values for the ``{variables}`` of the path template."""
    additional_params: str = "{}"
    """JSON: ``headers`` and ``queryParams``."""
    body: str = "{}"
    """JSON, or ``@FILE`` with JSON in it."""
    api_key: str | None = None
    access_token_header: str | None = None
    """The header in which to send the access token."""


class _Targets(Protocol):
    def __call__(self, region: str) -> Target: ...


def run(options: Options, *, target: _Targets, write: Callable[[str], None]) -> int:
    """Sign in, get credentials, call, and print what came back.

    Args:
        target: Gives the AWS of a region.
        write: Takes a line.

    Returns:
        ``OK``, ``CALL_FAILED`` or ``NO_ANSWER``.

    Raises:
        ConfigError: an option does not hold what it should.
    """
    path, sent = _path(options), _request(options)
    pools = target(options.cognito_region)
    try:
        write("Authenticating with User Pool")
        tokens = identity.sign_in(
            pools,
            user_pool_id=options.user_pool_id,
            app_client_id=options.app_client_id,
            username=options.username,
            password=options.password,
        )
        write("Getting temporary credentials")
        credentials = identity.get_credentials(
            pools, identity_pool_id=options.identity_pool_id, user_pool_id=options.user_pool_id, tokens=tokens
        )
        write("Making API request")
        if options.access_token_header:
            sent["headers"][options.access_token_header] = tokens.access_token
        client = ApiClient(
            lambda: options.invoke_url.rstrip("/"), region=options.api_gateway_region, credentials=lambda: credentials
        )
        answer = client.request(options.method.upper(), path, **sent)
    except CallError as error:
        write(str(error))
        return NO_ANSWER
    write(inspect({"status": answer.status, "statusText": answer.reason, "data": _data(answer)}))
    return OK if answer.status < _FIRST_FAILURE else CALL_FAILED


def _path(options: Options) -> str:
    values = _object("--params", options.params)

    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise ConfigError(
                f"the path template has {{{found[1]}}}, and --params has no value for it",
                looked_at=f"--path-template {options.path_template}, --params {options.params}",
            )
        return quote(str(values[found[1]]), safe="")

    return _VARIABLE.sub(value, options.path_template)


def _request(options: Options) -> dict[str, Any]:
    more = _object("--additional-params", options.additional_params)
    body = _body(options.body)
    headers = {str(name): str(value) for name, value in more.get("headers", {}).items()}
    if options.api_key:
        headers["x-api-key"] = options.api_key
    # The original sends no body when it is an empty object.
    return {"headers": headers, "params": more.get("queryParams") or None, "json": body or None}


def _body(given: str) -> Any:
    if not given.startswith("@"):
        return _json("--body", given)
    path = Path(given[1:])
    try:
        return _json(f"--body {given}", path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"--body names a file that cannot be read: {error.strerror}", looked_at=str(path)) from error


def _object(option: str, given: str) -> Mapping[str, Any]:
    value = _json(option, given)
    if not isinstance(value, dict):
        raise ConfigError(f"{option} must be a JSON object, not {given!r}")
    return value


def _json(option: str, given: str) -> Any:
    try:
        return json.loads(given)
    except ValueError as error:
        raise ConfigError(f"{option} is not JSON: {error}", looked_at=given[:200]) from error


def _data(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return answer.text
