"""Policy documents: what is read, and what is told of those that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.document import read_policy
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError

ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
NOTHING = Context.of({})


def policy(**changes: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [ALLOW | changes]}


def test_single_values_and_lists_mean_the_same() -> None:
    lists = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["*"]}]}
    assert read_policy("p", lists) == read_policy("p", {"Version": "2012-10-17", "Statement": ALLOW})


def test_a_statement_is_called_by_its_sid_or_its_place() -> None:
    document = {"Version": "2012-10-17", "Statement": [ALLOW, ALLOW | {"Sid": "Reads"}]}
    assert [statement.label for statement in read_policy("p", document).statements] == ["statement 1", "Reads"]


def test_not_action_and_not_resource_speak_of_all_the_rest() -> None:
    statement = read_policy(
        "p",
        {"Statement": {"Effect": "Deny", "NotAction": ["iam:*", "sts:*"], "NotResource": "arn:aws:s3:::mine/*"}},
    ).statements[0]
    assert statement.covers("s3:GetObject", "arn:aws:s3:::other/x", NOTHING)
    assert not statement.covers("iam:GetRole", "arn:aws:s3:::other/x", NOTHING)
    assert not statement.covers("s3:GetObject", "arn:aws:s3:::mine/x", NOTHING)


def test_all_conditions_must_hold() -> None:
    condition = {"StringEquals": {"a:x": "1", "a:y": "2"}, "Bool": {"aws:SecureTransport": True}}
    statement = read_policy("p", policy(Condition=condition)).statements[0]
    keys = {"a:x": "1", "a:y": "2", "aws:SecureTransport": "true"}
    assert statement.covers("s3:GetObject", "*", Context.of(keys))
    for key in keys:
        assert not statement.covers("s3:GetObject", "*", Context.of(keys | {key: "other"}))


def test_variables_came_with_the_version_of_2012() -> None:
    assert read_policy("p", {"Version": "2012-10-17", "Statement": ALLOW}).has_variables
    assert not read_policy("p", {"Version": "2008-10-17", "Statement": ALLOW}).has_variables
    assert not read_policy("p", {"Statement": ALLOW}).has_variables


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            {"Version": "2013-01-01", "Statement": ALLOW},
            "Version is '2013-01-01'; it must be one of 2008-10-17, 2012-10-17",
        ),
        ({"Version": "2012-10-17"}, "it has no Statement"),
        ({"Statement": []}, "it has no Statement"),
        ({"Statement": ["Allow"]}, "statement 1 is no object"),
        (policy(Effect="allow"), "the Effect of statement 1 is 'allow'; it must be Allow or Deny"),
        ({"Statement": {"Effect": "Allow", "Resource": "*"}}, "statement 1 has neither Action nor NotAction"),
        (policy(NotAction="s3:*"), "statement 1 has both Action and NotAction"),
        (policy(NotResource="*"), "statement 1 has both Resource and NotResource"),
        (policy(Action={"a": 1}), "Action of statement 1 is neither a string nor a list of strings"),
        (policy(Principal="me"), "the Principal of statement 1 is neither '*' nor an object"),
        (
            policy(Condition={"StringEquals": "x"}),
            "the Condition of statement 1 is no object of operators, keys and values",
        ),
    ],
)
def test_a_malformed_document_is_told_of_by_name(document: dict[str, Any], message: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy("inline policy notes", document)
    assert caught.value.code == "MalformedPolicyDocument"
    assert caught.value.message == f"policy inline policy notes: {message}"


def test_an_element_that_is_not_emulated_is_named() -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy("p", policy(NotPrincipal={"AWS": "*"}))
    assert caught.value.code == "NotImplemented"
    assert caught.value.message.startswith(
        "policy p: the local AWS does not emulate NotPrincipal (statement 1) in a policy."
    )


def test_an_unknown_operator_is_told_of_even_where_the_statement_would_not_match() -> None:
    with pytest.raises(PolicyError, match=r"policy p: .*the condition operator 'StringSortOf'"):
        read_policy("p", policy(Condition={"StringSortOf": {"k": "v"}}))
