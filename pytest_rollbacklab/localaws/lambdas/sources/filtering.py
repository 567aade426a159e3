"""Filter criteria: whether a record fits a pattern (developer guide, "Lambda event filtering").

A pattern names members; each lists what it may be: a value, ``null``, or a rule (prefix, suffix, equals-ignore-case,
anything-but, numeric, exists). Rules that are not listed here are refused when they are given.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter

__all__ = ["check_pattern", "fits"]

_ABSENT: Final = object()
_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_RULES: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "prefix": lambda value, wanted: isinstance(value, str) and value.startswith(wanted),
    "suffix": lambda value, wanted: isinstance(value, str) and value.endswith(wanted),
    "equals-ignore-case": lambda value, wanted: isinstance(value, str) and value.lower() == wanted.lower(),
    "exists": lambda value, wanted: (value is not _ABSENT) == wanted,
    "anything-but": lambda value, wanted: value is not _ABSENT and not _is_among(value, wanted),
    "numeric": lambda value, wanted: _compares(value, wanted),
}


def check_pattern(text: str) -> Mapping[str, Any]:
    """Read a pattern.

    Raises:
        ServiceError: it is none, or asks for a rule that is not emulated.
    """
    try:
        pattern = json.loads(text)
    except ValueError:
        pattern = None
    if not isinstance(pattern, dict):
        raise invalid_parameter("Invalid filter pattern definition.")
    _check(pattern)
    return pattern


def fits(record: Any, pattern: Mapping[str, Any]) -> bool:
    """Say whether a record fits a pattern: each member that the pattern names has to."""
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(fits(record, choice) for choice in wanted):
                return False
            continue
        value = record.get(name, _ABSENT) if isinstance(record, Mapping) else _ABSENT
        fit = fits(value, wanted) if isinstance(wanted, Mapping) else any(_fits_one(value, one) for one in wanted)
        if not fit:
            return False
    return True


def _check(pattern: Mapping[str, Any]) -> None:
    for name, wanted in pattern.items():
        if isinstance(wanted, dict):
            _check(wanted)
        elif not isinstance(wanted, list):
            raise invalid_parameter("Invalid filter pattern definition.")
        elif name == "$or":
            for choice in wanted:
                _check(choice)
        else:
            unknown = [rule for one in wanted if isinstance(one, dict) for rule in one if rule not in _RULES]
            if unknown:
                raise invalid_parameter(f"The filter rule {unknown[0]} is not emulated by this local AWS.")


def _fits_one(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return all(_RULES[rule](value, argument) for rule, argument in wanted.items())
    values = value if isinstance(value, list) else [value]
    return any(one == wanted and isinstance(one, bool) == isinstance(wanted, bool) for one in values)


def _is_among(value: Any, wanted: Any) -> bool:
    return value in (wanted if isinstance(wanted, list) else [wanted])


def _compares(value: Any, wanted: Sequence[Any]) -> bool:
    if isinstance(value, bool):
        return False
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    return all(_COMPARISONS[sign](number, float(bound)) for sign, bound in zip(wanted[::2], wanted[1::2], strict=True))
