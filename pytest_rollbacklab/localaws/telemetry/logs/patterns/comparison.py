"""A value compared: text with wildcards at its ends, a number, or a regular expression.

The user guide's rules: ``=`` and ``!=`` take an asterisk at either end of the text (anywhere else it is itself); the
other operators are for numbers, which may be written with a sign, a fraction and an exponent.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

from pytest_rollbacklab.localaws.telemetry.logs.patterns.regex import compile_regex
from pytest_rollbacklab.localaws.telemetry.logs.patterns.syntax import Token, Tokens, invalid_pattern, unquote

__all__ = ["OPERATORS", "Comparison", "number_in", "read_comparison"]

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
OPERATORS = ("=", "!=", *_ORDERS)


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """What a value has to be."""

    matches: Callable[[str], bool] | None
    """For the value's text; None where only a number can match (``<`` and its kin)."""
    matches_number: Callable[[float], bool] | None
    """For a value that is a number; None where its text counts."""

    def holds(self, text: str, number: float | None) -> bool:
        """Say whether a value matches.

        Args:
            number: The value, when it is a number.
        """
        if number is not None and self.matches_number is not None:
            return self.matches_number(number)
        return self.matches is not None and self.matches(text)


def read_comparison(tokens: Tokens) -> Comparison:
    """Read one of ``OPERATORS``, which has been seen to be next, and the value behind it."""
    sign = tokens.take("sign").text
    value = tokens.take("string", "regex", "word")
    number = number_in(value.text) if value.kind == "word" else None
    if sign in _ORDERS:
        if number is None:
            raise invalid_pattern()
        return Comparison(matches=None, matches_number=_against(_ORDERS[sign], number))
    matches = _text_matcher(value)
    if sign == "=":
        same = _against(operator.eq, number) if number is not None else None
        return Comparison(matches=matches, matches_number=same)
    other = _against(operator.ne, number) if number is not None else None
    return Comparison(matches=lambda text: not matches(text), matches_number=other)


def number_in(text: str) -> float | None:
    """Return the number that the text is, or None."""
    return float(text) if _NUMBER.fullmatch(text) else None


def _against(holds: Callable[[float, float], bool], right: float) -> Callable[[float], bool]:
    return lambda left: holds(left, right)


def _text_matcher(value: Token) -> Callable[[str], bool]:
    if value.kind == "regex":
        expression = compile_regex(value.text)
        return lambda text: expression.search(text) is not None
    wanted = unquote(value.text) if value.kind == "string" else value.text
    core = wanted.removeprefix("*").removesuffix("*")  # an asterisk alone leaves nothing, which every text ends with
    match wanted.startswith("*"), wanted.endswith("*"):
        case True, True:
            return lambda text: core in text
        case True, False:
            return lambda text: text.endswith(core)
        case False, True:
            return lambda text: text.startswith(core)
    return lambda text: text == core
