"""The constraints that Lambda's front checks before it looks at anything: patterns, lengths, ranges, choices.

AWS reports all that a request breaks at once ("2 validation errors detected: ..."), so violations are collected and
raised together. Patterns and texts are those of its recorded answers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pytest_rollbacklab.localaws.lambdas.control.errors import validation

__all__ = ["ALIAS", "HANDLER", "QUALIFIER", "ROLE", "STATEMENT_ID", "VERSION", "Violations"]

ROLE = r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+"
HANDLER = r"[^\s]+"
QUALIFIER = r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"
ALIAS = r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)"
VERSION = r"(\$LATEST|[0-9]+)"
STATEMENT_ID = r"([a-zA-Z0-9-_]+)"


class Violations:
    """What a request has been found to break. A value of None was not given and breaks nothing."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def pattern(self, member: str, value: str | None, pattern: str) -> None:
        if value is not None and not re.fullmatch(pattern, value):
            self._add(member, value, f"Member must satisfy regular expression pattern: {pattern}")

    def length(self, member: str, value: str | None, *, at_most: int, at_least: int = 0) -> None:
        if value is None:
            return
        if len(value) > at_most:
            self._add(member, value, f"Member must have length less than or equal to {at_most}")
        if len(value) < at_least:
            self._add(member, value, f"Member must have length greater than or equal to {at_least}")

    def between(self, member: str, value: int | None, low: int, high: int) -> None:
        if value is None:
            return
        if value < low:
            self._add(member, value, f"Member must have value greater than or equal to {low}")
        if value > high:
            self._add(member, value, f"Member must have value less than or equal to {high}")

    def one_of(self, member: str, value: str | None, choices: Sequence[str]) -> None:
        if value is not None and value not in choices:
            self._add(member, value, f"Member must satisfy enum value set: [{', '.join(choices)}]")

    def add(self, member: str, value: Any, constraint: str) -> None:
        """Add a violation of any other kind, told in AWS's words."""
        self._add(member, value, constraint)

    def check(self) -> None:
        """Raise what was found, if anything was.

        Raises:
            ServiceError: ``ValidationException``.
        """
        if self._found:
            raise validation(self._found)

    def _add(self, member: str, value: Any, constraint: str) -> None:
        self._found.append(f"Value '{value}' at '{member}' failed to satisfy constraint: {constraint}")
