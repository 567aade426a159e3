"""Patterns for JSON events: ``{ $.user.id = 1 && ($.items[*].name = "a*" || $.error NOT EXISTS) }``.

As the user guide has it: a selector leads to values, where an object or a list matches neither ``=`` nor ``!=``; a
message that is no JSON, or lacks the property, does not match. ``[*]`` and ``.*`` stand for every element or property,
of which one has to match.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from pytest_rollbacklab.localaws.telemetry.logs.patterns.comparison import OPERATORS, Comparison, read_comparison
from pytest_rollbacklab.localaws.telemetry.logs.patterns.syntax import (
    Tokens,
    invalid_character,
    invalid_pattern,
    read_expression,
    read_tokens,
)

__all__ = ["compile_json", "find_selectors", "read_document", "read_selector", "values_at"]

Condition = Callable[[Any], bool]
_Step = str | int | None
"""A property, an index, or None for each of them."""

_SELECTOR = re.compile(r"\$(?:\.[\w-]+|\.\*|\[\d+\]|\[\*\])+")
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\.\*|\[\*\]")
_CONSTANTS = {"NULL": None, "TRUE": True, "FALSE": False}


def compile_json(inside: str) -> Callable[[str], bool]:
    """Return a function that says whether a message is JSON that fits.

    Args:
        inside: The pattern without its braces.

    Raises:
        ServiceError: InvalidParameterException.
    """
    tokens = read_tokens(inside)
    expression = read_expression(tokens, _read_condition)
    if not tokens.done:
        raise invalid_pattern()

    def matches(message: str) -> bool:
        document = read_document(message)
        return document is not None and expression(document)

    return matches


def _read_condition(tokens: Tokens) -> Condition:
    steps = read_selector(tokens.take("word").text)
    if tokens.next_is(*OPERATORS):
        comparison = read_comparison(tokens)
        return lambda document: any(_holds(comparison, value) for value in values_at(document, steps))
    match tokens.take("word").text, tokens.take("word").text:
        case "NOT", "EXISTS":
            return lambda document: not any(True for _ in values_at(document, steps))
        case "IS", constant if constant in _CONSTANTS:
            wanted = _CONSTANTS[constant]
            return lambda document: any(value is wanted for value in values_at(document, steps))
    raise invalid_pattern()


def find_selectors(inside: str) -> list[str]:
    """Return the selectors of a pattern, as they are written, each once."""
    words = (token.text for token in read_tokens(inside).kinds("word"))
    return list(dict.fromkeys(word for word in words if _SELECTOR.fullmatch(word)))


def read_document(message: str) -> Any:
    """Return the JSON object or list that a message is; None when it is none."""
    if not message.lstrip().startswith(("{", "[")):
        return None
    try:
        return json.loads(message)
    except (ValueError, RecursionError):  # no JSON, or nested without end
        return None


def read_selector(text: str) -> tuple[_Step, ...]:
    """Return the steps of a selector (``$.items[0].name``).

    Raises:
        ServiceError: InvalidParameterException.
    """
    if not text.startswith("$"):
        raise invalid_pattern()
    if not _SELECTOR.fullmatch(text):
        raise invalid_character(text)
    return tuple(_read_step(found) for found in _STEP.finditer(text))


def _read_step(found: re.Match[str]) -> _Step:
    name, index = found.groups()
    return name if name is not None else int(index) if index is not None else None


def values_at(document: Any, steps: tuple[_Step, ...]) -> Iterable[Any]:
    """Give what the selector leads to: nothing, one value, or, with wildcards, several."""
    found = [document]
    for step in steps:
        found = [value for node in found for value in _step_into(node, step)]
    return found


def _step_into(node: Any, step: _Step) -> Iterable[Any]:
    if isinstance(node, dict):
        return list(node.values()) if step is None else [node[step]] if step in node else []
    if isinstance(node, list):
        return node if step is None else [node[step]] if isinstance(step, int) and step < len(node) else []
    return []


def _holds(comparison: Comparison, value: Any) -> bool:
    if isinstance(value, str):
        return comparison.holds(value, None)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return comparison.holds(str(value), value)
    return False
