"""Patterns for unstructured events: ``ERROR "exact phrase" -NOT ?EITHER ?OR``, and ``%regex%`` alone.

A term is found anywhere in the message (``Exception`` finds ``IllegalArgumentException``, as the user guide shows),
case counts, and a term of more than letters, digits and underscores has to be quoted. Optional terms count only where
there are no others: AWS passes them over beside terms that must or must not be there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pytest_rollbacklab.localaws.telemetry.logs.patterns.regex import compile_regex
from pytest_rollbacklab.localaws.telemetry.logs.patterns.syntax import invalid_character, invalid_pattern, unquote

__all__ = ["compile_terms"]

_TERM = re.compile(r'\s*([-?]?)\s*("(?:[^"\\]|\\.)*"|\w+)(?=\s|$)')


def compile_terms(pattern: str) -> Callable[[str], bool]:
    """Return a function that says whether a message has the terms.

    Raises:
        ServiceError: InvalidParameterException.
    """
    if pattern.startswith("%"):
        if len(pattern) < 2 or not pattern.endswith("%"):
            raise invalid_pattern()
        expression = compile_regex(pattern)
        return lambda message: expression.search(message) is not None
    terms = _read_terms(pattern)
    present, absent, optional = terms[""], terms["-"], terms["?"]
    if optional and not present and not absent:
        return lambda message: any(term in message for term in optional)
    return lambda message: all(term in message for term in present) and not any(term in message for term in absent)


def _read_terms(pattern: str) -> dict[str, list[str]]:
    """Return the terms by the sign before them."""
    terms: dict[str, list[str]] = {"": [], "-": [], "?": []}
    position = 0
    while position < len(pattern):
        found = _TERM.match(pattern, position)
        if found is None:
            raise _fault_at(pattern, position)
        sign, term = found.groups()
        terms[sign].append(unquote(term) if term.startswith('"') else term)
        position = found.end()
    return terms


def _fault_at(pattern: str, position: int) -> Exception:
    """Return the refusal of what stands there: by its first character that no term may have."""
    rest = pattern[position:].lstrip(" \t\r\n-?")
    wrong = re.search(r"[^\w\s]", rest)
    return invalid_pattern() if wrong is None or wrong[0] == '"' else invalid_character(wrong[0])
