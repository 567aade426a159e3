"""Condition operators, one by one, and the rules that hold for all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_rollbacklab.localaws.identity.policy_language.conditions import read_condition
from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError

ROLE = "arn:aws:iam::123456789012:role/notes"


def holds(operator: str, wanted: str | Sequence[str], actual: str | Sequence[str] | None) -> bool:
    values = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    context = Context.of({} if actual is None else {"the:key": actual, "aws:username": "ann"})
    return read_condition(operator, "The:Key", values).holds(context)


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "${aws:username}", "ann", True),
        ("StringEquals", "${aws:nothing}", "ann", False),
        ("StringNotEquals", "a", "b", True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringEqualsIgnoreCase", "Ab", "aB", True),
        ("StringEqualsIgnoreCase", "${aws:nothing}", "aB", False),
        ("StringNotEqualsIgnoreCase", "Ab", "aB", False),
        ("StringLike", "a*", "ab", True),
        ("StringLike", "a?c", "abc", True),
        ("StringLike", "${aws:username}*", "anna", True),
        ("StringNotLike", "a*", "ab", False),
        ("Bool", "true", "True", True),
        ("Bool", "false", "true", False),
        ("NumericEquals", "10", "10.0", True),
        ("NumericNotEquals", "10", "11", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "10", False),
        ("NumericGreaterThanEquals", "10", "10", True),
        ("NumericEquals", "10", "ten", False),
        ("DateEquals", "2024-01-01T00:00:00Z", "1704067200", True),
        ("DateNotEquals", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", True),
        ("DateLessThan", "2024-01-02", "2024-01-01T23:59:59Z", True),
        ("DateLessThanEquals", "1704067200", "2024-01-01T00:00:00Z", True),
        ("DateGreaterThan", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00+02:00", False),
        ("DateGreaterThanEquals", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z", True),
        ("DateEquals", "2024-01-01T00:00:00Z", "now", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.9", "203.0.113.10", False),
        ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
        ("IpAddress", "203.0.113.0/24", "no address", False),
        ("NotIpAddress", ["203.0.113.0/24", "198.51.100.0/24"], "198.51.100.1", False),
        ("ArnEquals", "arn:aws:iam::*:role/notes", ROLE, True),
        ("ArnLike", "arn:aws:iam::123456789012:role/*", ROLE, True),
        ("ArnLike", "arn:aws:iam:*:role/notes", ROLE, False),
        ("ArnLike", "arn:aws:iam::123456789012:role/${aws:username}", "arn:aws:iam::123456789012:role/ann", True),
        ("ArnNotLike", "arn:aws:iam::123456789012:role/*", ROLE, False),
        ("ArnNotEquals", "arn:aws:iam::123456789012:role/other", ROLE, True),
        ("Null", "true", "a", False),
        ("Null", "false", "a", True),
    ],
)
def test_an_operator_compares_as_iam_says(
    operator: str, wanted: str | Sequence[str], actual: str, expected: bool
) -> None:
    assert holds(operator, wanted, actual) is expected


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("StringEquals", False),
        ("StringNotEquals", True),
        ("StringEqualsIfExists", True),
        ("NotIpAddress", True),
        ("NumericLessThan", False),
        ("NumericLessThanIfExists", True),
        ("ForAnyValue:StringEquals", False),
        ("ForAnyValue:StringNotEquals", False),
        ("ForAllValues:StringEquals", True),
        ("ForAnyValue:StringEqualsIfExists", True),
    ],
)
def test_a_key_that_the_request_lacks(operator: str, expected: bool) -> None:
    assert holds(operator, "1", None) is expected


def test_null_asks_for_a_key_that_is_absent() -> None:
    assert holds("Null", "true", None)
    assert not holds("Null", "false", None)


@pytest.mark.parametrize(
    ("operator", "actual", "expected"),
    [
        ("ForAnyValue:StringEquals", ["a", "z"], True),
        ("ForAnyValue:StringEquals", ["y", "z"], False),
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "z"], False),
        ("ForAnyValue:StringNotEquals", ["a", "z"], True),
        ("ForAllValues:StringNotEquals", ["a", "z"], False),
        ("ForAnyValue:StringLike", ["authenticated", "a"], True),
        ("StringEquals", ["y", "a"], True),
        ("StringNotEquals", ["y", "a"], False),
    ],
)
def test_keys_with_several_values(operator: str, actual: list[str], expected: bool) -> None:
    assert holds(operator, ["a", "b"], actual) is expected


@pytest.mark.parametrize("operator", ["StringSortOfEquals", "ForSomeValues:StringEquals", "NullIfExists", ":Bool"])
def test_an_operator_that_is_not_known_is_an_error_that_names_it(operator: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_condition(operator, "k", ("v",))
    assert caught.value.code == "NotImplemented"
    assert caught.value.message.startswith(
        f"the local AWS does not emulate the condition operator {operator!r} in a policy. It knows ArnEquals, "
    )


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [("NotIpAddress", "300.0.0.0/8"), ("NumericLessThan", "ten"), ("DateGreaterThan", "soon")],
)
def test_a_value_that_cannot_be_compared_is_an_error_that_names_it(operator: str, wanted: str) -> None:
    with pytest.raises(PolicyError, match=f"the condition {operator} of The:Key cannot compare with '{wanted}'"):
        holds(operator, wanted, "1")
