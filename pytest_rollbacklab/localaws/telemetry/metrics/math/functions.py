"""Metric math's functions, by name: each takes what its arguments came to, and the window that is computed.

The user guide's table says what each returns: SUM and its kin make a number of one series, and one series of an array.
A function is given what it does not take with a TypeError, whose words go into AWS's refusal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from pytest_rollbacklab.localaws.telemetry.metrics.math.values import TimeSeries, Value, each

__all__ = ["FUNCTIONS", "Span"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What is computed."""

    start: int
    """Epoch seconds, of the first period."""
    end: int
    period_s: int
    metrics: Mapping[str, TimeSeries]
    """The request's metrics by id, without expressions."""

    @property
    def times(self) -> range:
        return range(self.start, self.end, self.period_s)


Function = Callable[[Span, Sequence[Value]], Value]


def _reducing(over: Callable[[Sequence[float]], float]) -> Function:
    def reduce(_: Span, arguments: Sequence[Value]) -> Value:
        (value,) = _taking(arguments, 1)
        if isinstance(value, TimeSeries):
            if not value.points:
                raise ArithmeticError("there are no points")
            return over(list(value.points.values()))
        if isinstance(value, list):
            return _across(over, value)
        raise TypeError("it takes a time series, or an array of them")

    return reduce


def _across(over: Callable[[Sequence[float]], float], array: Sequence[TimeSeries]) -> TimeSeries:
    """Reduce an array to one series; at each time what there is counts."""
    if not array:
        raise TypeError("the array is empty")
    times = sorted({at for one in array for at in one.points})
    points = {at: over([one.points[at] for one in array if at in one.points]) for at in times}
    return TimeSeries(label=array[0].label, period_s=array[0].period_s, points=points)


def _count(_: Span, arguments: Sequence[Value]) -> Value:
    (value,) = _taking(arguments, 1)
    if isinstance(value, TimeSeries):
        return float(len(value.points))
    if isinstance(value, list):
        return _across(lambda values: float(len(values)), value)
    raise TypeError("it takes a time series, or an array of them")


def _mapping(change: Callable[[float], float]) -> Function:
    def mapped(_: Span, arguments: Sequence[Value]) -> Value:
        (value,) = _taking(arguments, 1)
        if isinstance(value, float):
            return float(change(value))
        return each(lambda one: one.with_points({at: float(change(x)) for at, x in one.points.items()}), value)

    return mapped


def _stepping(step: Callable[[tuple[int, float], tuple[int, float]], float]) -> Function:
    def stepped(_: Span, arguments: Sequence[Value]) -> Value:
        (value,) = _taking(arguments, 1)
        return each(lambda one: one.with_points({b[0]: step(a, b) for a, b in pairwise(one.points.items())}), value)

    return stepped


def _running_sum(_: Span, arguments: Sequence[Value]) -> Value:
    (value,) = _taking(arguments, 1)
    return each(lambda one: one.with_points(dict(zip(one.points, accumulate(one.points.values()), strict=True))), value)


def _fill(span: Span, arguments: Sequence[Value]) -> Value:
    value, filler = _taking(arguments, 2)
    return each(lambda one: one.with_points(_filled(span, one, filler)), value)


def _filled(span: Span, one: TimeSeries, filler: Value) -> dict[int, float]:
    known = one.points
    if isinstance(filler, float):
        return {at: known.get(at, filler) for at in span.times}
    if isinstance(filler, TimeSeries):
        return {
            at: known.get(at, filler.points.get(at, math.nan))
            for at in span.times
            if at in known or at in filler.points
        }
    if filler == "REPEAT":
        last: float | None = None
        filled = {at: (last := known.get(at, last)) for at in span.times}
        return {at: value for at, value in filled.items() if value is not None}
    if filler == "LINEAR":
        return _linear(span, known)
    raise TypeError("FILL takes a number, a time series, REPEAT or LINEAR")


def _linear(span: Span, known: Mapping[int, float]) -> dict[int, float]:
    """Draw a line between the points around a gap; what lies before the first or after the last stays empty."""
    filled = dict(known)
    for (a, before), (b, after) in pairwise(known.items()):
        for at in span.times:
            if a < at < b:
                filled[at] = before + (after - before) * (at - a) / (b - a)
    return dict(sorted(filled.items()))


def _if(_: Span, arguments: Sequence[Value]) -> Value:
    condition, then, *other = _taking(arguments, 2, 3)
    if any(isinstance(value, str | list) for value in (condition, then, *other)):
        raise TypeError("IF takes time series and numbers")
    if not isinstance(condition, TimeSeries):
        chosen = then if condition else other[0] if other else None
        if chosen is None:
            raise ArithmeticError("there is no value for a false condition")
        return chosen
    points = {}
    for at, holds in condition.points.items():
        value = _at(then, at) if holds else _at(other[0], at) if other else None
        if value is not None:
            points[at] = value
    return condition.with_points(points)


def _at(value: Value, at: int) -> float | None:
    return value.points.get(at) if isinstance(value, TimeSeries) else float(value)  # type: ignore[arg-type]


def _metrics(span: Span, arguments: Sequence[Value]) -> Value:
    if not arguments:
        return list(span.metrics.values())
    (part,) = _taking(arguments, 1)
    if not isinstance(part, str):
        raise TypeError("METRICS takes a string that is part of the ids")
    return [one for identity, one in span.metrics.items() if part in identity]


def _period(_: Span, arguments: Sequence[Value]) -> Value:
    (value,) = _taking(arguments, 1)
    if not isinstance(value, TimeSeries):
        raise TypeError("PERIOD takes a metric")
    return float(value.period_s)


def _time_series(span: Span, arguments: Sequence[Value]) -> Value:
    (value,) = _taking(arguments, 1)
    if not isinstance(value, float):
        raise TypeError("TIME_SERIES takes a number")
    return TimeSeries(label="", period_s=span.period_s, points=dict.fromkeys(span.times, value))


def _taking(arguments: Sequence[Value], *numbers: int) -> Sequence[Value]:
    if len(arguments) not in numbers:
        raise TypeError(f"it takes {' or '.join(map(str, numbers))} arguments, and {len(arguments)} are given")
    return arguments


FUNCTIONS: Mapping[str, Function] = {
    "ABS": _mapping(abs),
    "AVG": _reducing(lambda values: sum(values) / len(values)),
    "CEIL": _mapping(math.ceil),
    "DATAPOINT_COUNT": _count,
    "DIFF": _stepping(lambda a, b: b[1] - a[1]),
    "FILL": _fill,
    "FLOOR": _mapping(math.floor),
    "IF": _if,
    "MAX": _reducing(max),
    "METRICS": _metrics,
    "MIN": _reducing(min),
    "PERIOD": _period,
    "RATE": _stepping(lambda a, b: (b[1] - a[1]) / (b[0] - a[0])),
    "RUNNING_SUM": _running_sum,
    "SUM": _reducing(sum),
    "TIME_SERIES": _time_series,
}
