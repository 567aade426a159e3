"""Condition operators: one table, and the few rules that hold for all of them.

The rules (IAM user guide, "IAM JSON policy elements: Condition operators"): the values of a condition are joined by
OR, or by NOR when the operator is a negated one; a key that the request lacks fails a condition, except a negated one,
``...IfExists`` and ``ForAllValues:``. An operator that is not in the table is an error by name: taking it for true
would allow, and taking it for false would make a Deny not deny.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from ipaddress import ip_address, ip_network
from operator import eq, ge, gt, le, lt
from typing import Any, Literal, Protocol

from pytest_rollbacklab.localaws.identity.policy_language.context import Context
from pytest_rollbacklab.localaws.identity.policy_language.errors import PolicyError
from pytest_rollbacklab.localaws.identity.policy_language.patterns import arn_parts, matches_like, resolve

__all__ = ["Condition", "read_condition"]

_Test = Callable[[str, str, Context], bool]


class Condition(Protocol):
    """One line of a Condition block."""

    @property
    def key(self) -> str:
        """The condition key that it asks for."""
        ...

    def holds(self, context: Context) -> bool:
        """Tell whether the request meets the condition.

        Raises:
            PolicyError: a value of the condition is none that its operator can compare.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class _Comparison:
    """A key of the request, compared with the condition's values."""

    operator: str
    """As written: ``ForAnyValue:StringLike``."""
    key: str
    values: tuple[str, ...]
    test: _Test
    negated: bool
    quantifier: Literal["ForAnyValue", "ForAllValues"] | None
    if_exists: bool

    def holds(self, context: Context) -> bool:
        actual = context.get(self.key)
        if not actual:
            return self.if_exists or self.quantifier == "ForAllValues" or (self.negated and self.quantifier is None)
        met = [self._met(value, context) for value in actual]
        every = self.quantifier == "ForAllValues" or (self.quantifier is None and self.negated)
        return all(met) if every else any(met)

    def _met(self, value: str, context: Context) -> bool:
        try:
            return any(self.test(wanted, value, context) for wanted in self.values) != self.negated
        except _ValueOfPolicyError as error:
            raise PolicyError.malformed(
                f"the condition {self.operator} of {self.key} cannot compare with {error.value!r}"
            ) from error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Null:
    """``Null``: whether the key is absent is all that is asked."""

    key: str
    absent: bool

    def holds(self, context: Context) -> bool:
        return (not context.get(self.key)) is self.absent


def read_condition(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    """Read one line of a Condition block.

    Raises:
        PolicyError: the operator is unknown.
    """
    if operator == "Null":
        return _Null(key=key, absent=_truth(values[0]) if values else True)
    quantifier, colon, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    known = _OPERATORS.get(base)
    if known is None or quantifier not in ("", "ForAnyValue", "ForAllValues") or bool(colon) != bool(quantifier):
        raise PolicyError.unsupported(f"the condition operator {operator!r}", sorted(_OPERATORS))
    test, negated = known
    return _Comparison(
        operator=operator,
        key=key,
        values=values,
        test=test,
        negated=negated,
        quantifier="ForAnyValue" if quantifier == "ForAnyValue" else "ForAllValues" if quantifier else None,
        if_exists=name.endswith("IfExists"),
    )


class _ValueOfPolicyError(ValueError):
    """A value that the policy's author wrote cannot be read; one that the request brought merely does not match."""

    def __init__(self, value: str) -> None:
        self.value = value
        super().__init__(value)


def _string_equals(wanted: str, actual: str, context: Context) -> bool:
    return resolve(wanted, context) == actual


def _string_equals_ignoring_case(wanted: str, actual: str, context: Context) -> bool:
    resolved = resolve(wanted, context)
    return resolved is not None and resolved.casefold() == actual.casefold()


def _arn_like(wanted: str, actual: str, context: Context) -> bool:
    """Match the six parts of an ARN each for itself, as both ArnEquals and ArnLike do."""
    ours, theirs = arn_parts(wanted), arn_parts(actual)
    return len(ours) == len(theirs) and all(matches_like(w, a, context) for w, a in zip(ours, theirs, strict=True))


def _bool(wanted: str, actual: str, context: Context) -> bool:
    return (resolve(wanted, context) or "").lower() == actual.lower()


def _ip_address(wanted: str, actual: str, _: Context) -> bool:
    try:
        network = ip_network(wanted, strict=False)
    except ValueError as error:
        raise _ValueOfPolicyError(wanted) from error
    try:
        return ip_address(actual) in network
    except ValueError:
        return False


def _comparing(read: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> _Test:
    def test(wanted: str, actual: str, _: Context) -> bool:
        try:
            limit = read(wanted)
        except (ValueError, InvalidOperation) as error:
            raise _ValueOfPolicyError(wanted) from error
        try:
            return compare(read(actual), limit)
        except (ValueError, InvalidOperation):
            return False

    return test


def _moment(text: str) -> datetime:
    """Read a date as IAM takes it: ISO 8601, or epoch seconds."""
    if text.isdecimal():
        return datetime.fromtimestamp(int(text), UTC)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _truth(text: str) -> bool:
    return text.lower() == "true"


_COMPARISONS = {"LessThan": lt, "LessThanEquals": le, "GreaterThan": gt, "GreaterThanEquals": ge}

# Each operator's test, and whether it is the negated one.
_OPERATORS: dict[str, tuple[_Test, bool]] = {
    "StringEquals": (_string_equals, False),
    "StringNotEquals": (_string_equals, True),
    "StringEqualsIgnoreCase": (_string_equals_ignoring_case, False),
    "StringNotEqualsIgnoreCase": (_string_equals_ignoring_case, True),
    "StringLike": (matches_like, False),
    "StringNotLike": (matches_like, True),
    "ArnEquals": (_arn_like, False),
    "ArnNotEquals": (_arn_like, True),
    "ArnLike": (_arn_like, False),
    "ArnNotLike": (_arn_like, True),
    "Bool": (_bool, False),
    "IpAddress": (_ip_address, False),
    "NotIpAddress": (_ip_address, True),
    "NumericEquals": (_comparing(Decimal, eq), False),
    "NumericNotEquals": (_comparing(Decimal, eq), True),
    **{f"Numeric{name}": (_comparing(Decimal, compare), False) for name, compare in _COMPARISONS.items()},
    "DateEquals": (_comparing(_moment, eq), False),
    "DateNotEquals": (_comparing(_moment, eq), True),
    **{f"Date{name}": (_comparing(_moment, compare), False) for name, compare in _COMPARISONS.items()},
}
