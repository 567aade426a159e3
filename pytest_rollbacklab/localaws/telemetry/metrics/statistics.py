"""Statistics by name: SampleCount, Sum, Average, Minimum, Maximum and percentiles, over the values of one period.

A name is read once into a function, so that a query of a thousand periods parses nothing a thousand times. Trimmed
statistics are ``trimmed``'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter

from pytest_rollbacklab.localaws.telemetry.metrics.distribution import Distribution, percentile
from pytest_rollbacklab.localaws.telemetry.metrics.trimmed import read_trimmed

__all__ = ["SIMPLE_STATISTICS", "Statistic", "read_statistic"]

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistic:
    """A statistic that can be computed."""

    name: str
    """As it was asked for: ``Average``, ``p99.9``."""
    of: Callable[[Distribution], float | None] = field(compare=False)
    """Its value over what one period holds; None when it has none there."""

    def __reduce__(self) -> tuple[Callable[[str], Statistic | None], tuple[str]]:
        return read_statistic, (self.name,)


def _average(values: Distribution) -> float | None:
    return values.total / values.count if values.count else None


SIMPLE_STATISTICS: dict[str, Callable[[Distribution], float | None]] = {
    "SampleCount": attrgetter("count"),
    "Average": _average,
    "Sum": attrgetter("total"),
    "Minimum": attrgetter("minimum"),
    "Maximum": attrgetter("maximum"),
}


def read_statistic(name: str) -> Statistic | None:
    """Return the statistic of this name, or None when CloudWatch has none."""
    if name in SIMPLE_STATISTICS:
        return Statistic(name=name, of=SIMPLE_STATISTICS[name])
    if found := _PERCENTILE.fullmatch(name):
        percent = float(found[1])
        return Statistic(name=name, of=lambda values: percentile(values, percent))
    trimmed = read_trimmed(name)
    return None if trimmed is None else Statistic(name=name, of=trimmed)
