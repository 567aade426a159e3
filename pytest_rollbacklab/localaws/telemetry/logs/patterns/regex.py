"""Regular expressions between percent signs: the part of the language that CloudWatch Logs supports, and no more.

"Supported regular expressions" of the user guide: letters, digits, a few symbols and operators, no parentheses and no
multi-byte characters. Without groups Python's matcher has no exponential cases.
"""

from __future__ import annotations

import re

from pytest_rollbacklab.localaws.telemetry.logs.patterns.syntax import invalid_character, invalid_pattern

__all__ = ["compile_regex"]

_SUPPORTED = re.compile(r"[A-Za-z0-9\s:_#=@/;,\-^$?\[\]{}|\\*+.]")


def compile_regex(written: str) -> re.Pattern[str]:
    """Return the expression written as ``%...%``.

    Raises:
        ServiceError: it is empty, does not parse, or has a character that CloudWatch Logs does not support there.
    """
    expression = written[1:-1]
    for character in expression:
        if not _SUPPORTED.fullmatch(character):
            raise invalid_character(character)
    if not expression:
        raise invalid_pattern()
    try:
        return re.compile(expression, re.ASCII)
    except re.error:
        raise invalid_pattern() from None
