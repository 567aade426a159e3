"""An alarm's reasons, in CloudWatch's own sentences and with its data.

The sentences are those of recordings and of alarm notifications that were published: with DatapointsToAlarm the count
"out of the last N" and the minimum for the transition are told, without it only the datapoints.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from pytest_rollbacklab.localaws.telemetry.alarms.alarm import ALARM, INSUFFICIENT_DATA
from pytest_rollbacklab.localaws.telemetry.alarms.comparisons import COMPARISONS
from pytest_rollbacklab.localaws.telemetry.alarms.evaluation import Datapoint, Verdict
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings
from pytest_rollbacklab.localaws.telemetry.moments import iso_milliseconds, reason_date

__all__ = ["reason", "reason_data"]

_TREATED_AS = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def reason(verdict: Verdict, settings: AlarmSettings) -> str:
    """Say why the alarm is in this state."""
    if verdict.state == INSUFFICIENT_DATA:
        return f"Insufficient Data: {_counted(verdict.filled)} unknown."
    if not verdict.deciding:
        return f"Threshold Crossed: {_received(verdict, settings)}{_filled_in(verdict, settings)}."
    count, last = len(verdict.deciding), settings.evaluation_periods
    points = ", ".join(f"{_number(point)} ({reason_date(point.at)})" for point in verdict.deciding)
    subject = (
        f"{count} out of the last {last} datapoints"
        if settings.datapoints_to_alarm
        else f"{count} datapoint{_s(count)}"
    )
    return (
        f"Threshold Crossed: {subject} [{points}] {_was(count)} {_compared(verdict, settings)}"
        f"{_filled_in(verdict, settings)}{_minimum(verdict, settings)}."
    )


def reason_data(verdict: Verdict, settings: AlarmSettings, *, at: float) -> str:
    """Return StateReasonData as recorded: what was read, and when.

    Args:
        at: Epoch seconds of the evaluation.
    """
    data: dict[str, Any] = {"version": "1.0", "queryDate": iso_milliseconds(at)}
    if verdict.real:
        data["startDate"] = iso_milliseconds(verdict.real[-1].at)
    if settings.unit is not None:
        data["unit"] = settings.unit
    if settings.statistic is not None:
        data["statistic"] = settings.statistic.name
    data |= {
        "period": settings.period_s,
        "recentDatapoints": [point.value for point in reversed(verdict.real)],
        "threshold": settings.threshold,
        "evaluatedDatapoints": [_shown(point) for point in verdict.evaluated],
    }
    return json.dumps(data, separators=(",", ":"))


def _shown(point: Datapoint) -> dict[str, Any]:
    shown: dict[str, Any] = {"timestamp": iso_milliseconds(point.at)}
    if point.value is None:
        return shown
    return shown | ({} if point.sample_count is None else {"sampleCount": point.sample_count}) | {"value": point.value}


def _received(verdict: Verdict, settings: AlarmSettings) -> str:
    count, periods = len(verdict.real), settings.evaluation_periods
    received = _counted(count) if count else "no datapoints were"
    return f"{received} received for {periods} period{_s(periods)}"


def _compared(verdict: Verdict, settings: AlarmSettings) -> str:
    negation = "" if verdict.state == ALARM else "not "
    return f"{negation}{COMPARISONS[settings.comparison].words} the threshold ({_double(settings.threshold)})"


def _filled_in(verdict: Verdict, settings: AlarmSettings) -> str:
    treated_as = _TREATED_AS.get(settings.missing_data)
    if not verdict.filled or treated_as is None:
        return ""
    return f" and {_counted(verdict.filled, 'missing datapoint')} treated as [{treated_as}]"


def _minimum(verdict: Verdict, settings: AlarmSettings) -> str:
    if settings.datapoints_to_alarm is None:
        return ""
    needed, move = settings.needed, "OK -> ALARM"
    if verdict.state != ALARM:
        needed, move = settings.evaluation_periods - needed + 1, "ALARM -> OK"
    return f" (minimum {needed} datapoint{_s(needed)} for {move} transition)"


def _counted(count: int, what: str = "datapoint") -> str:
    return f"{count} {what}{_s(count)} {_was(count)}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _number(point: Datapoint) -> str:
    return _double(point.value or 0.0)


def _double(value: float) -> str:
    """Write a number as Java does, in which CloudWatch is written: ``1.0E7`` from ten million up."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(float(value))
    mantissa, _, power = f"{Decimal(repr(float(value))).normalize():E}".partition("E")
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(power)}"
