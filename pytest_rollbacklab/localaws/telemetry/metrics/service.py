"""Metrics: what the parts of the local AWS record, and CloudWatch's operations that read and write points."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scope
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.telemetry.delays import AT_ONCE, Delays
from pytest_rollbacklab.localaws.telemetry.metrics.datum import check_namespace, read_data
from pytest_rollbacklab.localaws.telemetry.metrics.faults import required
from pytest_rollbacklab.localaws.telemetry.metrics.get_data import get_metric_data
from pytest_rollbacklab.localaws.telemetry.metrics.get_statistics import get_metric_statistics
from pytest_rollbacklab.localaws.telemetry.metrics.kept import KeptMetrics
from pytest_rollbacklab.localaws.telemetry.metrics.listing import list_metrics
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricStore, metric_id
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["Metrics"]


class Metrics:
    """Every account's metrics.

    Args:
        clock: Gives the time in epoch seconds.
        keeper: Hears of what has to outlive the process.
        delays: How long it takes until a point can be read.
    """

    def __init__(self, clock: Callable[[], float], keeper: Keeper, delays: Delays = AT_ONCE) -> None:
        self._clock = clock
        delayed = delays.metrics_s > 0 or delays.whole_minutes
        self.kept = KeptMetrics(keeper, (lambda: delays.metric_seen_at(clock())) if delayed else None)
        self._stores = self.kept.stores
        self._settle: list[Callable[[], None]] = []
        self.operations: Mapping[str, Operation] = {
            "PutMetricData": self._put_metric_data,
            "GetMetricData": self._get_metric_data,
            "GetMetricStatistics": self._get_metric_statistics,
            "ListMetrics": self._list_metrics,
        }

    def record(
        self,
        scope: Scope,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        value: float,
        unit: str,
        at: float | None = None,
    ) -> None:
        """Record one point as an AWS service does, at one-minute resolution.

        Args:
            namespace: ``AWS/Lambda`` ...
            unit: One of CloudWatch's units.
            at: Epoch seconds; now when it is not given.
        """
        self._stores.of(scope).record(
            metric_id(namespace, name, dimensions),
            unit=unit,
            at=self._clock() if at is None else at,
            values={float(value): 1.0},
        )

    def before_reading(self, settle: Callable[[], None]) -> None:
        """Have somebody called before metrics are read, who then records what has come due."""
        self._settle.append(settle)

    def settle(self) -> None:
        """Have recorded whatever has come due."""
        for settle in self._settle:
            settle()
        now = self._clock()
        for store in dict(self._stores.items()).values():
            store.settle(now=now)

    def store(self, scope: Scope) -> MetricStore:
        """Return the metrics of one account and region."""
        return self._stores.of(scope)

    def _put_metric_data(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        namespace = required(params, "Namespace")
        check_namespace(namespace)
        if params.get("EntityMetricData"):
            raise not_emulated("EntityMetricData of PutMetricData", "Publish the points as MetricData.")
        store = self._stores.of(call.scope)
        for point in read_data(namespace, params.get("MetricData") or (), now=self._clock()):
            store.record(
                point.metric,
                unit=point.unit,
                at=point.at,
                values=point.values,
                high_resolution=point.high_resolution,
            )
        return {}

    def _get_metric_data(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        store = self._settled(call)
        return get_metric_data(store, params, account_id=call.scope.account_id, now=self._clock())

    def _get_metric_statistics(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return get_metric_statistics(self._settled(call), params, now=self._clock())

    def _list_metrics(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return list_metrics(self._settled(call), params, now=self._clock())

    def _settled(self, call: Call) -> MetricStore:
        self.settle()
        return self._stores.of(call.scope)
