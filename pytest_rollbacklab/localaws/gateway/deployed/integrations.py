"""Integrations as they are called: everything about them that can be known beforehand is known here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_rollbacklab.localaws.gateway.apis.function_uri import FunctionUri

__all__ = ["BrokenIntegration", "DeployedIntegration", "LambdaProxy", "Mock", "MockAnswer", "UrlProxy"]


@dataclass(frozen=True, kw_only=True, slots=True)
class LambdaProxy:
    """A function that is given the whole request (AWS_PROXY)."""

    uri: FunctionUri
    timeout_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class UrlProxy:
    """A URL that is sent the request, and whose answer is the answer (HTTP_PROXY)."""

    url: str
    """With stage variables and path variables in it."""
    method: str
    """``ANY`` for the request's own."""
    timeout_s: float
    headers: tuple[tuple[str, str], ...]
    """Name -> expression: a static value in quotes, or what of the request it is."""
    query: tuple[tuple[str, str], ...]
    path: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MockAnswer:
    """What a mock answers for one status."""

    selects: re.Pattern[str] | None
    """Over the status in the request template; None for the default."""
    status: int
    headers: tuple[tuple[str, str], ...]
    bodies: Mapping[str, bytes]
    """By content type; empty for an empty body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mock:
    """An integration that answers by itself (MOCK)."""

    statuses: Mapping[str, int | None]
    """By the request's content type: the status in its template, None when there is none in it."""
    passthrough_behavior: str
    answers: tuple[MockAnswer, ...]

    def select(self, status: int) -> MockAnswer | None:
        """Return the answer for a status: the first whose pattern matches, else the default."""
        default = None
        for answer in self.answers:
            if answer.selects is None:
                default = default or answer
            elif answer.selects.fullmatch(str(status)):
                return answer
        return default


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenIntegration:
    """An integration that AWS accepts and deploys, and that fails each time it is called."""

    reason: str
    """For the execution log."""


DeployedIntegration = LambdaProxy | UrlProxy | Mock | BrokenIntegration
