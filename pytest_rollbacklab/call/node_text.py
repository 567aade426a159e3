"""A string or a number as Node writes it: quotes, escapes, and the shortest digits in JavaScript's notation.

As Node 20's ``util.inspect`` and ECMAScript's Number::toString do. How objects and arrays are laid out is
``node_inspect``'s business.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal

__all__ = ["number_text", "quoted", "utf16_length"]

_ESCAPED = re.compile(r"[\x00-\x1f\\\x7f-\x9f\ud800-\udfff]")
_NAMED = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}
_LAST_PLAIN_EXPONENT = 21
_FIRST_PLAIN_EXPONENT = -6


def quoted(text: str) -> str:
    """Return a string literal: in single quotes, or in those that save the most escapes."""
    quote = "'"
    if "'" in text and '"' not in text:
        quote = '"'
    elif "'" in text and "`" not in text and "${" not in text:
        quote = "`"
    escaped = _ESCAPED.sub(_escape, text)
    if quote == "'":
        escaped = escaped.replace("'", "\\'")
    return f"{quote}{escaped}{quote}"


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in _NAMED:
        return _NAMED[character]
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:x}"  # what is beyond Latin-1 is a lone surrogate


def utf16_length(text: str) -> int:
    """Return a string's length as JavaScript counts it: in UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def number_text(number: float) -> str:
    """Return a number as JavaScript prints it, which knows no integers apart: ``1e+21``, ``0.1``, ``-0``."""
    value = float(number)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    sign = "-" if math.copysign(1, value) < 0 else ""
    return sign + ("0" if value == 0 else _digits_text(value))


def _digits_text(value: float) -> str:
    _, digits, exponent = Decimal(repr(abs(value))).normalize().as_tuple()
    assert isinstance(exponent, int)
    shortest = "".join(map(str, digits))
    point = len(shortest) + exponent  # where the decimal point stands, counted from the first digit
    if len(shortest) <= point <= _LAST_PLAIN_EXPONENT:
        return shortest.ljust(point, "0")
    if 0 < point <= _LAST_PLAIN_EXPONENT:
        return f"{shortest[:point]}.{shortest[point:]}"
    if _FIRST_PLAIN_EXPONENT < point <= 0:
        return f"0.{'0' * -point}{shortest}"
    mantissa = shortest if len(shortest) == 1 else f"{shortest[0]}.{shortest[1:]}"
    return f"{mantissa}e{point - 1:+d}"
