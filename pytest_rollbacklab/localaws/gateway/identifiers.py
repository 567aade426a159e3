"""Identifiers as API Gateway makes them: short, lower-case letters and digits, without any meaning."""

from __future__ import annotations

import secrets
import string

__all__ = ["new_api_id", "new_part_id"]

_ALPHABET = string.ascii_lowercase + string.digits


def new_api_id() -> str:
    """Make a REST API's (or its root resource's) identifier: ten characters."""
    return _random(10)


def new_part_id() -> str:
    """Make the identifier of a resource or a deployment: six characters."""
    return _random(6)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
