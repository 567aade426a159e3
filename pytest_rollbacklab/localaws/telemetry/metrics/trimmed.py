"""Trimmed statistics: the part of a period's values between two bounds, as "Statistics definitions" of the guide says.

Bounds in percent cut the ordered values by their number, so that a value on the edge counts in part; absolute bounds
take what is greater than the lower and not greater than the upper one. CloudWatch's own figures are estimates of this.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pytest_rollbacklab.localaws.telemetry.metrics.distribution import Distribution

__all__ = ["read_trimmed"]

_SHORT = re.compile(r"(tm|tc|ts|wm)(\d{1,2}(?:\.\d{1,10})?|100(?:\.0{1,10})?)")
_NUMBER = r"-?\d+(?:\.\d+)?"
_LONG = re.compile(rf"(TM|TC|TS|WM|PR)\(({_NUMBER})?(%?):({_NUMBER})?(%?)\)")

Weighted = list[tuple[float, float]]
"""Values in order, and how often each counts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Bounds:
    low: float
    high: float
    percent: bool


def read_trimmed(name: str) -> Callable[[Distribution], float | None] | None:
    """Return the statistic of this name (``tm90``, ``TM(10%:90%)``, ``PR(:300)``, ``IQM``), or None."""
    if name == "IQM":
        return _over(_mean, _Bounds(low=25, high=75, percent=True))
    if found := _SHORT.fullmatch(name):
        return _over(_KINDS[found[1].upper()], _Bounds(low=0, high=float(found[2]), percent=True))
    found = _LONG.fullmatch(name)
    bounds = _read_bounds(found) if found else None
    if found is None or bounds is None or (found[1] == "PR" and bounds.percent):
        return None
    return _over(_KINDS[found[1]], bounds)


def _read_bounds(found: re.Match[str]) -> _Bounds | None:
    _, low, low_sign, high, high_sign = found.groups()
    signs = {sign for text, sign in ((low, low_sign), (high, high_sign)) if text is not None}
    stray = any(text is None and sign for text, sign in ((low, low_sign), (high, high_sign)))
    if len(signs) != 1 or stray:
        return None
    percent = signs == {"%"}
    bounds = _Bounds(
        low=float(low) if low is not None else (0.0 if percent else -math.inf),
        high=float(high) if high is not None else (100.0 if percent else math.inf),
        percent=percent,
    )
    fits = bounds.low < bounds.high and (not percent or (bounds.low >= 0 and bounds.high <= 100))
    return bounds if fits else None


def _over(
    reduce: Callable[[Distribution, Weighted, float, float], float | None], bounds: _Bounds
) -> Callable[[Distribution], float | None]:
    def of(values: Distribution) -> float | None:
        if not values.counts or values.minimum < 0:
            return None
        kept = list(_kept(values, bounds))
        if bounds.percent:
            low, high = (kept[0][0], kept[-1][0]) if kept else (values.minimum, values.maximum)
        else:
            low, high = max(bounds.low, values.minimum), min(bounds.high, values.maximum)
        return reduce(values, kept, low, high)

    return of


def _kept(values: Distribution, bounds: _Bounds) -> Iterator[tuple[float, float]]:
    """Give what lies between the bounds."""
    ordered, reached = values.ranked()
    total, before = reached[-1], 0.0
    for value, up_to in zip(ordered, reached, strict=True):
        weight = up_to - before
        if bounds.percent:
            weight = min(up_to, total * bounds.high / 100) - max(before, total * bounds.low / 100)
        elif not bounds.low < value <= bounds.high:
            weight = 0.0
        if weight > 0:
            yield value, weight
        before = up_to


def _count(_values: Distribution, kept: Weighted, _low: float, _high: float) -> float:
    return sum(weight for _, weight in kept)


def _sum(_values: Distribution, kept: Weighted, _low: float, _high: float) -> float:
    return sum(value * weight for value, weight in kept)


def _mean(values: Distribution, kept: Weighted, low: float, high: float) -> float | None:
    count = _count(values, kept, low, high)
    return _sum(values, kept, low, high) / count if count else None


def _winsorized(values: Distribution, _kept: Weighted, low: float, high: float) -> float | None:
    counts = values.counts or {}
    return sum(min(max(value, low), high) * count for value, count in counts.items()) / values.count


def _rank(values: Distribution, kept: Weighted, low: float, high: float) -> float:
    return _count(values, kept, low, high) / values.count * 100


_KINDS: Mapping[str, Callable[[Distribution, Weighted, float, float], float | None]] = {
    "TM": _mean,
    "TC": _count,
    "TS": _sum,
    "WM": _winsorized,
    "PR": _rank,
}
