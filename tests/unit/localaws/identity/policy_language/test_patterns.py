"""Wildcards and policy variables, as IAM matches them."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.patterns import (
    matches_action,
    matches_arn,
    matches_like,
    resolve,
)

NOTHING = Context.of({})
ANN = Context.of(
    {"aws:username": "ann", "cognito-identity.amazonaws.com:sub": "eu-west-1:1", "aws:TagKeys": ["a", "b"]}
)
API = "arn:aws:execute-api:eu-west-1:123456789012:abc/prod/POST/notes"


@pytest.mark.parametrize(
    ("pattern", "action", "matched"),
    [
        ("*", "execute-api:Invoke", True),
        ("execute-api:*", "execute-api:Invoke", True),
        ("EXECUTE-API:invoke", "execute-api:Invoke", True),
        ("execute-api:Inv?ke", "execute-api:Invoke", True),
        ("execute-api:Inv", "execute-api:Invoke", False),
        ("s3:*", "execute-api:Invoke", False),
        ("execute-api.Invoke", "execute-api:Invoke", False),
    ],
)
def test_actions_match_by_wildcards_without_regard_to_case(pattern: str, action: str, matched: bool) -> None:
    assert matches_action(pattern, action) is matched


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("*", True),
        ("arn:aws:execute-api:*", True),
        ("arn:aws:execute-api:*:*:*", True),
        ("arn:aws:execute-api:eu-west-1:123456789012:abc/*/POST/notes", True),
        ("arn:aws:execute-api:eu-west-1:123456789012:abc/prod/*", True),
        ("arn:aws:execute-api:eu-?est-1:*:abc/prod/POST/note?", True),
        ("arn:aws:execute-api:eu-west-1:123456789012:ABC/prod/POST/notes", False),
        ("arn:aws:execute-api:eu-west-1:123456789012:abc/dev/*", False),
        ("arn:aws:execute-api:eu-west-1:*2:abc/prod/POST/notes", True),
        ("arn:aws:execute-api:e*2:abc/prod/POST/notes", False),
    ],
)
def test_resources_match_by_wildcards(pattern: str, matched: bool) -> None:
    assert matches_arn(pattern, API, NOTHING) is matched


def test_a_variable_stands_for_its_value() -> None:
    pattern = "arn:aws:dynamodb:eu-west-1:1:table/${cognito-identity.amazonaws.com:sub}"
    assert matches_arn(pattern, "arn:aws:dynamodb:eu-west-1:1:table/eu-west-1:1", ANN)
    assert not matches_arn(pattern, "arn:aws:dynamodb:eu-west-1:1:table/eu-west-1:2", ANN)


def test_a_variable_may_stand_in_any_part_of_an_arn() -> None:
    assert matches_arn("arn:aws:sqs:eu-west-1:${aws:username}:q", "arn:aws:sqs:eu-west-1:ann:q", ANN)


def test_a_variable_that_is_not_known_matches_nothing() -> None:
    assert not matches_arn("arn:aws:s3:::b/${aws:username}*", "arn:aws:s3:::b/", NOTHING)
    assert resolve("${aws:username}", NOTHING) is None


def test_a_variable_with_several_values_matches_nothing() -> None:
    assert resolve("${aws:TagKeys}", ANN) is None


def test_a_variable_falls_back_to_its_default() -> None:
    assert resolve("x-${aws:PrincipalTag/team, 'all'}", ANN) == "x-all"
    assert resolve("${aws:username, 'all'}", ANN) == "ann"


def test_a_variables_value_is_no_wildcard() -> None:
    star = Context.of({"aws:username": "*"})
    assert not matches_like("${aws:username}", "anybody", star)
    assert matches_like("${aws:username}", "*", star)


def test_wildcards_can_be_written_as_text() -> None:
    assert matches_like("a${*}${?}${$}", "a*?$", NOTHING)
    assert not matches_like("a${*}", "ab", NOTHING)


def test_before_variables_came_they_are_mere_text() -> None:
    assert resolve("${aws:username}", ANN.literally()) == "${aws:username}"
    assert matches_like("$${x", "$${x", NOTHING)
