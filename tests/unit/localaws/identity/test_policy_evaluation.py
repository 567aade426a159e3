"""Deny before Allow before nothing, within the boundary; and who trusts whom."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.localaws.identity.policy_evaluation import Decision, evaluate, trusts
from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.document import Policy, read_policy
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError

INVOKE = "execute-api:Invoke"
API = "arn:aws:execute-api:eu-west-1:123456789012:abc/prod/POST/notes"
NOTHING = Context.of({})
WEB_IDENTITY = "sts:AssumeRoleWithWebIdentity"


def policy(name: str, *statements: dict[str, Any], version: str = "2012-10-17") -> Policy:
    return read_policy(name, {"Version": version, "Statement": list(statements)})


def says(effect: str, action: str = INVOKE, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def decide(*policies: Policy, boundary: tuple[Policy, ...] | None = None, context: Context = NOTHING) -> Decision:
    return evaluate(policies, action=INVOKE, resource=API, context=context, boundary=boundary)


def test_without_any_policy_it_is_denied() -> None:
    decision = decide()
    assert not decision.allowed
    assert not decision.explicit_deny
    assert decision.reason == f"no policy allows {INVOKE} on {API}"


def test_an_allow_allows_and_is_named() -> None:
    decision = decide(policy("reads", says("Allow", "s3:*")), policy("calls", says("Allow", Sid="Calls")))
    assert decision.allowed
    assert decision.reason == "allowed by Calls of calls"


def test_a_deny_wins_wherever_it_stands() -> None:
    decision = decide(policy("one", says("Allow")), policy("two", says("Allow", "s3:*"), says("Deny")))
    assert not decision.allowed
    assert decision.explicit_deny
    assert decision.reason == "denied by statement 2 of two"


def test_a_boundary_grants_nothing() -> None:
    assert not decide(boundary=(policy("b", says("Allow")),)).allowed


def test_a_boundary_must_allow_as_well() -> None:
    calls = policy("calls", says("Allow"))
    assert decide(calls, boundary=(policy("b", says("Allow")),)).allowed
    outside = decide(calls, boundary=(policy("b", says("Allow", "s3:*")),))
    assert not outside.allowed
    assert outside.reason == f"the permissions boundary does not allow {INVOKE} on {API}"
    denied = decide(calls, boundary=(policy("b", says("Allow"), says("Deny")),))
    assert denied.explicit_deny


def test_an_old_document_takes_variables_for_text() -> None:
    ann = Context.of({"aws:username": "prod"})
    statement = says("Allow", resource="arn:aws:execute-api:eu-west-1:123456789012:abc/${aws:username}/*")
    assert decide(policy("p", statement), context=ann).allowed
    assert not decide(policy("p", statement, version="2008-10-17"), context=ann).allowed


def test_a_policy_of_an_identity_names_no_principal() -> None:
    with pytest.raises(PolicyError, match=r"policy p: Policy document should not specify a principal."):
        decide(policy("p", says("Allow", Principal="*")))


def test_a_policy_of_an_identity_names_its_resources() -> None:
    with pytest.raises(PolicyError, match=r"policy p: Policy statement must contain resources."):
        decide(policy("p", {"Effect": "Allow", "Action": "*"}))


def test_a_value_that_cannot_be_compared_is_told_with_its_policy() -> None:
    statement = says("Allow", Condition={"IpAddress": {"aws:SourceIp": "here"}})
    with pytest.raises(
        PolicyError, match=r"policy p: the condition IpAddress of aws:SourceIp cannot compare with 'here'"
    ):
        decide(policy("p", statement), context=Context.of({"aws:SourceIp": "127.0.0.1"}))


def trust(**changes: Any) -> Policy:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": WEB_IDENTITY,
        "Condition": {
            "StringEquals": {"cognito-identity.amazonaws.com:aud": "pool"},
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
        },
    }
    return policy("trust policy", statement | changes)


def trusted(document: Policy, *, aud: str = "pool", amr: str = "authenticated") -> bool:
    keys = {"cognito-identity.amazonaws.com:aud": aud, "cognito-identity.amazonaws.com:amr": [amr, "provider"]}
    return trusts(
        document,
        kind="Federated",
        principal="cognito-identity.amazonaws.com",
        action=WEB_IDENTITY,
        context=Context.of(keys),
    )


def test_a_trust_policy_lets_the_principal_that_it_names_in() -> None:
    assert trusted(trust())
    assert trusted(trust(Principal="*"))
    assert not trusted(trust(Principal={"Service": "lambda.amazonaws.com"}))
    assert not trusted(trust(Action="sts:AssumeRole"))


def test_a_trust_policys_conditions_must_hold() -> None:
    assert not trusted(trust(), aud="another pool")
    assert not trusted(trust(), amr="unauthenticated")


def test_a_trust_policys_deny_wins() -> None:
    statements = {"Principal": "*", "Action": WEB_IDENTITY}
    assert not trusted(policy("t", {"Effect": "Allow", **statements}, {"Effect": "Deny", **statements}))
