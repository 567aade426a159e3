"""Whether policies allow a request: an explicit Deny wins, then an Allow, and without either it is denied.

Pure: the documents, the request and its context come in, a decision with its reason goes out (IAM user guide, "Policy
evaluation logic"). A permissions boundary and a session's policies grant nothing: they must allow as well. What belongs
to a resource grants to whom it names, and its Deny wins as any other. Organisations' policies are not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.document import Policy, Statement
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError

__all__ = ["Decision", "evaluate", "trusts", "with_resource_policy"]


_OWN = "an identity-based policy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """Whether an action is allowed, and by what."""

    allowed: bool
    reason: str
    """Which policy and statement decided, or that none did: for logs and for whoever wonders."""
    explicit_deny: bool = False
    """Whether a Deny statement decided."""
    because: str = "because no identity-based policy allows the {action} action"
    """The end of AWS's sentence when it is not allowed."""


def evaluate(
    policies: Sequence[Policy],
    *,
    action: str,
    resource: str | None,
    context: Context,
    boundary: Sequence[Policy] | None = None,
    session: Sequence[Policy] | None = None,
) -> Decision:
    """Decide by the policies of an identity.

    Args:
        policies: All that are attached to it.
        resource: An ARN; None where it is not known which, and the action alone decides.
        boundary: Its permissions boundary; None when it has none.
        session: The policies that its session was begun with; None when there were none.

    Raises:
        PolicyError: a policy cannot be evaluated.
    """
    for policy in policies:
        _refuse_other_kinds(policy)
    decision = _decide(policies, action, resource, context, kind=_OWN)
    for kind, limits in (("a permissions boundary", boundary), ("a session policy", session)):
        if decision.allowed and limits is not None:
            within = _decide(limits, action, resource, context, kind=kind)
            decision = decision if within.allowed else within
    return decision


def with_resource_policy(
    decision: Decision,
    policy: Policy,
    *,
    names: Sequence[str],
    owners: Sequence[str],
    action: str,
    resource: str,
    context: Context,
    must_allow: bool = False,
) -> Decision:
    """Join what an identity's policies say with what the resource's own says, both of one account.

    Args:
        names: By which the policy may name the caller itself.
        owners: By which it may name the caller's account; to allow these only leaves it to the identity's policies.
        must_allow: Whether nothing is allowed that this policy does not allow, as with a role's trust policy.

    Raises:
        PolicyError: the policy cannot be evaluated.
    """
    spoken = [
        (statement, {name for name in (*names, *owners) if statement.names("AWS", name)})
        for _, statement in _speaking([policy], action, resource, context)
    ]
    denied = next((statement for statement, named in spoken if named and statement.effect == "Deny"), None)
    if denied is not None:
        return Decision(
            allowed=False,
            reason=f"denied by {denied.label} of {policy.name}",
            explicit_deny=True,
            because="with an explicit deny in a resource-based policy",
        )
    if must_allow and not any(named and statement.effect == "Allow" for statement, named in spoken):
        return Decision(allowed=False, reason=f"{policy.name} does not allow {action}", because="")
    if decision.allowed or decision.explicit_deny:
        return decision
    for statement, named in spoken:
        if statement.effect == "Allow" and named & set(names):
            return Decision(allowed=True, reason=f"allowed by {statement.label} of {policy.name}")
    return decision


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


def _decide(policies: Sequence[Policy], action: str, resource: str | None, context: Context, *, kind: str) -> Decision:
    allow: Decision | None = None
    for policy, statement in _speaking(policies, action, resource, context):
        reason = f"{statement.label} of {policy.name}"
        if statement.effect == "Deny":
            because = f"with an explicit deny in {kind}"
            return Decision(allowed=False, reason=f"denied by {reason}", explicit_deny=True, because=because)
        allow = allow or Decision(allowed=True, reason=f"allowed by {reason}")
    if allow is not None:
        return allow
    noun, what = kind.partition(" ")[2], f"{action} on {resource or 'anything'}"
    return Decision(
        allowed=False,
        reason=f"no policy allows {what}" if kind == _OWN else f"the {noun} does not allow {what}",
        because=f"because no {noun} allows the {{action}} action",
    )


def _speaking(
    policies: Sequence[Policy], action: str, resource: str | None, context: Context
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
