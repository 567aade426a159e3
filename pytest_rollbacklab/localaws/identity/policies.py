"""What a principal may do, by the policies that IAM holds at this moment.

What was read is kept until it is told to be forgotten, and not for a time: a policy that was taken from a role must
show at the very next call, because that is what a drill looks at. Whoever lets an IAM write through calls ``forget``
afterwards; a read that was under way meanwhile is not kept. Resource policies are their services' business.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pytest_rollbacklab.localaws.api import Aws, Scope
from pytest_rollbacklab.localaws.identity.credentials import CognitoCaller, Principal, name_in
from pytest_rollbacklab.localaws.identity.policy_evaluation import Decision, evaluate, with_resource_policy
from pytest_rollbacklab.localaws.identity.policy_holders import Holdings, PolicyReader
from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.document import Policy, read_policy
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError

__all__ = ["Decision", "Policies", "cognito_keys", "principal_keys"]

_IAM_REGION = "us-east-1"
_ASSUME = "sts:AssumeRole"
_IDENTITY_PROVIDER = "cognito-identity.amazonaws.com"


class Policies:
    """The policies of roles and users, read from IAM and evaluated.

    Args:
        aws: Where IAM is.
        clock: The time, epoch seconds, for conditions on it.
    """

    def __init__(self, *, aws: Aws, clock: Callable[[], float] = time.time) -> None:
        self._reader = PolicyReader(aws=aws)
        self._clock = clock
        self._kept: dict[str, dict[str, Holdings]] = {}

    async def allows(
        self,
        principal: Principal,
        action: str,
        resource: str | None,
        context: Mapping[str, str | Sequence[str]],
        *,
        resource_policy: Policy | None = None,
    ) -> Decision:
        """Decide whether a principal may do this, as IAM would (user guide, "Policy evaluation logic").

        Args:
            action: ``execute-api:Invoke``.
            resource: The ARN of what it is done to; None where that is not known (see ``evaluate``).
            context: What is known of the request beyond its principal: ``aws:SourceIp`` ...
            resource_policy: What the resource itself says, where it is one of the principal's account.

        Raises:
            PolicyError: a policy cannot be evaluated; it names the policy and what of it.
            ServiceError: IAM answered something unexpected.
        """
        if principal.arn == f"arn:aws:iam::{principal.account_id}:root":
            return Decision(allowed=True, reason="the account's root user may do everything")
        holdings = await self._holdings(principal)
        if holdings is None:
            return Decision(allowed=False, reason=f"{principal.role_arn or principal.arn} does not exist")
        keys = {**self._time_keys(), **context, **principal_keys(principal)}
        decision = evaluate(
            holdings.policies,
            boundary=holdings.boundary,
            action=action,
            resource=resource,
            context=Context.of(keys),
            session=_session_policies(principal),
        )
        if resource_policy is not None and resource is not None:
            decision = with_resource_policy(
                decision,
                resource_policy,
                names=(principal.arn, *([principal.role_arn] if principal.role_arn else [])),
                owners=(principal.account_id, f"arn:aws:iam::{principal.account_id}:root"),
                action=action,
                resource=resource,
                context=Context.of(keys),
                must_allow=action == _ASSUME,
            )
        if decision.allowed or decision.explicit_deny or not holdings.unread:
            return decision
        unread = ", ".join(holdings.unread)
        return replace(decision, reason=f"{decision.reason}; attached, but without a document in IAM: {unread}")

    async def mentions(self, principal: Principal, key: str) -> bool:
        """Tell whether a principal's policies ask for a condition key, so that it need not be found out for nothing.

        Raises:
            PolicyError: a policy cannot be read.
        """
        holdings = await self._holdings(principal)
        policies = () if holdings is None else (*holdings.policies, *(holdings.boundary or ()))
        return any(statement.mentions(key) for policy in policies for statement in policy.statements)

    def forget(self, scope: Scope) -> None:
        """Read the account's policies anew from the next call on; to be called after every change in its IAM."""
        self._kept.pop(scope.account_id, None)

    async def _holdings(self, principal: Principal) -> Holdings | None:
        kept = self._kept.setdefault(principal.account_id, {})
        holder = principal.role_arn or principal.arn
        if holder in kept:
            return kept[holder]
        scope = Scope(account_id=principal.account_id, region=_IAM_REGION)
        read = self._reader.of_role if principal.role_arn else self._reader.of_user
        holdings = await read(scope, name_in(holder))
        if holdings is not None:
            # When the account was forgotten meanwhile, this fills a shelf that nobody looks at any more.
            kept[holder] = holdings
        return holdings

    def _time_keys(self) -> dict[str, str]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        return {"aws:CurrentTime": f"{now:%Y-%m-%dT%H:%M:%SZ}", "aws:EpochTime": str(int(now.timestamp()))}


def _session_policies(principal: Principal) -> tuple[Policy, ...] | None:
    if not principal.session_policy:
        return None
    try:
        document = json.loads(principal.session_policy)
    except ValueError as error:
        raise PolicyError.malformed(f"The session policy is no JSON: {error}") from error
    return (read_policy(f"session policy of {principal.arn}", document),)


def principal_keys(principal: Principal) -> dict[str, str | Sequence[str]]:
    """Return the condition keys that tell of the caller (IAM user guide, "AWS global condition context keys")."""
    keys: dict[str, str | Sequence[str]] = {
        "aws:PrincipalArn": principal.role_arn or principal.arn,
        "aws:PrincipalAccount": principal.account_id,
        "aws:PrincipalType": "AssumedRole" if principal.role_arn else "User",
        "aws:userid": principal.user_id,
    }
    if principal.role_arn is None:
        keys["aws:username"] = name_in(principal.arn)
    return keys if principal.cognito is None else keys | cognito_keys(principal.cognito)


def cognito_keys(caller: CognitoCaller) -> dict[str, str | Sequence[str]]:
    """Return the condition keys of an identity (developer guide, "Role trust and permissions")."""
    provider = caller.provider.split(",") if caller.provider else []
    return {
        "aws:FederatedProvider": _IDENTITY_PROVIDER,
        f"{_IDENTITY_PROVIDER}:sub": caller.identity_id,
        f"{_IDENTITY_PROVIDER}:aud": caller.identity_pool_id,
        f"{_IDENTITY_PROVIDER}:amr": [caller.authentication_type, *provider],
    }
