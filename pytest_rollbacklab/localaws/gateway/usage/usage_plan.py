"""Usage plans as immutable values: which stages, for which keys, how fast and how often (CreateUsagePlan).

A quota is counted in periods that begin at midnight UTC: each day, on a day of the week (offset 0 is Sunday), or on a
day of the month (offset 0 is the first).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from pytest_rollbacklab.localaws.gateway.refusals import bad_request

__all__ = ["PlanStage", "Quota", "Throttle", "UsagePlan", "check_quota"]

_LARGEST_OFFSET: Final[Mapping[str, int]] = {"DAY": 0, "WEEK": 6, "MONTH": 27}


@dataclass(frozen=True, kw_only=True, slots=True)
class Throttle:
    """How fast requests may come: a bucket of ``burst`` tokens, refilled at ``rate``."""

    rate: float
    """Requests per second; below 0 for no limit."""
    burst: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """How many requests a key has in a period."""

    limit: int
    period: str
    """``DAY``, ``WEEK`` or ``MONTH``."""
    offset: int = 0
    """The day on which a week or a month begins."""

    def period_of(self, day: date) -> date:
        """Return the first day of the period that a day is in."""
        if self.period == "DAY":
            return day
        if self.period == "WEEK":
            return day - timedelta(days=(day.isoweekday() - self.offset) % 7)
        first = day.replace(day=1 + self.offset)
        if first <= day:
            return first
        return (day.replace(day=1) - timedelta(days=1)).replace(day=1 + self.offset)


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanStage:
    """A stage that a plan is for."""

    api_id: str
    stage: str
    throttles: Mapping[str, Throttle] = field(default_factory=dict)
    """By resource path and method: ``/notes/GET``."""

    @property
    def key(self) -> str:
        """As patches name it: ``API:STAGE``."""
        return f"{self.api_id}:{self.stage}"


@dataclass(frozen=True, kw_only=True, slots=True)
class UsagePlan:
    """What the holders of its keys may use."""

    id: str
    name: str
    description: str | None = None
    stages: tuple[PlanStage, ...] = ()
    throttle: Throttle | None = None
    quota: Quota | None = None
    key_ids: tuple[str, ...] = ()
    product_code: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def stage(self, api_id: str, stage: str) -> PlanStage | None:
        """Return one of its stages; None when the plan is not for it."""
        return next((known for known in self.stages if (known.api_id, known.stage) == (api_id, stage)), None)


def check_quota(quota: Quota) -> Quota:
    """Return a quota that holds together.

    Raises:
        ServiceError: BadRequestException: it does not.
    """
    largest = _LARGEST_OFFSET.get(quota.period)
    if largest is None:
        raise bad_request(f"Invalid Usage Plan quota period specified. Must be one of [{', '.join(_LARGEST_OFFSET)}]")
    if quota.limit < 1:
        raise bad_request("Usage Plan quota limit must be greater than zero")
    if not 0 <= quota.offset <= largest:
        allowed = "zero" if largest == 0 else f"between 0 and {largest} inclusive"
        raise bad_request(f"Usage Plan quota offset must be {allowed} in the {quota.period} period")
    return quota
