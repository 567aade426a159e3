"""The words of Logs Insights' language: commands cut into tokens.

What is not emulated is refused by name; what is no language at all is AWS's MalformedQueryException.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = ["Token", "Words", "commands_of", "malformed"]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>\#[^\n]*)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<regex>/(?:[^/\\\n]|\\.)+/[a-z]*)
      | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
      | (?P<period>\d+(?:ms|msec|s|sec|m|min|h|hr|d|w)\b)
      | (?P<name>@?[A-Za-z_][\w.]*|`[^`]+`)
      | (?P<sign>!=|<=|>=|=~|[|,()\[\]=<>*+\-/%^])""",
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A piece of a query."""

    kind: str
    """text, regex, number, period, name or sign."""
    text: str


def malformed(why: str) -> ServiceError:
    """Return the refusal of a query that does not parse."""
    return ServiceError("MalformedQueryException", f"unexpected symbol found: {why}")


def commands_of(query: str) -> list[Words]:
    """Return the commands of a query, which stand between ``|``.

    Raises:
        ServiceError: MalformedQueryException.
    """
    commands: list[list[Token]] = [[]]
    position = 0
    while position < len(query):
        # A slash begins a regular expression only behind what asks for one, which only like and =~ do.
        found = _TOKEN.match(query, position)
        if found is None:
            raise malformed(f"{query[position]} at {position}")
        position = found.end()
        kind, text = str(found.lastgroup), found[0]
        if (kind, text) == ("sign", "|"):
            commands.append([])
        elif kind not in ("space", "comment"):
            commands[-1].append(Token(kind=kind, text=text))
    if commands[0] == [] and len(commands) > 1:
        commands = commands[1:]
    if any(not command for command in commands):
        raise malformed("an empty command")
    return [Words(command) for command in commands]


class Words:
    """One command being read from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def done(self) -> bool:
        return self._position == len(self._tokens)

    @property
    def rest(self) -> str:
        return " ".join(token.text for token in self._tokens[self._position :]) or "the end of the command"

    def next_is(self, *texts: str) -> bool:
        """Say whether the next token is one of these signs or words, whatever its case."""
        return not self.done and self._tokens[self._position].text.lower() in texts

    def take_if(self, *texts: str) -> str | None:
        """Return the next token, lower case, if it is one of these."""
        return self.take().text.lower() if self.next_is(*texts) else None

    def take(self, *kinds: str) -> Token:
        """Return the next token, which has to be of one of these kinds, if any are given.

        Raises:
            ServiceError: MalformedQueryException.
        """
        if self.done or (kinds and self._tokens[self._position].kind not in kinds):
            raise malformed(self.rest)
        self._position += 1
        return self._tokens[self._position - 1]

    def expect(self, text: str) -> None:
        if self.take_if(text) is None:
            raise malformed(f"{self.rest}, where {text} is expected")

    def end(self) -> None:
        """Refuse whatever is left."""
        if not self.done:
            raise malformed(self.rest)
