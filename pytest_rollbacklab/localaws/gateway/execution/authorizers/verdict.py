"""What a function authorizer answers: a principal, a policy, and what it says of the caller besides.

"Output from an API Gateway Lambda authorizer" of the developer guide. The policy is kept whole, because an answer that
is cached is held against every method that is called with the same identity.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.identity.policy_language.document import Policy, read_policy
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError

__all__ = ["NoVerdictError", "Verdict", "read_verdict"]


class NoVerdictError(Exception):
    """The answer of an authorizer is none; says why, for the execution log."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """An authorizer's answer."""

    principal_id: str | None
    policy: Policy
    context: Mapping[str, str]
    """Flat, and every value as text."""
    usage_key: str | None
    """The API key that the caller shall count as."""


def read_verdict(payload: bytes) -> Verdict:
    """Read what an authorizer's function returned.

    Raises:
        NoVerdictError: it is no policy, or its context is not flat.
    """
    try:
        answer = json.loads(payload)
    except ValueError:
        raise NoVerdictError("Could not parse policy") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("policyDocument"), dict):
        raise NoVerdictError("Could not parse policy")
    try:
        policy = read_policy("the authorizer's policy", answer["policyDocument"])
    except PolicyError as error:
        raise NoVerdictError(f"Invalid policy document: {error.message}") from error
    if any(statement.resources is None for statement in policy.statements):
        raise NoVerdictError("Invalid policy document: a statement has no Resource")
    principal_id, usage_key = answer.get("principalId"), answer.get("usageIdentifierKey")
    return Verdict(
        principal_id=None if principal_id is None else str(principal_id),
        policy=policy,
        context=_context(answer.get("context")),
        usage_key=None if usage_key is None else str(usage_key),
    )


def _context(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise NoVerdictError("Invalid context: it is no object")
    return {str(name): _text(name, value) for name, value in given.items() if value is not None}


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise NoVerdictError(f"Invalid context: {name} is neither text, a number nor a truth")
