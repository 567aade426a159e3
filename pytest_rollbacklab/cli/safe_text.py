"""Text from elsewhere, made fit for a terminal: what would steer it is shown as what it is.

A commit's message or a log line may hold escape sequences that recolour, rewrite or retitle a terminal, and marks that
reverse the direction of reading. They are written out (``\\x1b``), never sent. Nothing is left out. How many columns a
text takes is told here too, because both follow from what a terminal makes of a letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["display_width", "folded", "many_lines", "one_line"]

_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_NO_COLUMN = frozenset({"Mn", "Me", "Cf"})
"""Unicode's categories of what is put over another letter, or only says something about it."""
_SOFT_HYPHEN = "\u00ad"
_JAMO_WITHIN_A_SYLLABLE = range(0x1160, 0x1200)


def many_lines(text: str) -> str:
    """Return a text that may have several lines, tabs in them too."""
    return _STEERS.sub(_written_out, text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Return a text in one line, its line breaks and tabs as spaces."""
    return many_lines(text).replace("\n", " ").replace("\t", " ")


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}"


def display_width(text: str) -> int:
    """Return how many columns a text takes: two for a wide letter, none for what is put over one."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(letter: str) -> int:
    if ord(letter) in _JAMO_WITHIN_A_SYLLABLE:
        return 0
    if unicodedata.category(letter) in _NO_COLUMN and letter != _SOFT_HYPHEN:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def folded(text: str, width: int) -> list[str]:
    """Return a line as several that are at most so many columns wide: broken at spaces, and within what is longer."""
    if display_width(text) <= width:
        return [text]
    lines = [""]
    for piece in _pieces(text, width):
        joined = f"{lines[-1]} {piece}" if lines[-1] else piece
        if display_width(joined) <= width:
            lines[-1] = joined
        elif lines[-1]:
            lines.append(piece)
        else:
            lines[-1] = piece
    return lines


def _pieces(text: str, width: int) -> Iterator[str]:
    """Yield a text's words, those that are too long in pieces."""
    for word in text.split(" "):
        piece = ""
        for letter in word:
            if piece and display_width(piece + letter) > width:
                yield piece
                piece = ""
            piece += letter
        yield piece
