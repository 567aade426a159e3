"""When an alarm changes state: worked out from the store when somebody looks, or when ``timer`` has it looked at.

CloudWatch evaluates on the minute (each ten seconds for a high-resolution alarm) over periods that end
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
from pytest_rollbacklab.localaws.telemetry.alarms.datapoints import Datapoints
from pytest_rollbacklab.localaws.telemetry.alarms.evaluation import Datapoint, Verdict, judge
from pytest_rollbacklab.localaws.telemetry.alarms.reasons import reason, reason_data
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricStore

__all__ = ["enter", "next_moment", "settle", "tick_of"]

_GROWING = ("Sum", "SampleCount", "Maximum")


def settle(alarm: Alarm, store: MetricStore, *, now: float) -> list[Transition]:
    """Bring an alarm's state up to now, and return how it got there, oldest first.

    Args:
        store: The metrics of the alarm's account and region.
        now: Epoch seconds.
    """
    settings, seen = alarm.metric_settings, Datapoints(alarm.metric_settings, store)
    transitions = []
    at = (
        alarm.configured_at
        if alarm.settled_until is None
        else _on_tick(alarm.settled_until, settings) + settings.tick_s
    )
    while at <= now:
        datapoints = seen.ending(_on_tick(at, settings))
        transitions.append(_follow(alarm, judge(datapoints, settings), at))
        at = _next(datapoints, seen, _on_tick(at, settings), settings.tick_s)
    transitions.append(_follow(alarm, _breach_in_the_making(settings, seen, now), now))
    alarm.settled_until = now
    return [transition for transition in transitions if transition is not None]


def tick_of(alarm: Alarm) -> int | None:
    """Return up to which of its moments of evaluation an alarm has been brought; None when it never was looked at."""
    return None if alarm.settled_until is None else _on_tick(alarm.settled_until, alarm.metric_settings)


def next_moment(alarm: Alarm, store: MetricStore, *, now: float) -> float:
    """Return when a settled alarm can next change its state, if nothing is recorded until then; infinity for never.

    Args:
        now: Epoch seconds.
    """
    settings = alarm.metric_settings
    tick = _on_tick(now, settings)
    if alarm.settled_until is None or alarm.state.updated_at > tick:  # it was set by hand, or told early
        return tick + settings.tick_s
    seen = Datapoints(settings, store)
    return _next(seen.ending(tick), seen, tick, settings.tick_s)


def enter(alarm: Alarm, value: str, why: str, data: str | None, *, at: float) -> Transition:
    """Put an alarm into a state, whether it was in it or not.

    Args:
        data: JSON.
        at: Epoch seconds.
    """
    old = alarm.state
    since = at if value != old.value else old.transitioned_at
    alarm.state = AlarmState(value=value, reason=why, reason_data=data, updated_at=at, transitioned_at=since)
    return Transition(
        arn=alarm.arn, settings=alarm.settings, configured_at=alarm.configured_at, old=old, new=alarm.state
    )


def _follow(alarm: Alarm, verdict: Verdict | None, at: float) -> Transition | None:
    if verdict is None or verdict.state == alarm.state.value:
        return None
    settings = alarm.metric_settings
    return enter(alarm, verdict.state, reason(verdict, settings), reason_data(verdict, settings, at=at), at=at)


def _next(datapoints: list[Datapoint], seen: Datapoints, tick: int, tick_s: int) -> float:
    """Return the next moment of evaluation; when nothing is left to be seen, the first one that sees new data."""
    if any(point.value is not None for point in datapoints):
        return tick + tick_s
    minute = seen.first_seen_after(tick)
    return math.inf if minute is None else max(tick + tick_s, minute // tick_s * tick_s + tick_s)


def _breach_in_the_making(settings: AlarmSettings, seen: Datapoints, now: float) -> Verdict | None:
    statistic = settings.statistic
    if statistic is None or statistic.name not in _GROWING or not COMPARISONS[settings.comparison].upward:
        return None
    coming = _on_tick(now, settings) + settings.tick_s
    verdict = judge(seen.ending(coming), settings)
    newest = coming - settings.period_s
    if verdict is None or verdict.state != ALARM or all(point.at != newest for point in verdict.deciding):
        return None
    return verdict


def _on_tick(at: float, settings: AlarmSettings) -> int:
    return int(at // settings.tick_s) * settings.tick_s
