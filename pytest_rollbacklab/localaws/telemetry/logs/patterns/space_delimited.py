"""Patterns for space-delimited events: ``[ip, user, ..., status = 4*, bytes > 1000]``.

As the user guide has it: what stands between brackets or double quotes is one field, an event has exactly as many
fields as the pattern unless there is an ellipsis, and a field's conditions speak of that field alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from pytest_rollbacklab.localaws.telemetry.logs.patterns.comparison import OPERATORS, number_in, read_comparison
from pytest_rollbacklab.localaws.telemetry.logs.patterns.syntax import (
    Tokens,
    invalid_character,
    invalid_pattern,
    read_expression,
    read_tokens,
)

__all__ = ["compile_fields"]

Condition = Callable[[str], bool]

_FIELD = re.compile(r'\[([^\]]*)\]|"((?:[^"\\]|\\.)*)"|(\S+)')
_NAME = re.compile(r"[\w-]+")


def compile_fields(inside: str) -> Callable[[str], bool]:
    """Return a function that says whether a message's fields fit.

    Args:
        inside: The pattern without its brackets.

    Raises:
        ServiceError: InvalidParameterException.
    """
    tokens = read_tokens(inside)
    before: list[Condition] = []
    after: list[Condition] | None = None
    while True:
        if tokens.next_is("..."):
            if after is not None:
                raise invalid_pattern()
            tokens.take_sign("...")
            after = []
        else:
            (before if after is None else after).append(_read_field(tokens))
        if tokens.done:
            return partial(_fits, before, after)
        tokens.take_sign(",")


def _fits(before: Sequence[Condition], after: Sequence[Condition] | None, message: str) -> bool:
    fields = [bracketed or quoted or bare for bracketed, quoted, bare in _FIELD.findall(message)]
    if after is None:
        if len(fields) != len(before):
            return False
        after = ()
    elif len(fields) < len(before) + len(after):
        return False
    last = fields[len(fields) - len(after) :]
    pairs = (*zip(before, fields, strict=False), *zip(after, last, strict=True))
    return all(condition(field) for condition, field in pairs)


def _read_field(tokens: Tokens) -> Condition:
    """Read a field: nothing, a name, or conditions on one name."""
    if tokens.done or tokens.next_is(","):
        return _anything
    names: set[str] = set()
    condition = read_expression(tokens, partial(_read_condition, names))
    if len(names) > 1:
        raise invalid_pattern()
    return condition


def _read_condition(names: set[str], tokens: Tokens) -> Condition:
    name = tokens.take("word").text
    if not _NAME.fullmatch(name):
        raise invalid_character(name)
    names.add(name)
    if not tokens.next_is(*OPERATORS):
        return _anything
    comparison = read_comparison(tokens)
    return lambda field: comparison.holds(field, number_in(field))


def _anything(_field: str) -> bool:
    return True
