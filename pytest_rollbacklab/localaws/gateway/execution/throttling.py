"""Token buckets: how fast requests may come, each bucket by what it is for and what its limits are.

A bucket holds ``burst`` tokens and gets ``rate`` of them back a second; a request takes one ("Throttle requests to your
REST APIs"). A limit that is changed begins with a full bucket. The account's own 10,000 a second are not enforced: no
machine of one person brings them about.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass

__all__ = ["Throttles"]


@dataclass(slots=True)
class _Bucket:
    rate: float
    burst: int
    tokens: float
    at: float


class Throttles:
    """All buckets.

    Args:
        clock: The time, epoch seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}

    def allow(self, what: Hashable, *, rate: float, burst: int) -> bool:
        """Take a token for a request; False when there is none.

        Args:
            what: What is throttled: a method of a stage, a key under a plan.
            rate: Tokens a second; below 0 for no limit.
            burst: How many tokens there are at most.
        """
        if rate < 0:
            return True
        now = self._clock()
        bucket = self._buckets.get(what)
        if bucket is None or (bucket.rate, bucket.burst) != (rate, burst):
            bucket = self._buckets[what] = _Bucket(rate, burst, float(burst), now)
        bucket.tokens = min(float(burst), bucket.tokens + max(now - bucket.at, 0.0) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
