"""A JSON value as ``console.dir`` of Node 20 prints it.

``util.inspect`` with its defaults: two levels below the first, 80 columns, up to three inner levels on one line where
they fit, long arrays in columns. Only what JSON can hold is known here: no classes, cycles or colours.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

from pytest_rollbacklab.call.node_text import number_text, quoted, utf16_length

__all__ = ["inspect"]

_DEPTH = 2
_LEVELS_ON_ONE_LINE = 3
_BREAK_LENGTH = 80
_LONGEST_ARRAY = 100
_LONGEST_STRING = 10_000
_SPLIT_ABOVE = 16  # a string no longer than this is never split at its newlines
_UNGROUPED = 6  # an array no longer than this is never set in columns
_SEPARATOR = 2
_MOST_COLUMNS = 15
_WITHOUT_WIDTH = ("Cc", "Cf", "Me", "Mn")

_PLAIN_KEY = re.compile(r"[a-zA-Z_][a-zA-Z_0-9]*")
_INDEX_KEY = re.compile(r"0|[1-9][0-9]{0,9}")
_LAST_INDEX = 2**32 - 2
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def inspect(value: object) -> str:
    """Return the text of a value made of dicts, lists, strings, numbers, booleans and None."""
    return _Inspector().text(value, 0)


class _Inspector:
    """One walk over a value.

    What is on one line depends on where the walk is: the indentation, and the level that it went down to last.
    """

    def __init__(self) -> None:
        self._indentation = 0
        self._last_level = 0

    def text(self, value: object, depth: int) -> str:
        if isinstance(value, dict | list):
            return self._collection(value, depth)
        if isinstance(value, str):
            return self._string(value)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return number_text(value)
        assert value is None
        return "null"

    def _string(self, value: str) -> str:
        trailer = ""
        if (beyond := utf16_length(value) - _LONGEST_STRING) > 0:
            value = value.encode("utf-16-le", "surrogatepass")[: 2 * _LONGEST_STRING].decode("utf-16-le", "replace")
            trailer = f"... {beyond} more character{'s' if beyond > 1 else ''}"
        if utf16_length(value) <= max(_SPLIT_ABOVE, _BREAK_LENGTH - self._indentation - 4):
            return quoted(value) + trailer
        return f" +\n{' ' * (self._indentation + 2)}".join(map(quoted, _LINE.findall(value))) + trailer

    def _collection(self, value: dict[str, object] | list[object], depth: int) -> str:
        opening, closing = "[]" if isinstance(value, list) else "{}"
        if not value:
            return opening + closing
        if depth > _DEPTH:
            return "[Array]" if isinstance(value, list) else "[Object]"
        level = self._last_level = depth + 1
        entries = self._elements(value, level) if isinstance(value, list) else self._properties(value, level)
        lines = self._in_columns(entries, value) if isinstance(value, list) else entries
        if lines is entries and self._last_level - level < _LEVELS_ON_ONE_LINE and self._fit(entries):
            return f"{opening} {', '.join(entries)} {closing}"
        margin = " " * self._indentation
        body = f",\n{margin}  ".join(lines)
        return f"{opening}\n{margin}  {body}\n{margin}{closing}"

    def _elements(self, value: list[object], level: int) -> list[str]:
        entries = [self._inner(element, level) for element in value[:_LONGEST_ARRAY]]
        if (beyond := len(value) - _LONGEST_ARRAY) > 0:
            entries.append(f"... {beyond} more item{'s' if beyond > 1 else ''}")
        return entries

    def _properties(self, value: dict[str, object], level: int) -> list[str]:
        return [f"{_key(name)}: {self._inner(value[name], level)}" for name in _in_javascript_order(value)]

    def _inner(self, value: object, level: int) -> str:
        self._indentation += 2
        text = self.text(value, level)
        self._indentation -= 2
        return text

    def _fit(self, entries: list[str]) -> bool:
        """Say whether entries go on one line: their lengths, a comma and a space for each, brackets and a margin."""
        length = 2 * len(entries) + self._indentation + 11 + sum(map(utf16_length, entries))
        return length <= _BREAK_LENGTH and not any("\n" in entry for entry in entries)

    def _in_columns(self, entries: list[str], value: list[object]) -> list[str]:
        """Return the lines of an array set in columns, or the entries themselves where that does not help."""
        if len(entries) <= _UNGROUPED:
            return entries
        shown = entries[:_LONGEST_ARRAY]
        widths = [_width(entry) for entry in shown]
        columns = _columns(widths, len(entries), _BREAK_LENGTH - self._indentation)
        if columns <= 1:
            return entries
        right = all(isinstance(one, int | float) and not isinstance(one, bool) for one in value[: len(entries)])
        return _rows(shown, widths, columns, right=right) + entries[_LONGEST_ARRAY:]


def _key(name: str) -> str:
    if name == "__proto__":
        return "['__proto__']"
    return name if _PLAIN_KEY.fullmatch(name) else quoted(name)


def _in_javascript_order(value: dict[str, object]) -> list[str]:
    """Return the names as JavaScript keeps them: those that are array indices first, by number."""
    indices = [name for name in value if _INDEX_KEY.fullmatch(name) and int(name) <= _LAST_INDEX]
    chosen = set(indices)
    return sorted(indices, key=int) + [name for name in value if name not in chosen]


def _columns(widths: Sequence[int], entries: int, room: int) -> int:
    """Return in how many columns an array looks about square, characters being 2.5 times as high as wide; 1 for none.

    Args:
        widths: Of what is shown.
        entries: How many there are with the line that counts what is not shown.
        room: Columns of text.
    """
    longest, total = max(widths), sum(widths) + _SEPARATOR * len(widths)
    widest = longest + _SEPARATOR
    if widest * 3 >= room or (total / widest <= 5 and longest > 6):
        return 1
    biased = max(widest - 3 - math.sqrt(widest - total / entries), 1)
    square = math.floor(math.sqrt(2.5 * biased * len(widths)) / biased + 0.5)
    return min(square, room // widest, _LEVELS_ON_ONE_LINE * 4, _MOST_COLUMNS)


def _rows(shown: list[str], widths: Sequence[int], columns: int, *, right: bool) -> list[str]:
    column_widths = [max(widths[column::columns]) + _SEPARATOR for column in range(columns)]
    rows = []
    for start in range(0, len(shown), columns):
        row = shown[start : start + columns]
        room = [wide + len(entry) - _width(entry) for wide, entry in zip(column_widths, row, strict=False)]
        cells = [f"{entry}, " for entry in row[:-1]]
        padded = [cell.rjust(space) if right else cell.ljust(space) for cell, space in zip(cells, room, strict=False)]
        last = row[-1].rjust(room[-1] - _SEPARATOR) if right else row[-1]
        rows.append("".join(padded) + last)
    return rows


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes; symbols that may be emoji count as narrow, unlike in Node."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(one) in _WITHOUT_WIDTH else 2 if unicodedata.east_asian_width(one) in "FW" else 1
        for one in unicodedata.normalize("NFC", text)
    )
