"""The metrics of one account and region, each under its namespace, name and exact set of dimensions.

The key is what CloudWatch says a metric is ("treats each unique combination of dimensions as a separate metric"), so
that finding one is one look into a dict. A metric holds a series for each unit in which it was published: units are
never mixed. It knows nothing of the API's parameters.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

from pytest_rollbacklab.localaws.telemetry.metrics.series import Series

__all__ = ["Metric", "MetricId", "MetricStore", "Recording", "StatisticSet", "metric_id"]


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricId:
    """What a metric is."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    """Name and value, sorted by name."""


def metric_id(namespace: str, name: str, dimensions: Mapping[str, str]) -> MetricId:
    """Return the identity of a metric, whatever the order in which its dimensions are given."""
    return MetricId(namespace=namespace, name=name, dimensions=tuple(sorted(dimensions.items())))


@dataclass(frozen=True, kw_only=True, slots=True)
class StatisticSet:
    """Values that were summed up before they were published."""

    count: float
    total: float
    minimum: float
    maximum: float


Recording = tuple[str, str, tuple[tuple[str, str], ...], str, float, Mapping[float, float] | StatisticSet, bool]
"""Namespace, name and dimensions of a metric; unit, time and values of what was recorded; whether by the second."""


class Metric:
    """One metric: a series for each unit."""

    __slots__ = ("id", "last_at", "series")

    def __init__(self, identity: MetricId) -> None:
        self.id = identity
        self.series: dict[str, Series] = {}
        self.last_at = 0.0
        """Epoch seconds of its newest point."""

    def in_units(self, unit: str | None) -> list[Series]:
        """Return the series of one unit, or of every unit, sorted by unit."""
        if unit is None:
            return [self.series[name] for name in sorted(self.series)]
        return [self.series[unit]] if unit in self.series else []


class MetricStore:
    """Every metric of one account and region.

    Args:
        told: Hears of every recording; None when nobody keeps them.
        seen_at: Gives when what is recorded now can be read, epoch seconds; None when that is at once.
    """

    def __init__(
        self, told: Callable[[Recording], None] | None = None, seen_at: Callable[[], float] | None = None
    ) -> None:
        self._seen_at = seen_at
        self._waiting: deque[tuple[float, Recording]] = deque()
        self._metrics: dict[MetricId, Metric] = {}
        self._told = told
        self._watched: Set[MetricId] = frozenset()
        self._hear: Callable[[], None] = _nobody

    def watch(self, metrics: Set[MetricId], hear: Callable[[], None]) -> None:
        """Have somebody called whenever a point of one of these metrics is recorded, instead of what was before."""
        self._watched, self._hear = metrics, hear

    def __iter__(self) -> Iterator[Metric]:
        return iter(self._metrics.values())

    def find(self, identity: MetricId) -> Metric | None:
        return self._metrics.get(identity)

    def metric(self, identity: MetricId) -> Metric:
        """Return a metric, which is made when it is not there."""
        metric = self._metrics.get(identity)
        if metric is None:
            metric = self._metrics[identity] = Metric(identity)
        return metric

    def record(
        self,
        identity: MetricId,
        *,
        unit: str,
        at: float,
        values: Mapping[float, float] | StatisticSet,
        high_resolution: bool = False,
    ) -> None:
        """Add points of one time to a metric, which is made when it is not there.

        Args:
            unit: One of CloudWatch's units.
            at: Epoch seconds.
            values: How often each value came, or a statistic set.
            high_resolution: Whether the points are stored by the second.
        """
        if self._told is not None:
            self._told((identity.namespace, identity.name, identity.dimensions, unit, at, values, high_resolution))
        if self._seen_at is not None:
            waiting = (identity.namespace, identity.name, identity.dimensions, unit, at, values, high_resolution)
            self._waiting.append((self._seen_at(), waiting))
            if identity in self._watched:
                self._hear()
            return
        self._put(identity, unit, at, values, high_resolution=high_resolution)

    @property
    def next_seen_at(self) -> float:
        """When the next of what waits can be read, epoch seconds; infinity when nothing waits."""
        return self._waiting[0][0] if self._waiting else math.inf

    def settle(self, *, now: float) -> None:
        """Let be read what has waited long enough."""
        while self._waiting and self._waiting[0][0] <= now:
            self.replay(self._waiting.popleft()[1])

    def replay(self, recording: Recording) -> None:
        """Record what was recorded before, and tell nobody."""
        namespace, name, dimensions, unit, at, values, high_resolution = recording
        identity = MetricId(namespace=namespace, name=name, dimensions=dimensions)
        self._put(identity, unit, at, values, high_resolution=high_resolution)

    def _put(
        self,
        identity: MetricId,
        unit: str,
        at: float,
        values: Mapping[float, float] | StatisticSet,
        *,
        high_resolution: bool,
    ) -> None:
        metric = self.metric(identity)
        series = metric.series.get(unit)
        if series is None:
            series = metric.series[unit] = Series(unit)
        metric.last_at = max(metric.last_at, at)
        for bucket in series.buckets_for(at, high_resolution=high_resolution):
            if isinstance(values, StatisticSet):
                bucket.add_set(count=values.count, total=values.total, minimum=values.minimum, maximum=values.maximum)
                continue
            for value, count in values.items():
                bucket.add(value, count)
        if self._watched and identity in self._watched:
            self._hear()


def _nobody() -> None:
    """Be told that a watched metric has a point, while none is watched."""
