"""The small language inside of { } and [ ]: tokens, and conditions joined by ``&&``, ``||`` and parentheses.

Both kinds of pattern share it; what a condition is, each of them says.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid

__all__ = ["Token", "Tokens", "invalid_character", "invalid_pattern", "read_expression", "read_tokens", "unquote"]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<regex>%[^%]*%)
      | (?P<sign>\.\.\.(?=\s*(?:,|$))|&&|\|\||!=|<=|>=|[()=<>,])
      | (?P<word>[^\s"%()=<>,&|!]+)""",
    re.VERBOSE,
)
_MAX_REGEXES = 2

Subject = TypeVar("Subject")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A piece of a pattern: a string, a regex, a sign or a word, as written."""

    kind: str
    text: str


def invalid_pattern() -> ServiceError:
    """Return what AWS says to a pattern that does not parse."""
    return invalid("Invalid filter pattern")


def invalid_character(character: str) -> ServiceError:
    return invalid(f"Invalid character(s) in term '{character}'")


def unquote(string: str) -> str:
    """Return what a quoted string holds."""
    return re.sub(r"\\(.)", r"\1", string[1:-1])


def read_tokens(text: str) -> Tokens:
    """Return the tokens of a pattern.

    Raises:
        ServiceError: a character that has no place there, or more than two regular expressions.
    """
    tokens = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise invalid_character(text[position])
        position = found.end()
        if found.lastgroup != "space":
            tokens.append(Token(kind=str(found.lastgroup), text=found[0]))
    if sum(token.kind == "regex" for token in tokens) > _MAX_REGEXES:
        raise invalid(f"A filter pattern can have at most {_MAX_REGEXES} regular expressions")
    return Tokens(tokens)


class Tokens:
    """Tokens being read from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def done(self) -> bool:
        return self._position == len(self._tokens)

    def kinds(self, *kinds: str) -> list[Token]:
        """Return the tokens of these kinds, wherever they stand."""
        return [token for token in self._tokens if token.kind in kinds]

    def next_is(self, *signs: str) -> bool:
        """Say whether the next token is one of these signs."""
        if self.done:
            return False
        token = self._tokens[self._position]
        return token.kind == "sign" and token.text in signs

    def take(self, *kinds: str) -> Token:
        """Return the next token, which has to be of one of these kinds.

        Raises:
            ServiceError: it is not.
        """
        if self.done or self._tokens[self._position].kind not in kinds:
            raise invalid_pattern()
        self._position += 1
        return self._tokens[self._position - 1]

    def take_sign(self, sign: str) -> None:
        if not self.next_is(sign):
            raise invalid_pattern()
        self._position += 1


def read_expression(
    tokens: Tokens, read_condition: Callable[[Tokens], Callable[[Subject], bool]]
) -> Callable[[Subject], bool]:
    """Read conditions joined by ``||``; ``&&`` binds tighter, parentheses tightest."""
    choices = [_read_all(tokens, read_condition)]
    while tokens.next_is("||"):
        tokens.take_sign("||")
        choices.append(_read_all(tokens, read_condition))
    return choices[0] if len(choices) == 1 else lambda subject: any(choice(subject) for choice in choices)


def _read_all(
    tokens: Tokens, read_condition: Callable[[Tokens], Callable[[Subject], bool]]
) -> Callable[[Subject], bool]:
    parts = [_read_one(tokens, read_condition)]
    while tokens.next_is("&&"):
        tokens.take_sign("&&")
        parts.append(_read_one(tokens, read_condition))
    return parts[0] if len(parts) == 1 else lambda subject: all(part(subject) for part in parts)


def _read_one(
    tokens: Tokens, read_condition: Callable[[Tokens], Callable[[Subject], bool]]
) -> Callable[[Subject], bool]:
    if not tokens.next_is("("):
        return read_condition(tokens)
    tokens.take_sign("(")
    inner = read_expression(tokens, read_condition)
    tokens.take_sign(")")
    return inner
