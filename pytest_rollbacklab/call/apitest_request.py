"""The request that the options of ``rollbacklab apitest`` describe, read and checked before anything is sent.

The options are those of npm's ``aws-api-gateway-cli-test``, and mean the same: ``--additional-params`` holds
``headers``, ``queryParams`` and ``timeout`` (milliseconds); an empty body (``{}``, the default) is not sent at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_rollbacklab.call.path_template import expand, plain_text
from pytest_rollbacklab.errors import UsageError

__all__ = ["ApitestOptions", "ApitestRequest", "read_request"]

_ADDITIONAL = ("headers", "queryParams", "timeout")
_JSON = "application/json"
_TIMEOUT_S = 35.0  # API Gateway gives up at 29 s


@dataclass(frozen=True, kw_only=True, slots=True)
class ApitestOptions:
    """The command's options, by their names on the command line."""

    username: str
    password: str = field(repr=False)
    user_pool_id: str
    app_client_id: str
    identity_pool_id: str
    invoke_url: str
    path_template: str
    cognito_region: str = "us-east-1"
    api_gateway_region: str = "us-east-1"
    method: str = "GET"
    params: str = "{}"
    """JSON: the path's parameters."""
    additional_params: str = "{}"
    """JSON: headers, queryParams, timeout."""
    body: str = "{}"
    """JSON, or ``@`` and the path of a file that holds it."""
    api_key: str | None = None
    access_token_header: str | None = None
    """The header that carries the user pool's access token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ApitestRequest:
    """What to send."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str | None
    timeout_s: float


def read_request(options: ApitestOptions) -> ApitestRequest:
    """Return the request that the options describe, without what only a sign-in can give.

    Raises:
        UsageError: an option is no JSON or not of the shape it needs, a file is missing, or a parameter of the path is.
    """
    additional = _read_object("--additional-params", options.additional_params)
    if unknown := sorted(set(additional) - set(_ADDITIONAL)):
        raise UsageError(
            f"--additional-params has {', '.join(unknown)}, which is not supported",
            mend=f"give no more than {', '.join(_ADDITIONAL)}",
        )
    body = _read_body(options.body)
    path = expand(options.path_template, _read_object("--params", options.params))
    return ApitestRequest(
        method=options.method.upper(),
        path=path if path.startswith("/") else f"/{path}",
        query=_texts("queryParams", additional),
        headers=_headers(options, additional, has_body=body is not None),
        body=body,
        timeout_s=_timeout_s(additional),
    )


def _headers(options: ApitestOptions, additional: Mapping[str, Any], *, has_body: bool) -> dict[str, str]:
    headers = {"Accept": _JSON} | ({"Content-Type": _JSON} if has_body else {})
    if options.api_key:
        headers["x-api-key"] = options.api_key
    return headers | _texts("headers", additional)


def _texts(name: str, additional: Mapping[str, Any]) -> dict[str, str]:
    values = additional.get(name, {})
    if not isinstance(values, dict):
        raise UsageError(f"{name} of --additional-params is {json.dumps(values)}", mend="give a JSON object")
    return {key: plain_text(f"{key!r} in {name} of --additional-params", value) for key, value in values.items()}


def _timeout_s(additional: Mapping[str, Any]) -> float:
    timeout_ms = additional.get("timeout", 0)
    if isinstance(timeout_ms, bool) or not isinstance(timeout_ms, int | float) or timeout_ms < 0:
        raise UsageError(
            f"timeout of --additional-params is {json.dumps(timeout_ms)}", mend="give milliseconds; 0 for the default"
        )
    return timeout_ms / 1000 or _TIMEOUT_S


def _read_body(given: str) -> str | None:
    """Return the body to send, as JSON without spaces, or None where there is nothing in it."""
    option, text = "--body", given
    if given.startswith("@"):
        option = f"the file of --body, {given[1:]}"
        text = _read_file(given[1:])
    body = _read_json(option, text)
    if body is None or body in ({}, [], "") or isinstance(body, bool | int | float):
        return None
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _read_file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(
            f"cannot read the file of --body: {reason}", looked_at=str(Path(name).absolute()), mend="name a JSON file"
        ) from error


def _read_object(option: str, text: str) -> dict[str, Any]:
    value = _read_json(option, text)
    if not isinstance(value, dict):
        raise UsageError(f"{option} is no JSON object", looked_at=text[:200], mend="give one, or leave it out")
    return value


def _read_json(option: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(
            f"{option} is not JSON: {error}", looked_at=text[:200] or "(nothing)", mend="quote it for the shell"
        ) from error
