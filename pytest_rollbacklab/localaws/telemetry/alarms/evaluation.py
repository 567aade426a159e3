"""What an alarm makes of its datapoints: M out of N, with missing data (a pure function).

Follows "Configuring how CloudWatch alarms treat missing data" of the CloudWatch user guide, whose two tables are its
tests: more periods are read than are evaluated, real datapoints are preferred to missing ones, missing ones are filled
in as the alarm says and no more often than needed, and a single old breach with nothing after it is an alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_rollbacklab.localaws.telemetry.alarms.alarm import ALARM, INSUFFICIENT_DATA, OK
from pytest_rollbacklab.localaws.telemetry.alarms.comparisons import COMPARISONS
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings

__all__ = ["EXTRA_PERIODS", "Datapoint", "Verdict", "judge"]

# The user guide's tables read five periods for three evaluated ones; it gives no other figure.
EXTRA_PERIODS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Datapoint:
    """One period of the metric."""

    at: int
    """Its start, epoch seconds."""
    value: float | None = None
    """None when nothing was recorded in it."""
    sample_count: float | None = 0.0
    """None where it was computed from several metrics."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The state that the datapoints call for, and those that decided."""

    state: str
    deciding: tuple[Datapoint, ...]
    """The breaching ones for ALARM, the others for OK; newest first."""
    evaluated: tuple[Datapoint, ...]
    """All that were evaluated, with the missing ones that were filled in; newest first."""

    @property
    def real(self) -> tuple[Datapoint, ...]:
        return tuple(point for point in self.evaluated if point.value is not None)

    @property
    def filled(self) -> int:
        """How many missing datapoints were filled in."""
        return len(self.evaluated) - len(self.real)


def judge(datapoints: Sequence[Datapoint], settings: AlarmSettings) -> Verdict | None:
    """Return what the datapoints call for, or None when the alarm stays as it is.

    Args:
        datapoints: The evaluation range, newest first, one for each period.
    """
    evaluated = _evaluated(datapoints, settings.evaluation_periods)
    comparison = COMPARISONS[settings.comparison]
    breaching: list[Datapoint] = []
    within: list[Datapoint] = []
    missing = 0
    for point in evaluated:
        if point.value is None:
            missing += 1
        else:
            (breaching if comparison.holds(point.value, settings.threshold) else within).append(point)
    treatment = settings.missing_data
    if len(breaching) + (missing if treatment == "breaching" else 0) >= settings.needed:
        return Verdict(state=ALARM, deciding=tuple(breaching), evaluated=evaluated)
    if within or treatment in ("breaching", "notBreaching"):
        return Verdict(state=OK, deciding=tuple(within), evaluated=evaluated)
    if treatment == "ignore":
        return None
    if not breaching:
        return Verdict(state=INSUFFICIENT_DATA, deciding=(), evaluated=evaluated)
    if _is_old_enough(datapoints, settings.needed):
        return Verdict(state=ALARM, deciding=tuple(breaching), evaluated=evaluated)
    return None


def _evaluated(datapoints: Sequence[Datapoint], periods: int) -> tuple[Datapoint, ...]:
    """Return the newest real datapoints, and missing ones only where there are not enough of them."""
    room = periods - sum(point.value is not None for point in datapoints)
    chosen = []
    for point in datapoints:
        if point.value is None:
            room -= 1
        if point.value is not None or room >= 0:
            chosen.append(point)
    return tuple(chosen[:periods])


def _is_old_enough(datapoints: Sequence[Datapoint], needed: int) -> bool:
    """Say whether the oldest datapoint is at least as old as "datapoints to alarm"; all of them breach."""
    oldest = max(age for age, point in enumerate(datapoints, 1) if point.value is not None)
    return oldest >= needed
