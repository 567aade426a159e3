"""Values of a request under the names that mappings and templates have for them.

An expression is a static value in single quotes, or names a part of the request, a stage variable or a ``$context``
variable. In a template the last two stand with a dollar sign before them; what has no value there is nothing.
"""

from __future__ import annotations

import re

from pytest_rollbacklab.localaws.gateway.apis.gateway_response import SUBSTITUTION
from pytest_rollbacklab.localaws.gateway.execution.authorizers.identity_sources import request_value
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange

__all__ = ["mapped_value", "rendered"]


def mapped_value(exchange: Exchange, expression: str) -> str | None:
    """Return what an expression is in a request; None when it is nothing."""
    if expression.startswith("'"):
        return expression[1:-1]
    return request_value(exchange, expression)


def rendered(exchange: Exchange, template: str) -> str:
    """Return a template with its variables filled in."""

    def value(found: re.Match[str]) -> str:
        return request_value(exchange, found["braced"] or found["bare"]) or ""

    return SUBSTITUTION.sub(value, template)
