"""Whether policies allow a request: an explicit Deny wins, then an Allow, and without either it is denied.

Pure: the documents, the request and its context come in, a decision with its reason goes out (IAM user guide, "Policy
evaluation logic"). A permissions boundary grants nothing: it must allow as well. Session policies and organisations'
service control policies are not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.document import Policy, Statement
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError

__all__ = ["Decision", "evaluate", "trusts"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whether an action is allowed, and by what."""

    allowed: bool
    reason: str
    """Which policy and statement decided, or that none did: for logs and for whoever wonders."""
    explicit_deny: bool = False
    """Whether a Deny statement decided."""


def evaluate(
    policies: Sequence[Policy],
    *,
    action: str,
    resource: str,
    context: Context,
    boundary: Sequence[Policy] | None = None,
) -> Decision:
    """Decide by the policies of an identity.

    Args:
        policies: All that are attached to it.
        boundary: Its permissions boundary; None when it has none.

    Raises:
        PolicyError: a policy cannot be evaluated.
    """
    for policy in policies:
        _refuse_other_kinds(policy)
    decision = _decide(policies, action, resource, context)
    if not decision.allowed or boundary is None:
        return decision
    within = _decide(boundary, action, resource, context)
    if within.allowed or within.explicit_deny:
        return within if within.explicit_deny else decision
    return Decision(allowed=False, reason=f"the permissions boundary does not allow {action} on {resource}")


def trusts(policy: Policy, *, kind: str, principal: str, action: str, context: Context) -> bool:
    """Tell whether a role's trust policy lets a principal assume the role.

    Args:
        kind: ``AWS``, ``Service`` or ``Federated``.
        principal: ``cognito-identity.amazonaws.com``.

    Raises:
        PolicyError: the policy cannot be evaluated.
    """
    context = context if policy.has_variables else context.literally()
    spoken = [
        statement.effect
        for statement in policy.statements
        if statement.names(kind, principal) and statement.covers(action, "", context)
    ]
    return "Allow" in spoken and "Deny" not in spoken


def _decide(policies: Sequence[Policy], action: str, resource: str, context: Context) -> Decision:
    allow: Decision | None = None
    for policy, statement in _speaking(policies, action, resource, context):
        reason = f"{statement.label} of {policy.name}"
        if statement.effect == "Deny":
            return Decision(allowed=False, reason=f"denied by {reason}", explicit_deny=True)
        allow = allow or Decision(allowed=True, reason=f"allowed by {reason}")
    return allow or Decision(allowed=False, reason=f"no policy allows {action} on {resource}")


def _speaking(
    policies: Sequence[Policy], action: str, resource: str, context: Context
) -> Iterator[tuple[Policy, Statement]]:
    for policy in policies:
        own_context = context if policy.has_variables else context.literally()
        try:
            for statement in policy.statements:
                if statement.covers(action, resource, own_context):
                    yield policy, statement
        except PolicyError as error:
            raise error.of_policy(policy.name) from error


def _refuse_other_kinds(policy: Policy) -> None:
    for statement in policy.statements:
        if statement.principals is not None:
            raise PolicyError.malformed("Policy document should not specify a principal.").of_policy(policy.name)
        if statement.resources is None:
            raise PolicyError.malformed("Policy statement must contain resources.").of_policy(policy.name)
