"""The datapoints that an alarm looks at: of its one metric, or of what its queries come to."""

from __future__ import annotations

from pytest_rollbacklab.localaws.telemetry.alarms.evaluation import EXTRA_PERIODS, Datapoint
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings
from pytest_rollbacklab.localaws.telemetry.metrics.computing import Computation
from pytest_rollbacklab.localaws.telemetry.metrics.distribution import Distribution
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricStore

__all__ = ["Datapoints"]


class Datapoints:
    """What one alarm sees of the metrics.

    Args:
        settings: The alarm's.
        store: The metrics of its account and region.
    """

    def __init__(self, settings: AlarmSettings, store: MetricStore) -> None:
        self._settings = settings
        self._store = store
        found = [(store.find(stat.metric), stat.unit) for stat in settings.stats]
        self._series = [series for metric, unit in found if metric for series in metric.in_units(unit)]

    def ending(self, end: int) -> list[Datapoint]:
        """Return the datapoints of the evaluation range that ends here, newest first.

        Args:
            end: Epoch seconds.
        """
        period_s = self._settings.period_s
        start = end - (self._settings.evaluation_periods + EXTRA_PERIODS) * period_s
        read = self._computed if self._settings.queries else self._read
        found = read(start, end)
        return [found.get(at) or Datapoint(at=at) for at in range(end - period_s, start - 1, -period_s)]

    def first_seen_after(self, tick: int) -> int | None:
        """Return the start of the first minute with data that ends after a moment; None when there is none."""
        minutes = [minute for one in self._series if (minute := one.next_minute_with_data(tick)) is not None]
        return min(minutes, default=None)

    def _read(self, start: int, end: int) -> dict[int, Datapoint]:
        """Read the metric; without a unit in the settings the first one that has data counts; AWS leaves open which."""
        for one in self._series:
            periods = one.periods(start, end, self._settings.period_s)
            if found := {period.start: self._datapoint(period.start, period.values) for period in periods}:
                return found
        return {}

    def _datapoint(self, at: int, values: Distribution) -> Datapoint:
        assert self._settings.statistic is not None
        return Datapoint(at=at, value=self._settings.statistic.of(values), sample_count=values.count)

    def _computed(self, start: int, end: int) -> dict[int, Datapoint]:
        wanted = next(query for query in self._settings.queries if query.wanted)
        computation = Computation(
            self._store,
            self._settings.queries,
            starts=lambda period_s: end - -(-(end - start) // period_s) * period_s,
            end=end,
        )
        series = computation.of(wanted.id).series
        points = series[0].points if series else {}
        return {at: Datapoint(at=at, value=value, sample_count=None) for at, value in points.items()}
