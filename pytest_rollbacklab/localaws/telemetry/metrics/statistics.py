"""Statistics by name: SampleCount, Sum, Average, Minimum, Maximum and percentiles, over the buckets of one period.

A name is read once into a function, so that a query of a thousand periods parses nothing a thousand times. The
other extended statistics (trimmed means and their kin) are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_rollbacklab.localaws.telemetry.metrics.distribution import Distribution, percentile
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["SIMPLE_STATISTICS", "Buckets", "Statistic", "read_statistic"]

Buckets = Sequence[Distribution]

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")
_OTHER_EXTENDED = re.compile(r"(?:tm|tc|ts|wm)\d{1,2}(?:\.\d+)?|IQM|(?:TM|TC|TS|WM|PR)\(.*\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistic:
    """A statistic that can be computed."""

    name: str
    """As it was asked for: ``Average``, ``p99.9``."""
    of: Callable[[Buckets], float | None]
    """Its value over the buckets of one period; None when it has none there."""


def _sample_count(buckets: Buckets) -> float:
    return sum(bucket.count for bucket in buckets)


def _sum(buckets: Buckets) -> float:
    return sum(bucket.total for bucket in buckets)


def _average(buckets: Buckets) -> float | None:
    count = _sample_count(buckets)
    return _sum(buckets) / count if count else None


def _minimum(buckets: Buckets) -> float:
    return min(bucket.minimum for bucket in buckets)


def _maximum(buckets: Buckets) -> float:
    return max(bucket.maximum for bucket in buckets)


SIMPLE_STATISTICS: dict[str, Callable[[Buckets], float | None]] = {
    "SampleCount": _sample_count,
    "Average": _average,
    "Sum": _sum,
    "Minimum": _minimum,
    "Maximum": _maximum,
}


def read_statistic(name: str) -> Statistic | None:
    """Return the statistic of this name, or None when CloudWatch has none.

    Raises:
        ServiceError: one that CloudWatch has, and that is not emulated.
    """
    if name in SIMPLE_STATISTICS:
        return Statistic(name=name, of=SIMPLE_STATISTICS[name])
    if found := _PERCENTILE.fullmatch(name):
        percent = float(found[1])
        return Statistic(name=name, of=lambda buckets: percentile(buckets, percent))
    if _OTHER_EXTENDED.fullmatch(name):
        raise not_emulated(f"the statistic {name!r}", "Use Average, Sum, Minimum, Maximum, SampleCount or pNN.")
    return None
