"""A stage's access-log format, read backwards: from a line to the values of the ``$context`` variables in it.

A format is any text with variables in it: JSON, CLF, XML, CSV ("Set up CloudWatch logging for REST APIs in API
Gateway"). The text between two variables is found again in the line, from left to right, without ever trying twice, so
that a line that does not fit costs no more than one that does. A JSON format is decoded where the line is JSON, so that
escapes are undone.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping

__all__ = ["LineFormat", "line_format"]

_VARIABLE = re.compile(r"\$context\.([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)|\$\{context\.([A-Za-z0-9_.]+)\}")

_NAME = re.compile(r"[\w-]+")  # what a selector can name as it is

_Path = tuple[str, ...]


class LineFormat:
    """A format of plain text, ready to read lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        """As the stage has it."""
        found = list(_VARIABLE.finditer(text.rstrip("\r\n")))
        ends = [0, *(variable.end() for variable in found)]
        starts = [*(variable.start() for variable in found), len(text.rstrip("\r\n"))]
        self.variables = tuple(variable[1] or variable[2] for variable in found)
        """Names without the ``$context.``, in their order."""
        self.selectors: Mapping[str, str] = {}
        """Of a JSON format: what a filter pattern calls a variable (``$.status``), where it is a member by itself."""
        self._between = tuple(text[end:start] for end, start in zip(ends, starts, strict=True))
        self.only = self.variables[0] if self._between == ("", "") else None
        """The variable, where the format is nothing else."""

    def read(self, line: str) -> Mapping[str, str] | None:
        """Return the values by variable, ``-`` for those that were not set; None when the line does not fit."""
        line = line.rstrip("\r\n")
        first, *inner, last = self._between if self._between[1:] else (self._between[0], "")
        end = len(line) - len(last)
        if not line.startswith(first) or not line.endswith(last) or end < len(first) or "" in inner:
            return None
        at, values = len(first), []
        for literal in inner:
            found = line.find(literal, at, end)
            if found < 0:
                return None
            values.append(line[at:found])
            at = found + len(literal)
        return dict(zip(self.variables, [*values, line[at:end]], strict=False))


class _JsonFormat(LineFormat):
    """A format that is a JSON object, each of its texts a format of its own."""

    def __init__(self, text: str, members: tuple[tuple[_Path, str], ...]) -> None:
        super().__init__(text)
        self._members = tuple((path, LineFormat(member)) for path, member in members)
        self.selectors = {
            alone[1] or alone[2]: ".".join(("$", *path))
            for path, member in members
            if (alone := _VARIABLE.fullmatch(member)) and all(_NAME.fullmatch(name) for name in path)
        }

    def read(self, line: str) -> Mapping[str, str] | None:
        try:
            decoded = json.loads(line)
        except ValueError:
            # The gateway puts values in as they are: a quote in one of them leaves no JSON, but text all the same.
            return super().read(line)
        values: dict[str, str] = {}
        for path, member in self._members:
            value = _at(decoded, path)
            if value is not None and member.only is not None:
                values[member.only] = value.rstrip("\r\n")  # nearly every member is one variable
                continue
            found = None if value is None else member.read(value)
            if found is None:
                return None
            values |= found
        return values


@functools.lru_cache(maxsize=64)
def line_format(text: str) -> LineFormat:
    """Return the reader of a format.

    Args:
        text: As in the stage's ``accessLogSettings``.
    """
    members = tuple(_members(text))
    return _JsonFormat(text, members) if members else LineFormat(text)


def _members(text: str) -> Iterator[tuple[_Path, str]]:
    """Find the texts with variables in a JSON object; none when it is no such object."""
    try:
        decoded = json.loads(text)
    except ValueError:
        return
    if isinstance(decoded, dict):
        yield from _texts(decoded, ())


def _texts(value: object, path: _Path) -> Iterator[tuple[_Path, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, (*path, name))
    elif isinstance(value, str) and _VARIABLE.search(value):
        yield path, value


def _at(decoded: object, path: _Path) -> str | None:
    for name in path:
        decoded = decoded.get(name) if isinstance(decoded, dict) else None
    return decoded if isinstance(decoded, str) else None
