"""An API key as an immutable value. It tells callers apart and is no secret to rely on: what it opens, plans say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["ApiKey"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiKey:
    """A key that callers send."""

    id: str
    value: str
    """What is sent: 20 to 128 characters."""
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    description: str | None = None
    enabled: bool = False
    customer_id: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
