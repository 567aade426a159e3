"""The metrics as a part of the local AWS that outlives its process.

All metrics of an account and region are one key, since a request moves a dozen of them at once: each recording is kept
as it happens, and as a state the buckets that all of them came to, so that what is kept is bounded by the retention.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from pytest_rollbacklab.localaws.api import Scope, Scoped
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper
from pytest_rollbacklab.localaws.telemetry.metrics.series import Series
from pytest_rollbacklab.localaws.telemetry.metrics.store import Metric, MetricId, MetricStore, Recording

__all__ = ["KeptMetrics"]


class KeptMetrics:
    """Every metric: a ``keeping.Part``.

    Args:
        keeper: Hears of what is recorded.
        seen_at: Gives when what is recorded now can be read, epoch seconds; None when that is at once.
    """

    name = "metrics"

    def __init__(self, keeper: Keeper, seen_at: Callable[[], float] | None = None) -> None:
        self._keeper = keeper
        self._seen_at = seen_at
        self.stores: Scoped[MetricStore] = Scoped(self._store)

    def dump(self, scope: Scope, key: str) -> object | None:  # noqa: ARG002 - there is one key
        """Return the metrics with their buckets; None when there are none."""
        store = self.stores.of(scope)
        store.settle(now=math.inf)  # what waits to be seen has to be among the buckets
        return tuple(_state(metric) for metric in store) or None

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Recording]) -> None:  # noqa: ARG002 - as above
        """Put back the metrics."""
        store = self.stores.of(scope)
        for namespace, name, dimensions, last_at, series in state or ():
            metric = store.metric(MetricId(namespace=namespace, name=name, dimensions=dimensions))
            metric.last_at = last_at
            metric.series = {unit: Series.of(unit, buckets) for unit, buckets in series}
        for recording in events:
            store.replay(recording)

    def _store(self, scope: Scope) -> MetricStore:
        if isinstance(self._keeper, Forgetful):
            return MetricStore(seen_at=self._seen_at)
        return MetricStore(lambda recording: self._keeper.happened(self, scope, "", recording), self._seen_at)


def _state(metric: Metric) -> tuple[Any, ...]:
    series = tuple((unit, one.state) for unit, one in metric.series.items())
    return (metric.id.namespace, metric.id.name, metric.id.dimensions, metric.last_at, series)
