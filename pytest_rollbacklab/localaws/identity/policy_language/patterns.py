"""Texts of a policy document: wildcards and policy variables, matched against what a request names.

A variable's value is text, never a wildcard, or a user called ``*`` would own everything. A variable that the request
context lacks makes its text match nothing (IAM user guide, "IAM policy elements: Variables and tags").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_rollbacklab.localaws.identity.policy_language.context import Context

__all__ = ["arn_parts", "matches_action", "matches_arn", "matches_like", "resolve"]

_TOKEN = re.compile(r"\$\{(?P<variable>[^}]*)\}|(?P<wildcard>[*?])|(?P<text>[^$*?]+|\$)")
_DEFAULT = re.compile(r"(?P<key>[^,]+?)\s*,\s*'(?P<default>.*)'")
_COLON = re.compile(r":(?![^{}]*\})")  # not those of ${cognito-identity.amazonaws.com:sub}
_ARN_PARTS = 6


def matches_action(pattern: str, action: str) -> bool:
    """Tell whether ``s3:Get*`` covers an action; case does not count."""
    expression = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch(expression, action, re.IGNORECASE | re.DOTALL) is not None


def matches_like(pattern: str, text: str, context: Context) -> bool:
    """Match a text with wildcards; case counts."""
    return _matches([(pattern, ".*")], text, context)


def matches_arn(pattern: str, arn: str, context: Context) -> bool:
    """Match a resource.

    A ``*`` inside one of an ARN's leading parts stays in that part; one that ends its part reaches beyond the colon
    (IAM user guide, "IAM JSON policy elements: Resource").
    """
    parts = arn_parts(pattern)
    pieces: list[tuple[str, str]] = []
    for number, part in enumerate(parts, 1):
        inner, last = (part[:-1], "*") if part.endswith("*") else (part, "")
        in_resource = number == _ARN_PARTS or number == len(parts)
        pieces += [(inner, ".*" if in_resource else "[^:]*"), (last, ".*")]
        if number < len(parts):
            pieces.append((":", ""))
    return _matches(pieces, arn, context)


def arn_parts(arn: str) -> list[str]:
    """Split an ARN, or a pattern of one, into at most six parts, the resource last."""
    return _COLON.split(arn, _ARN_PARTS - 1)


def resolve(text: str, context: Context) -> str | None:
    """Put variables' values in; None when the context lacks one. Wildcards are mere text here."""
    parts = [
        _value(token["variable"], context) if _is_variable(token, context) else token[0] for token in _tokens(text)
    ]
    return None if None in parts else "".join(part for part in parts if part is not None)


def _matches(pieces: list[tuple[str, str]], text: str, context: Context) -> bool:
    expression = ""
    for pattern, star in pieces:
        for token in _tokens(pattern):
            if _is_variable(token, context):
                value = _value(token["variable"], context)
                if value is None:
                    return False
                expression += re.escape(value)
            elif token["wildcard"]:
                expression += star if token[0] == "*" else "."
            else:
                expression += re.escape(token[0])
    return re.fullmatch(expression, text, re.DOTALL) is not None


def _tokens(text: str) -> Iterator[re.Match[str]]:
    return _TOKEN.finditer(text)


def _is_variable(token: re.Match[str], context: Context) -> bool:
    return token["variable"] is not None and context.has_variables


def _value(variable: str, context: Context) -> str | None:
    if variable in ("*", "?", "$"):
        return variable
    with_default = _DEFAULT.fullmatch(variable)
    key = with_default["key"] if with_default else variable
    values = context.get(key)
    if len(values) == 1:
        return values[0]
    return with_default["default"] if with_default else None
