"""The values of one bucket of time: count, sum, extremes, and how often each value came.

A value's count is kept and not the value itself again, so a bucket grows with the number of distinct values, not of
points; past ``MAX_DISTINCT_VALUES`` values fall into cells one percent wide to either side (CloudWatch's agent keeps
such a histogram too), which bounds memory and the cost of a percentile, at an error of one percent. It knows nothing of
time, units or statistics' names.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

__all__ = ["MAX_DISTINCT_VALUES", "Distribution", "DistributionState", "percentile"]

MAX_DISTINCT_VALUES = 500
_CELL_WIDTH = math.log(1.02)

DistributionState = tuple[float, float, float, float, dict[float, float] | None, bool]
Ranks = tuple[list[float], list[float]]
"""Values in order, and how many there are up to each."""


class Distribution:
    """What was recorded in one bucket."""

    __slots__ = ("_counts", "_in_cells", "_ranks", "count", "maximum", "minimum", "total")

    def __init__(self) -> None:
        self.count = 0.0
        self.total = 0.0
        self.minimum = math.inf
        self.maximum = -math.inf
        self._counts: dict[float, float] | None = {}
        self._in_cells = False
        self._ranks: Ranks | None = None

    def add(self, value: float, count: float = 1.0) -> None:
        """Add one value that came ``count`` times."""
        self.count += count
        self.total += value * count
        if value < self.minimum:
            self.minimum = value
        if value > self.maximum:
            self.maximum = value
        counts = self._counts
        if counts is None:
            return
        self._ranks = None
        if self._in_cells:
            value = _cell(value)
        counts[value] = counts.get(value, 0.0) + count
        if not self._in_cells and len(counts) > MAX_DISTINCT_VALUES:
            self._fall_into_cells(counts)

    def add_set(self, *, count: float, total: float, minimum: float, maximum: float) -> None:
        """Add a StatisticSet, whose single values are not known.

        Percentiles stay available only where the set says what its values are: all equal (as PutMetricData's page
        documents).
        """
        if minimum == maximum and math.isclose(total, minimum * count):
            self.add(minimum, count)
            return
        self.count += count
        self.total += total
        self.minimum = min(self.minimum, minimum)
        self.maximum = max(self.maximum, maximum)
        self._counts = None

    @property
    def counts(self) -> dict[float, float] | None:
        """How often each value came; None when a StatisticSet hid its values."""
        return self._counts

    def ranked(self) -> Ranks:
        """Return the values in order with how many there are up to each; kept until a value is added."""
        if self._ranks is None:
            self._ranks = _rank(self._counts or {})
        return self._ranks

    @classmethod
    def joined(cls, distributions: Sequence[Distribution]) -> Distribution:
        """Return the values of all of them, to be read; nothing is added to it any more."""
        made = cls()
        made.count = sum(one.count for one in distributions)
        made.total = sum(one.total for one in distributions)
        made.minimum = min(one.minimum for one in distributions)
        made.maximum = max(one.maximum for one in distributions)
        counts: dict[float, float] = {}
        for one in distributions:
            if one._counts is None:
                made._counts = None
                return made
            for value, count in one._counts.items():
                counts[value] = counts.get(value, 0.0) + count
        made._counts = counts
        return made

    @property
    def state(self) -> DistributionState:
        """All that it holds, as plain values."""
        counts = None if self._counts is None else dict(self._counts)
        return (self.count, self.total, self.minimum, self.maximum, counts, self._in_cells)

    @classmethod
    def of(cls, state: DistributionState) -> Distribution:
        """Return what was in this state."""
        made = cls()
        made.count, made.total, made.minimum, made.maximum, counts, made._in_cells = state
        made._counts = None if counts is None else dict(counts)
        return made

    def _fall_into_cells(self, counts: dict[float, float]) -> None:
        cells: dict[float, float] = {}
        for value, count in counts.items():
            cell = _cell(value)
            cells[cell] = cells.get(cell, 0.0) + count
        self._counts = cells
        self._in_cells = True


def percentile(distribution: Distribution, percent: float) -> float | None:
    """Return the smallest value that at least ``percent`` of the values do not exceed (nearest rank).

    Returns:
        None where CloudWatch has none either: with values that a StatisticSet hid, or with negative ones.
    """
    if not distribution.counts or distribution.minimum < 0:
        return None
    values, reached = distribution.ranked()
    found = values[min(bisect_left(reached, reached[-1] * percent / 100), len(values) - 1)]
    # A cell's middle may lie outside of what was recorded; the extremes are exact.
    return min(max(found, distribution.minimum), distribution.maximum)


def _rank(counts: dict[float, float]) -> Ranks:
    values = sorted(counts)
    return values, list(accumulate(counts[value] for value in values))


def _cell(value: float) -> float:
    """Return the middle of the cell that a value falls into."""
    if value == 0.0:
        return 0.0
    middle = math.exp(round(math.log(abs(value)) / _CELL_WIDTH) * _CELL_WIDTH)
    return math.copysign(middle, value)
