"""The resource policy of an API: read when it is set, so that what cannot be evaluated is refused and not met.

A resource may be written short, ``execute-api:/STAGE/METHOD/path``, and means this API's ("Access policy language
overview for Amazon API Gateway"). AWS keeps it written in full, and so does this.
"""

from __future__ import annotations

import json
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.refusals import bad_request
from pytest_rollbacklab.localaws.identity.policy_language.document import Policy, read_policy
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError

__all__ = ["compiled_policy", "policy_text"]

_SHORT = "execute-api:/"
_NOT_EMULATED = 501


def policy_text(document: str, *, api_id: str, scope: Scope) -> str:
    """Return a policy as it is kept: with every resource written in full.

    Raises:
        ServiceError: BadRequestException: it is no policy of a resource; the message says why.
    """
    try:
        policy = json.loads(document)
    except ValueError as error:
        raise bad_request(f"Invalid policy document. Please check the policy syntax: {error}") from error
    if not isinstance(policy, dict):
        raise bad_request("Invalid policy document. Please check the policy syntax: it is no object")
    prefix = f"arn:aws:execute-api:{scope.region}:{scope.account_id}:{api_id}/"
    statements = policy.get("Statement")
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict):
            _write_out(statement, prefix)
    text = json.dumps(policy, separators=(",", ":"))
    compiled_policy(text)
    return text


def compiled_policy(text: str | None) -> Policy | None:
    """Return a policy ready to be evaluated; None when there is none.

    Raises:
        ServiceError: BadRequestException: it cannot be evaluated.
    """
    if not text:
        return None
    try:
        policy = read_policy("the resource policy", json.loads(text))
    except PolicyError as error:
        if error.status == _NOT_EMULATED:
            raise
        raise bad_request(f"Invalid policy document. Please check the policy syntax: {error.message}") from error
    for statement in policy.statements:
        if statement.principals is None:
            raise bad_request(f"Invalid policy document. {statement.label} has no Principal")
        if statement.resources is None:
            raise bad_request(f"Invalid policy document. {statement.label} has no Resource")
    return policy


def _write_out(statement: dict[str, Any], prefix: str) -> None:
    for name in ("Resource", "NotResource"):
        given = statement.get(name)
        if isinstance(given, list):
            statement[name] = [_in_full(one, prefix) for one in given]
        elif given is not None:
            statement[name] = _in_full(given, prefix)


def _in_full(resource: Any, prefix: str) -> Any:
    if isinstance(resource, str) and resource.startswith(_SHORT):
        return prefix + resource.removeprefix(_SHORT)
    return resource
