"""Patterns for space-delimited events: ``[ip, user, ..., status = 4*, bytes > 1000]``.

As the user guide has it: what stands between brackets or double quotes is one field, an event has exactly as many
fields as the pattern unless there is an ellipsis, and a field's conditions speak of that field alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from pytest_rollbacklab.localaws.telemetry.logs.patterns.comparison import OPERATORS, number_in, read_comparison
from pytest_rollbacklab.localaws.telemetry.logs.patterns.syntax import (
    Tokens,
    invalid_character,
    invalid_pattern,
    read_expression,
    read_tokens,
)

__all__ = ["Field", "FieldPattern", "compile_fields", "fields_of", "read_field_pattern"]

Condition = Callable[[str], bool]

_FIELD = re.compile(r'\[([^\]]*)\]|"((?:[^"\\]|\\.)*)"|(\S+)')
_NAME = re.compile(r"[\w-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One field of a pattern."""

    name: str | None
    """None for one that has none, as in ``[, , status]``."""
    condition: Condition


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldPattern:
    """The fields before the ellipsis, and those after it."""

    before: Sequence[Field]
    after: Sequence[Field] | None
    """None where there is no ellipsis."""

    def fits(self, message: str) -> bool:
        """Say whether a message has these fields."""
        return self._pairs(fields_of(message)) is not None

    def values(self, message: str) -> dict[str, str]:
        """Return a fitting message's fields: ``$name`` by the pattern's names, ``$1``, ``$2`` ... where it has none."""
        found = fields_of(message)
        names = {index: field.name for index, field in self._pairs(found) or () if field.name is not None}
        return {f"${names.get(index, index + 1)}": value for index, value in enumerate(found)}

    def _pairs(self, found: Sequence[str]) -> list[tuple[int, Field]] | None:
        """Return the pattern's fields by their place in a message; None when it does not fit."""
        after = self.after or ()
        named = len(self.before) + len(after)
        if len(found) < named or (self.after is None and len(found) != named):
            return None
        pairs = [*enumerate(self.before), *enumerate(after, len(found) - len(after))]
        return pairs if all(field.condition(found[index]) for index, field in pairs) else None


def compile_fields(inside: str) -> Callable[[str], bool]:
    """Return a function that says whether a message's fields fit.

    Args:
        inside: The pattern without its brackets.

    Raises:
        ServiceError: InvalidParameterException.
    """
    return read_field_pattern(inside).fits


def fields_of(message: str) -> list[str]:
    """Return the fields of a message, without the brackets or quotes around them."""
    return [bracketed or quoted or bare for bracketed, quoted, bare in _FIELD.findall(message)]


def read_field_pattern(inside: str) -> FieldPattern:
    """Return the pattern's fields.

    Args:
        inside: The pattern without its brackets; of nothing, it fits whatever a message's fields are.

    Raises:
        ServiceError: InvalidParameterException.
    """
    if not inside.strip():
        return FieldPattern(before=(), after=())
    tokens = read_tokens(inside)
    before: list[Field] = []
    after: list[Field] | None = None
    while True:
        if tokens.next_is("..."):
            if after is not None:
                raise invalid_pattern()
            tokens.take_sign("...")
            after = []
        else:
            (before if after is None else after).append(_read_field(tokens))
        if tokens.done:
            return FieldPattern(before=before, after=after)
        tokens.take_sign(",")


def _read_field(tokens: Tokens) -> Field:
    """Read a field: nothing, a name, or conditions on one name."""
    if tokens.done or tokens.next_is(","):
        return Field(name=None, condition=_anything)
    names: set[str] = set()
    condition = read_expression(tokens, partial(_read_condition, names))
    if len(names) > 1:
        raise invalid_pattern()
    return Field(name=names.pop(), condition=condition)


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
