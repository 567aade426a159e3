"""What ``filter`` asks of an event: comparisons, ``like``, ``in`` and ``ispresent``, joined by and, or, not."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.telemetry.logs.insights.words import Words, malformed
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["Condition", "Row", "field_name", "number_of", "read_condition"]

Row = Mapping[str, str]
"""An event's fields, as text."""
Condition = Callable[[Row], bool]

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_FIELDS = ("@timestamp", "@message", "@logStream", "@log", "@ptr", "@ingestionTime")


def field_name(text: str) -> str:
    """Return the field that a name stands for.

    Raises:
        ServiceError: NotImplemented for a field with ``@`` that is not emulated.
    """
    name = text[1:-1] if text.startswith("`") else text
    if name.startswith("@") and name not in _FIELDS:
        raise not_emulated(f"the field {name} of Logs Insights", f"Use {', '.join(_FIELDS)}, or fields of JSON events.")
    return name


def number_of(text: str) -> float | None:
    """Return the number that a text is, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def read_condition(words: Words) -> Condition:
    """Read conditions; ``and`` binds tighter than ``or``.

    Raises:
        ServiceError: MalformedQueryException, or NotImplemented for a function that is not emulated.
    """
    choices = [_read_all(words)]
    while words.take_if("or"):
        choices.append(_read_all(words))
    return choices[0] if len(choices) == 1 else lambda row: any(choice(row) for choice in choices)


def _read_all(words: Words) -> Condition:
    parts = [_read_one(words)]
    while words.take_if("and"):
        parts.append(_read_one(words))
    return parts[0] if len(parts) == 1 else lambda row: all(part(row) for part in parts)


def _read_one(words: Words) -> Condition:
    if words.take_if("not"):
        inner = _read_one(words)
        return lambda row: not inner(row)
    if words.take_if("("):
        inner = read_condition(words)
        words.expect(")")
        return inner
    name = words.take("name").text
    if words.next_is("("):
        return _read_function(name, words)
    return _read_comparison(field_name(name), words)


def _read_function(function: str, words: Words) -> Condition:
    if function.lower() != "ispresent":
        raise not_emulated(
            f"the function {function} in a filter of Logs Insights", "Use comparisons, like, in, ispresent."
        )
    words.expect("(")
    field = field_name(words.take("name").text)
    words.expect(")")
    return lambda row: field in row


def _read_comparison(field: str, words: Words) -> Condition:
    if words.take_if("not"):
        positive = _read_word(field, words)
        return lambda row: not positive(row)
    if words.next_is("like", "in", "=~"):
        return _read_word(field, words)
    sign = words.take("sign").text
    if sign not in _OPERATORS:
        raise malformed(sign)
    value = words.take("text", "number", "name")
    if value.kind == "name" and value.text.lower() not in ("true", "false"):
        raise not_emulated(f"the comparison of a field with {value.text}, a field", "Compare with a text or a number.")
    wanted = _unquote(value.text) if value.kind == "text" else value.text
    return lambda row: _compares(row.get(field), sign, wanted)


def _read_word(field: str, words: Words) -> Condition:
    word = words.take_if("like", "in", "=~")
    if word == "in":
        wanted = _read_list(words)
        return lambda row: row.get(field) in wanted
    if word is None:
        raise malformed(words.rest)
    value = words.take("regex") if word == "=~" else words.take("text", "regex")
    if value.kind == "text":
        part = _unquote(value.text)
        return lambda row: part in row.get(field, "")
    expression = _compile(value.text)
    return lambda row: expression.search(row.get(field, "")) is not None


def _read_list(words: Words) -> set[str]:
    words.expect("[")
    wanted = set[str]()
    while not words.next_is("]"):
        if wanted:
            words.expect(",")
        value = words.take("text", "number")
        wanted.add(_unquote(value.text) if value.kind == "text" else value.text)
    words.expect("]")
    return wanted


def _compares(value: str | None, sign: str, wanted: str) -> bool:
    if value is None:
        return sign == "!="
    left, right = number_of(value), number_of(wanted)
    if left is not None and right is not None:
        return _OPERATORS[sign](left, right)
    return _OPERATORS[sign](value, wanted)


def _compile(written: str) -> re.Pattern[str]:
    body, _, flags = written[1:].rpartition("/")
    if flags not in ("", "i"):
        raise malformed(f"/{flags}")
    try:
        return re.compile(body.replace("\\/", "/"), re.IGNORECASE if flags else 0)
    except re.error as error:
        raise malformed(f"the regular expression {written}: {error}") from error


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
