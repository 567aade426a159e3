"""Stages as immutable values: under which name a deployment answers, and how it is logged and measured.

A stage points at a deployment; everything else of it is settings. What they do to a request is ``records``' business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["ANY_METHOD", "AccessLogSettings", "Canary", "MethodSetting", "Stage"]

ANY_METHOD = "*/*"
"""The key of the settings for every method."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLogSettings:
    """Where access logs go, and what a line is. Nothing is written before both are set."""

    destination_arn: str | None = None
    format: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MethodSetting:
    """How one method, or every method, is logged, measured and throttled."""

    logging_level: str | None = None
    """``OFF``, ``ERROR`` or ``INFO``; None when it was never set, which is off."""
    data_trace_enabled: bool = False
    metrics_enabled: bool = False
    rate_limit: float | None = None
    """Requests per second; None for the account's, -1 for no limit."""
    burst_limit: int | None = None
    """How many may come at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """A release that gets a part of a stage's requests."""

    deployment_id: str
    percent: float = 0.0
    overrides: Mapping[str, str] = field(default_factory=dict)
    """Variables in place of the stage's, and beyond them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A name under which a deployment answers."""

    name: str
    deployment_id: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None
    documentation_version: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    method_settings: Mapping[str, MethodSetting] = field(default_factory=dict)
    """By AWS's key: ``*/*``, ``~1notes~1{id}/GET``."""
    access_log: AccessLogSettings | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    canary: Canary | None = None

    @property
    def deployment_ids(self) -> tuple[str, ...]:
        """What it points at: its own deployment, and its canary's."""
        return (self.deployment_id, self.canary.deployment_id) if self.canary else (self.deployment_id,)
