"""What alarms and subscriptions ask before they invoke a function: whether the function's policy lets them."""

from __future__ import annotations

from typing import Protocol

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["Permits"]


class Permits(Protocol):
    """Says whether a function's policy lets a service invoke it."""

    def __call__(
        self, scope: Scope, function: str, qualifier: str | None, *, principal: str, source_arn: str
    ) -> bool: ...
