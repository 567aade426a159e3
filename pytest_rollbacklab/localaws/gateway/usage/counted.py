"""How often a key has used a plan: today, in the present period, and on the days before (GetUsage)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from pytest_rollbacklab.localaws.gateway.usage.usage_plan import Quota

__all__ = ["Counted"]


@dataclass(kw_only=True, slots=True)
class Counted:
    """The requests of one key under one plan."""

    period: date | None = None
    """The first day of the period that is counted; None before the first request."""
    used: int = 0
    """In the period."""
    extra: int = 0
    """What UpdateUsage added to the period's limit, or took from it."""
    days: dict[date, tuple[int, int]] = field(default_factory=dict)
    """By day: how many there were, and how many were left at its end."""

    def remaining(self, quota: Quota, today: date) -> int:
        """Return how many requests are left in the present period."""
        self._turn(quota, today)
        return max(quota.limit + self.extra - self.used, 0)

    def leave(self, remaining: int, quota: Quota, today: date) -> None:
        """Make it so that this many requests are left in the present period."""
        self._turn(quota, today)
        self.extra = remaining - (quota.limit - self.used)
        self.days[today] = (self.days.get(today, (0, 0))[0], remaining)

    def take(self, quota: Quota | None, today: date) -> bool:
        """Count a request; False, and nothing counted, when the quota is used up."""
        if quota is not None and self.remaining(quota, today) < 1:
            return False
        self.used += 1
        left = 0 if quota is None else self.remaining(quota, today)
        self.days[today] = (self.days.get(today, (0, 0))[0] + 1, left)
        return True

    def _turn(self, quota: Quota, today: date) -> None:
        period = quota.period_of(today)
        if period != self.period:
            self.period, self.used, self.extra = period, 0, 0
