"""Metrics over time, for charts: an API's and functions' series, each point a period of the same length.

All series of a thing come in one GetMetricData call; many functions share calls up to its limit of 500 queries. Periods
are the shortest that CloudWatch still keeps for the window's beginning ("Metrics retention": a minute for 15 days, five
for 63, an hour for 455) and that give no more points than were asked for. A period in which nothing was recorded is 0
for what is counted and None for what is measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pytest_rollbacklab.target import Target

__all__ = ["Series", "read_api_series", "read_function_series", "read_many_function_series"]

_QUERIES_A_CALL = 500
_PERCENTILES = ("p50", "p90", "p99")
_GRAINS_S = ((15, 60), (63, 300))
"""Up to so many days back, the shortest period; behind the last, an hour."""
_HOUR_S = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """One line of a chart."""

    name: str
    """``Count``, ``5XXError``, ``Latency p90`` ..."""
    unit: str
    """``Count`` or ``Milliseconds``."""
    points: tuple[tuple[datetime, float | None], ...]
    """When each period begins, and its value; all series of one read have the same times."""
    period_s: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Statistic:
    """What one series shows."""

    metric: str
    stat: str
    unit: str

    @property
    def name(self) -> str:
        return self.metric if self.stat == "Sum" else f"{self.metric} {self.stat}"


def _statistics(counted: Iterable[str], measured: str) -> tuple[_Statistic, ...]:
    return (
        *(_Statistic(metric=metric, stat="Sum", unit="Count") for metric in counted),
        *(_Statistic(metric=measured, stat=percentile, unit="Milliseconds") for percentile in _PERCENTILES),
    )


_OF_AN_API = _statistics(("Count", "4XXError", "5XXError"), "Latency")
_OF_A_FUNCTION = _statistics(("Invocations", "Errors", "Throttles"), "Duration")


def read_api_series(
    target: Target, api_name: str, stage: str, *, since: datetime, until: datetime | None = None, points: int = 60
) -> tuple[Series, ...]:
    """Return an API stage's series: Count, 4XXError, 5XXError, and Latency p50, p90 and p99.

    Args:
        since: The earliest time; the first period begins there or before.
        until: None for now.
        points: How many periods at the most.
    """
    frame = _Frame.of(since, until, points)
    thing = _Thing(namespace="AWS/ApiGateway", dimensions={"ApiName": api_name, "Stage": stage}, shows=_OF_AN_API)
    return _read(target, [thing], frame)[0]


def read_function_series(
    target: Target, function_name: str, *, since: datetime, until: datetime | None = None, points: int = 60
) -> tuple[Series, ...]:
    """Return a function's series: Invocations, Errors, Throttles, and Duration p50, p90 and p99.

    Args:
        since: The earliest time; the first period begins there or before.
        until: None for now.
        points: How many periods at the most.
    """
    return read_many_function_series(target, [function_name], since=since, until=until, points=points)[function_name]


def read_many_function_series(
    target: Target, names: Sequence[str], *, since: datetime, until: datetime | None = None, points: int = 60
) -> Mapping[str, tuple[Series, ...]]:
    """Return several functions' series by name, in as few calls as GetMetricData takes.

    Args:
        names: Of the functions.
        since: The earliest time; the first period begins there or before.
        until: None for now.
        points: How many periods at the most.
    """
    frame = _Frame.of(since, until, points)
    things = [_Thing(namespace="AWS/Lambda", dimensions={"FunctionName": name}, shows=_OF_A_FUNCTION) for name in names]
    return dict(zip(names, _read(target, things, frame), strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Thing:
    """Whose metrics are read."""

    namespace: str
    dimensions: Mapping[str, str]
    shows: tuple[_Statistic, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """The periods of a chart. Times are epoch seconds; the end is exclusive."""

    start: int
    end: int
    period_s: int

    @classmethod
    def of(cls, since: datetime, until: datetime | None, points: int) -> _Frame:
        first, now = since.timestamp(), datetime.now(UTC).timestamp()
        last = max(first, until.timestamp() if until is not None else now)
        age = timedelta(seconds=now - first)
        grain_s = next((grain_s for days, grain_s in _GRAINS_S if age < timedelta(days=days)), _HOUR_S)
        period_s = grain_s * max(1, int((last - first) // grain_s // points))
        while last // period_s - first // period_s >= max(2, points):  # two, as a window may lie across a beginning
            period_s += grain_s
        # Periods begin at multiples of their length, so that a chart that is drawn again shows the same ones.
        return cls(start=int(first // period_s) * period_s, end=int(last // period_s + 1) * period_s, period_s=period_s)

    @property
    def starts(self) -> range:
        return range(self.start, self.end, self.period_s)


def _read(target: Target, things: Sequence[_Thing], frame: _Frame) -> list[tuple[Series, ...]]:
    queries = [query for thing in things for query in _queries(thing, frame)]
    found: dict[int, dict[int, float]] = {}
    for first in range(0, len(queries), _QUERIES_A_CALL):
        numbered = enumerate(queries[first : first + _QUERIES_A_CALL], first)
        _ask(target, [{"Id": f"q{number}", **query} for number, query in numbered], frame, found)
    numbers = iter(range(len(queries)))
    return [tuple(_series(shown, found.get(next(numbers), {}), frame) for shown in thing.shows) for thing in things]


def _queries(thing: _Thing, frame: _Frame) -> Iterator[dict[str, Any]]:
    dimensions = [{"Name": name, "Value": value} for name, value in thing.dimensions.items()]
    for shown in thing.shows:
        metric = {"Namespace": thing.namespace, "MetricName": shown.metric, "Dimensions": dimensions}
        yield {"MetricStat": {"Metric": metric, "Period": frame.period_s, "Stat": shown.stat}}


def _ask(target: Target, queries: list[dict[str, Any]], frame: _Frame, found: dict[int, dict[int, float]]) -> None:
    """Ask for up to 500 queries, and note the values by query and time."""
    pages = (
        target.client("cloudwatch")
        .get_paginator("get_metric_data")
        .paginate(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(frame.start, UTC),
            EndTime=datetime.fromtimestamp(frame.end, UTC),
        )
    )
    for page in pages:
        for result in page["MetricDataResults"]:
            values = found.setdefault(int(result["Id"][1:]), {})
            for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                values[int(at.timestamp())] = value


def _series(shown: _Statistic, values: Mapping[int, float], frame: _Frame) -> Series:
    nothing = 0.0 if shown.stat == "Sum" else None
    points = tuple((datetime.fromtimestamp(start, UTC), values.get(start, nothing)) for start in frame.starts)
    return Series(name=shown.name, unit=shown.unit, points=points, period_s=frame.period_s)
