"""What an API's own policy says of a request, and what comes of it together with what others say.

"How API Gateway resource policies affect authorization workflow" of the developer guide: an explicit deny anywhere
wins; in one account either allow will do where callers sign or an authorizer's function speaks; across accounts, and
with user pools, the API's policy must allow by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.identity.credentials import Principal
from pytest_rollbacklab.localaws.identity.policies import principal_keys
from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.document import Policy

__all__ = ["ACTION", "Opinion", "opinion_of", "request_keys"]

ACTION = "execute-api:Invoke"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a policy says: neither, when it does not speak of the request."""

    allows: bool = False
    denies: bool = False


def request_keys(exchange: Exchange) -> dict[str, str | Sequence[str]]:
    """Return the condition keys that tell of a request."""
    request = exchange.request
    now = datetime.fromtimestamp(exchange.received_at, UTC)
    keys: dict[str, str | Sequence[str]] = {
        "aws:SourceIp": request.source_ip,
        "aws:UserAgent": request.header("user-agent") or "",
        "aws:CurrentTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "aws:EpochTime": str(int(exchange.received_at)),
        "aws:SecureTransport": "false",
    }
    referer = request.header("referer")
    return keys if referer is None else {**keys, "aws:Referer": referer}


def opinion_of(policy: Policy, exchange: Exchange, principal: Principal | None) -> Opinion:
    """Return what a policy says of a request.

    Args:
        policy: The API's, which names principals, or an authorizer's, which names none.
        principal: Who signed; None when nobody did.

    Raises:
        Fault: 500: the policy cannot be evaluated.
    """
    keys = request_keys(exchange) | (principal_keys(principal) if principal else {})
    context = Context.of(keys)
    context = context if policy.has_variables else context.literally()
    names = _names(principal)
    try:
        spoken = {
            statement.effect
            for statement in policy.statements
            if (statement.principals is None or any(statement.names("AWS", name) for name in names))
            and statement.covers(ACTION, exchange.arn, context)
        }
    except ServiceError as error:
        raise Fault.not_evaluated(error) from error
    return Opinion(allows="Allow" in spoken, denies="Deny" in spoken)


def _names(principal: Principal | None) -> tuple[str, ...]:
    """Return by what a policy may name a principal; ``*`` alone for anyone."""
    if principal is None:
        return ("*",)
    account = principal.account_id
    role = (principal.role_arn,) if principal.role_arn else ()
    return (principal.arn, *role, account, f"arn:aws:iam::{account}:root")
