"""JSON values as Node prints them (``console.dir``): what a command that stands in for a Node one has to print.

Follows ``util.inspect`` of Node 20 with its defaults: depth 2, lines of up to 80 columns, long arrays in columns.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["inspect"]

_DEPTH = 2
_WIDTH = 80
_COMPACT = 3
_LONGEST_ARRAY = 100
_UNGROUPED = 6
_NARROWEST = 16
_IDENTIFIER = re.compile(r"[a-zA-Z_][a-zA-Z_0-9]*")
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}


def inspect(value: Any) -> str:
    """Return a value, made of what JSON has, as Node's ``console.dir`` prints it."""
    return _Inspection().show(value, 0)


class _Inspection:
    """One value's printing: how far in it is, and how deep it has been."""

    def __init__(self) -> None:
        self._indent = 0
        self._deepest = 0

    def show(self, value: Any, level: int) -> str:
        if isinstance(value, Mapping):
            return self._many(value, level, "{}", "[Object]", self._members)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return self._many(value, level, "[]", "[Array]", self._items)
        if isinstance(value, str):
            return self._text(value)
        return _number_or_word(value)

    def _many(self, value: Any, level: int, braces: str, folded: str, parts: Any) -> str:
        if not value:
            return braces
        if level > _DEPTH:
            return folded
        self._deepest = level
        return self._joined(parts(value, level), value, level, braces)

    def _members(self, value: Mapping[str, Any], level: int) -> list[str]:
        return [f"{_key(key)}: {self._inside(member, level)}" for key, member in value.items()]

    def _items(self, value: Sequence[Any], level: int) -> list[str]:
        shown = [self._inside(item, level) for item in value[:_LONGEST_ARRAY]]
        hidden = len(value) - len(shown)
        return [*shown, f"... {hidden} more item{'s' if hidden > 1 else ''}"] if hidden else shown

    def _inside(self, value: Any, level: int) -> str:
        self._indent += 2
        shown = self.show(value, level + 1)
        self._indent -= 2
        return shown

    def _joined(self, parts: list[str], value: Any, level: int, braces: str) -> str:
        entries = len(parts)
        if braces == "[]" and entries > _UNGROUPED:
            parts = _in_columns(parts, value, self._indent)
        if self._deepest - level < _COMPACT and entries == len(parts):
            start = len(parts) + self._indent + len(braces[0]) + 10
            fits = sum(map(len, parts)) + len(parts) + start <= _WIDTH
            if fits and not any("\n" in part for part in parts):
                return f"{braces[0]} {', '.join(parts)} {braces[1]}"
        margin = "\n" + " " * self._indent
        return f"{braces[0]}{margin}  {f',{margin}  '.join(parts)}{margin}{braces[1]}"

    def _text(self, value: str) -> str:
        if len(value) > _NARROWEST and len(value) > _WIDTH - self._indent - 4:
            lines = re.split(r"(?<=\n)", value)
            return f" +\n{' ' * (self._indent + 2)}".join(_quoted(line) for line in lines if line)
        return _quoted(value)


def _number_or_word(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _key(key: str) -> str:
    return key if _IDENTIFIER.fullmatch(key) else _quoted(key, quotes="'")


def _quoted(text: str, quotes: str = "'\"`") -> str:
    quote = next((quote for quote in quotes if quote not in text), "'")
    escaped = "".join(_ESCAPES.get(char) or (f"\\x{ord(char):02X}" if ord(char) < 32 else char) for char in text)
    return quote + (escaped.replace(quote, f"\\{quote}") if quote in text else escaped) + quote


def _in_columns(parts: list[str], value: Sequence[Any], indent: int) -> list[str]:
    """Set an array's items in columns, as Node does with more than six (its ``groupArrayElements``)."""
    more = parts[_LONGEST_ARRAY:]
    items = parts[:_LONGEST_ARRAY]
    total, longest = sum(_width(item) + 2 for item in items), max(map(_width, items)) + 2
    if longest * 3 + indent >= _WIDTH or not (total / longest > 5 or longest - 2 <= 6):
        return parts
    biased = max(longest - 3 - math.sqrt(longest - total / len(parts)), 1)
    columns = min(
        math.floor(math.sqrt(2.5 * biased * len(items)) / biased + 0.5),
        (_WIDTH - indent) // longest,
        _COMPACT * 4,
        15,
    )
    if columns <= 1:
        return parts
    widths = [max(map(_width, items[column::columns])) for column in range(columns)]
    numbers = all(isinstance(item, int | float) and not isinstance(item, bool) for item in value)
    rows = [items[at : at + columns] for at in range(0, len(items), columns)]
    return [_row(row, widths, numbers=numbers) for row in rows] + more


def _row(row: list[str], widths: list[int], *, numbers: bool) -> str:
    if numbers:
        return ", ".join(" " * (width - len(item)) + item for item, width in zip(row, widths, strict=False))
    padded = [f"{item}, {' ' * (width - _width(item))}" for item, width in zip(row[:-1], widths, strict=False)]
    return "".join([*padded, row[-1]])


def _width(text: str) -> int:
    """Return how many columns a text takes: East Asian wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
