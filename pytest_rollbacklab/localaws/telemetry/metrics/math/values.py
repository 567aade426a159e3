"""What metric math computes with: numbers, time series, and arrays of time series; and operators over them.

Two series meet where both have a point: a time at which one has none has none in the result, and neither has a division
by zero. An array is operated on member by member.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["OPERATORS", "TimeSeries", "Value", "combine", "each"]


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeSeries:
    """Points in order of time."""

    label: str
    period_s: int
    points: Mapping[int, float]
    """Values by epoch seconds, ascending."""

    def with_points(self, points: Mapping[int, float]) -> TimeSeries:
        return TimeSeries(label=self.label, period_s=self.period_s, points=points)


Value = float | str | TimeSeries | list[TimeSeries]
Compute = Callable[[float, float], float | None]


def _divide(left: float, right: float) -> float | None:
    return left / right if right else None


def _power(left: float, right: float) -> float | None:
    try:
        value = left**right
    except (OverflowError, ZeroDivisionError):
        return None
    return value if isinstance(value, float) and math.isfinite(value) else None


def _told(holds: Callable[[float, float], bool]) -> Compute:
    return lambda left, right: float(holds(left, right))


OPERATORS: Mapping[str, Compute] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": _told(operator.eq),
    "!=": _told(operator.ne),
    "<": _told(operator.lt),
    "<=": _told(operator.le),
    ">": _told(operator.gt),
    ">=": _told(operator.ge),
    "AND": _told(lambda left, right: bool(left) and bool(right)),
    "OR": _told(lambda left, right: bool(left) or bool(right)),
}


def combine(compute: Compute, left: Value, right: Value) -> Value:
    """Return what an operator makes of two values.

    Raises:
        TypeError: it is not for such values.
        ArithmeticError: of two numbers there is none.
    """
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError("a string has no place beside an operator")
    if isinstance(left, list) or isinstance(right, list):
        return _pairwise(compute, left, right)
    if isinstance(left, TimeSeries):
        others = right.points if isinstance(right, TimeSeries) else dict.fromkeys(left.points, right)
        return left.with_points(_met(compute, left.points, others))
    if isinstance(right, TimeSeries):
        return right.with_points(_met(compute, dict.fromkeys(right.points, left), right.points))
    value = compute(left, right)
    if value is None:
        raise ArithmeticError("a number has no such value")
    return value


def each(change: Callable[[TimeSeries], TimeSeries], value: Value) -> Value:
    """Return a series changed, or each one of an array.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(value, list):
        return [change(one) for one in value]
    if isinstance(value, TimeSeries):
        return change(value)
    raise TypeError("it takes a time series")


def _pairwise(
    compute: Compute, left: float | TimeSeries | list[TimeSeries], right: float | TimeSeries | list[TimeSeries]
) -> Value:
    if isinstance(left, list) and isinstance(right, list):
        raise TypeError("two arrays of time series do not go together")
    made = (
        [combine(compute, one, right) for one in left]
        if isinstance(left, list)
        else [combine(compute, left, one) for one in right]  # type: ignore[union-attr]
    )
    return [one for one in made if isinstance(one, TimeSeries)]


def _met(compute: Compute, left: Mapping[int, float], right: Mapping[int, float]) -> dict[int, float]:
    found = ((at, compute(value, right[at])) for at, value in left.items() if at in right)
    return {at: value for at, value in found if value is not None}
