"""When an alarm changes state: worked out from the store when somebody looks.

No timer runs. CloudWatch evaluates on the minute (each ten seconds for a high-resolution alarm) over periods that end
there, so the moments since the last look are gone through one by one, and what happened in between is found just as it
would have been; stretches without data, in which nothing can change, are skipped.

One thing is told earlier than on AWS: a breach that the minute still running shows already, where more data can only
confirm it (a sum, a count or a maximum that is too large). AWS would say ALARM at the minute's end, and nobody should
have to wait for what is certain. An average or a percentile may still turn, so it is not told early, and never is
recovery: an alarm goes back on AWS's schedule.
"""

from __future__ import annotations

import math

from pytest_rollbacklab.localaws.telemetry.alarms.alarm import ALARM, Alarm, AlarmState, Transition
from pytest_rollbacklab.localaws.telemetry.alarms.comparisons import COMPARISONS
from pytest_rollbacklab.localaws.telemetry.alarms.evaluation import EXTRA_PERIODS, Datapoint, Verdict, judge
from pytest_rollbacklab.localaws.telemetry.alarms.reasons import reason, reason_data
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings
from pytest_rollbacklab.localaws.telemetry.metrics.distribution import Distribution
from pytest_rollbacklab.localaws.telemetry.metrics.series import Series
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricStore

__all__ = ["enter", "settle", "tick_of"]

_GROWING = ("Sum", "SampleCount", "Maximum")


def settle(alarm: Alarm, store: MetricStore, *, now: float) -> list[Transition]:
    """Bring an alarm's state up to now, and return how it got there, oldest first.

    Args:
        store: The metrics of the alarm's account and region.
        now: Epoch seconds.
    """
    settings = alarm.settings
    metric = store.find(settings.metric)
    series = metric.in_units(settings.unit) if metric else []
    transitions = []
    at = (
        alarm.configured_at
        if alarm.settled_until is None
        else _on_tick(alarm.settled_until, settings) + settings.tick_s
    )
    while at <= now:
        datapoints = _read(settings, series, _on_tick(at, settings))
        transitions.append(_follow(alarm, judge(datapoints, settings), at))
        at = _next(datapoints, series, _on_tick(at, settings), settings.tick_s)
    transitions.append(_follow(alarm, _breach_in_the_making(settings, series, now), now))
    alarm.settled_until = now
    return [transition for transition in transitions if transition is not None]


def tick_of(alarm: Alarm) -> int | None:
    """Return up to which of its moments of evaluation an alarm has been brought; None when it never was looked at."""
    return None if alarm.settled_until is None else _on_tick(alarm.settled_until, alarm.settings)


def enter(alarm: Alarm, value: str, why: str, data: str | None, *, at: float) -> Transition:
    """Put an alarm into a state, whether it was in it or not.

    Args:
        data: JSON.
        at: Epoch seconds.
    """
    old = alarm.state
    since = at if value != old.value else old.transitioned_at
    alarm.state = AlarmState(value=value, reason=why, reason_data=data, updated_at=at, transitioned_at=since)
    return Transition(arn=alarm.arn, settings=alarm.settings, old=old, new=alarm.state)


def _follow(alarm: Alarm, verdict: Verdict | None, at: float) -> Transition | None:
    if verdict is None or verdict.state == alarm.state.value:
        return None
    settings = alarm.settings
    return enter(alarm, verdict.state, reason(verdict, settings), reason_data(verdict, settings, at=at), at=at)


def _next(datapoints: list[Datapoint], series: list[Series], tick: int, tick_s: int) -> float:
    """Return the next moment of evaluation; when nothing is left to be seen, the first one that sees new data."""
    if any(point.value is not None for point in datapoints):
        return tick + tick_s
    minutes = [minute for one in series if (minute := one.next_minute_with_data(tick)) is not None]
    return max(tick + tick_s, min(minutes) // tick_s * tick_s + tick_s) if minutes else math.inf


def _breach_in_the_making(settings: AlarmSettings, series: list[Series], now: float) -> Verdict | None:
    if settings.statistic.name not in _GROWING or not COMPARISONS[settings.comparison].upward:
        return None
    coming = _on_tick(now, settings) + settings.tick_s
    verdict = judge(_read(settings, series, coming), settings)
    newest = coming - settings.period_s
    if verdict is None or verdict.state != ALARM or all(point.at != newest for point in verdict.deciding):
        return None
    return verdict


def _read(settings: AlarmSettings, series: list[Series], end: int) -> list[Datapoint]:
    """Return the datapoints of the evaluation range that ends here, newest first.

    Without a unit in the settings the first one that has data counts; AWS leaves open which.
    """
    period_s = settings.period_s
    start = end - (settings.evaluation_periods + EXTRA_PERIODS) * period_s
    for one in series:
        found = {period.start: period.values for period in one.periods(start, end, period_s)}
        if found:
            break
    else:
        found = {}
    return [_datapoint(at, found.get(at), settings) for at in range(end - period_s, start - 1, -period_s)]


def _datapoint(at: int, values: Distribution | None, settings: AlarmSettings) -> Datapoint:
    if values is None:
        return Datapoint(at=at)
    return Datapoint(at=at, value=settings.statistic.of(values), sample_count=values.count)


def _on_tick(at: float, settings: AlarmSettings) -> int:
    return int(at // settings.tick_s) * settings.tick_s
