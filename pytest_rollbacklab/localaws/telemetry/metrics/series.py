"""One metric in one unit: buckets of time at CloudWatch's own resolutions, kept as long as CloudWatch keeps them.

Every point goes into a bucket of each resolution as it comes (PutMetricData's page: one second for 3 hours, one minute
for 15 days, five minutes for 63 days, one hour for 455 days). A read takes the coarsest buckets that its periods are
made of, found by bisection, and keeps those that it joined: its cost is that of the window asked for, whatever has been
recorded. Memory is bounded by the retention, which counts from the newest bucket, so that nothing here reads a clock.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from pytest_rollbacklab.localaws.telemetry.metrics.distribution import Distribution, DistributionState

__all__ = ["RESOLUTIONS", "Period", "Resolution", "Series", "SeriesState"]

LevelState = tuple[tuple[int, DistributionState], ...]
SeriesState = tuple[LevelState, ...]

_MOST_JOINED = 500
"""How many periods of more than one bucket are kept joined, for each resolution of a series."""
_HOUR_S = 3600
_DAY_S = 24 * _HOUR_S


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """How wide a bucket is, and how long it is kept."""

    width_s: int
    kept_s: int


RESOLUTIONS = (
    Resolution(width_s=1, kept_s=3 * _HOUR_S),
    Resolution(width_s=60, kept_s=15 * _DAY_S),
    Resolution(width_s=300, kept_s=63 * _DAY_S),
    Resolution(width_s=_HOUR_S, kept_s=455 * _DAY_S),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """One period that has data."""

    start: int
    """Epoch seconds."""
    values: Distribution


class _Level:
    """The buckets of one resolution, in order of time."""

    __slots__ = ("_buckets", "_joined", "_resolution", "_starts", "width_s")

    def __init__(self, resolution: Resolution) -> None:
        self._resolution = resolution
        self.width_s = resolution.width_s
        self._starts: list[int] = []
        self._buckets: dict[int, Distribution] = {}
        self._joined: dict[tuple[int, ...], Distribution] = {}

    def __len__(self) -> int:
        return len(self._starts)

    def bucket(self, at: float) -> Distribution:
        start = int(at // self.width_s) * self.width_s
        bucket = self._buckets.get(start)
        return bucket if bucket is not None else self._open(start)

    def between(self, start: int, end: int) -> list[int]:
        """Return the starts of the buckets that lie in ``[start, end)``."""
        return self._starts[bisect_left(self._starts, start) : bisect_left(self._starts, end)]

    def joined(self, starts: tuple[int, ...]) -> Distribution:
        """Return the buckets that begin there as one; what is past is joined once, however often it is read."""
        buckets = [self._buckets[start] for start in starts]
        if len(buckets) == 1:
            return buckets[0]
        known = self._joined.get(starts)
        if known is None or known.count != sum(bucket.count for bucket in buckets):  # counts only ever grow
            if len(self._joined) >= _MOST_JOINED:
                self._joined.clear()
            known = self._joined[starts] = Distribution.joined(buckets)
        return known

    def first_from(self, at: int) -> int | None:
        index = bisect_left(self._starts, at)
        return self._starts[index] if index < len(self._starts) else None

    @property
    def state(self) -> LevelState:
        return tuple((start, self._buckets[start].state) for start in self._starts)

    def put_back(self, state: LevelState) -> None:
        self._buckets = {start: Distribution.of(bucket) for start, bucket in state}
        self._starts = list(self._buckets)

    def _open(self, start: int) -> Distribution:
        bucket = self._buckets[start] = Distribution()
        if self._starts and start < self._starts[-1]:
            insort(self._starts, start)
            return bucket
        self._starts.append(start)
        expired = bisect_left(self._starts, start - self._resolution.kept_s)
        for old in self._starts[:expired]:
            del self._buckets[old]
        del self._starts[:expired]
        return bucket


class Series:
    """The points of one metric in one unit.

    Args:
        unit: As PutMetricData named it.
    """

    __slots__ = ("_levels", "unit")

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self._levels = tuple(_Level(resolution) for resolution in RESOLUTIONS)

    def buckets_for(self, at: float, *, high_resolution: bool) -> list[Distribution]:
        """Return the buckets that a point at this time belongs to, one for each resolution.

        Args:
            at: Epoch seconds.
            high_resolution: Whether the metric is stored by the second (``StorageResolution=1``).
        """
        levels = self._levels if high_resolution else self._levels[1:]
        return [level.bucket(at) for level in levels]

    def periods(self, start: int, end: int, period_s: int) -> Iterator[Period]:
        """Give the periods that begin in ``[start, end)`` and have data, oldest first; the last one is whole too.

        Args:
            start: Epoch seconds; periods are counted from here.
            end: Epoch seconds.
            period_s: Length of a period.
        """
        level = self._level_for(start, period_s)
        whole_end = start - (start - end) // period_s * period_s
        by_period = groupby(level.between(start, whole_end), key=lambda at: (at - start) // period_s)
        for index, starts in by_period:
            yield Period(start=start + index * period_s, values=level.joined(tuple(starts)))

    @property
    def state(self) -> SeriesState:
        """Its buckets as plain values, by resolution."""
        return tuple(level.state for level in self._levels)

    @classmethod
    def of(cls, unit: str, state: SeriesState) -> Series:
        """Return a series with these buckets."""
        series = cls(unit)
        for level, buckets in zip(series._levels, state, strict=True):
            level.put_back(buckets)
        return series

    def next_minute_with_data(self, at: float) -> int | None:
        """Return the start of the first minute with data that ends after this time."""
        minutes = self._levels[1]
        return minutes.first_from(int(at // minutes.width_s) * minutes.width_s)

    def _level_for(self, start: int, period_s: int) -> _Level:
        """Return the coarsest level whose buckets make up the periods exactly.

        Without one, periods are shorter than the resolution that the metric is stored in: then a minute's data is
        found in the period that holds the minute's beginning.
        """
        for level in reversed(self._levels[1:]):
            if period_s % level.width_s == 0 and start % level.width_s == 0:
                return level
        return self._levels[0] if len(self._levels[0]) else self._levels[1]
