"""Which alarms, and what of their history: the filters and pages of the Describe operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.telemetry.alarms.alarm import Alarm, show_alarm
from pytest_rollbacklab.localaws.telemetry.alarms.book import AlarmBook
from pytest_rollbacklab.localaws.telemetry.alarms.history import Entry
from pytest_rollbacklab.localaws.telemetry.metrics.datum import read_dimensions
from pytest_rollbacklab.localaws.telemetry.metrics.faults import clashing, invalid_token, required, validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.store import metric_id
from pytest_rollbacklab.localaws.telemetry.moments import to_epoch
from pytest_rollbacklab.localaws.telemetry.pages import read_token, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, not_emulated

__all__ = ["check_state", "describe_alarm_history", "describe_alarms", "describe_alarms_for_metric"]

_STATES = ("INSUFFICIENT_DATA", "ALARM", "OK")
_MAX_PAGE = 100
_ALARMS_PAGE = 50


def describe_alarms(book: AlarmBook, params: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """Answer DescribeAlarms: by names, prefix, state and actions, sorted by name.

    Raises:
        ServiceError: ValidationError, InvalidNextToken, or NotImplemented for composite alarms' families.
    """
    for option in ("ChildrenOfAlarmName", "ParentsOfAlarmName"):
        if params.get(option):
            raise not_emulated(f"{option} of DescribeAlarms", "There are no composite alarms here.")
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        raise clashing("AlarmNames and AlarmNamePrefix cannot both be specified.")
    check_state(params.get("StateValue"))
    limit, last = _read_limit(params, _ALARMS_PAGE), _read_last_name(params.get("NextToken"))
    wanted = "MetricAlarm" in (params.get("AlarmTypes") or ["MetricAlarm"])
    matching = [alarm for alarm in book.settled(now=now) if wanted and _matches(alarm, params)]
    rest = [alarm for alarm in matching if alarm.settings.name > last]
    answer: dict[str, Any] = {"MetricAlarms": [show_alarm(alarm) for alarm in rest[:limit]], "CompositeAlarms": []}
    return answer | ({"NextToken": write_token(last=rest[limit - 1].settings.name)} if len(rest) > limit else {})


def describe_alarms_for_metric(book: AlarmBook, params: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """Answer DescribeAlarmsForMetric: the alarms that watch exactly this metric."""
    metric = metric_id(
        required(params, "Namespace"), required(params, "MetricName"), read_dimensions(params.get("Dimensions"))
    )
    statistic = params.get("Statistic") or params.get("ExtendedStatistic")
    shown = [
        show_alarm(alarm)
        for alarm in book.settled(now=now)
        if alarm.settings.metric == metric
        and statistic in (None, alarm.settings.statistic.name)
        and params.get("Period") in (None, alarm.settings.period_s)
        and params.get("Unit") in (None, alarm.settings.unit)
    ]
    return {"MetricAlarms": shown}


def describe_alarm_history(book: AlarmBook, params: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """Answer DescribeAlarmHistory: newest first unless asked otherwise; deleted alarms' too."""
    limit = _read_limit(params, _MAX_PAGE)
    skip = _read_count(params.get("NextToken"))
    book.settled(now=now)
    entries = [entry for entry in book.history.entries() if _is_wanted(entry, params)]
    if params.get("ScanBy") != "TimestampAscending":
        entries.reverse()
    answer: dict[str, Any] = {"AlarmHistoryItems": [entry.show() for entry in entries[skip : skip + limit]]}
    return answer | ({"NextToken": write_token(given=skip + limit)} if len(entries) > skip + limit else {})


def check_state(value: str | None) -> None:
    """Refuse a state that is none, in the words recorded."""
    if value is not None and value not in _STATES:
        constraint = f"Member must satisfy enum value set: [{', '.join(_STATES)}]"
        raise validation_error(constraint_broken(value, "stateValue", constraint))


def _matches(alarm: Alarm, params: Mapping[str, Any]) -> bool:
    settings = alarm.settings
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix") or ""
    if (names and settings.name not in names) or not settings.name.startswith(prefix):
        return False
    if params.get("StateValue") not in (None, alarm.state.value):
        return False
    action_prefix = params.get("ActionPrefix")
    arns = (arn for arns in settings.actions.values() for arn in arns)
    return not action_prefix or any(arn.startswith(action_prefix) for arn in arns)


def _is_wanted(entry: Entry, params: Mapping[str, Any]) -> bool:
    if params.get("AlarmName") not in (None, entry.alarm):
        return False
    if params.get("HistoryItemType") not in (None, entry.kind):
        return False
    if "MetricAlarm" not in (params.get("AlarmTypes") or ["MetricAlarm"]):
        return False
    start, end = params.get("StartDate"), params.get("EndDate")
    return (start is None or entry.at >= to_epoch(start)) and (end is None or entry.at <= to_epoch(end))


def _read_limit(params: Mapping[str, Any], default: int) -> int:
    limit = params.get("MaxRecords") or default
    if limit > _MAX_PAGE:
        constraint = f"Member must have value less than or equal to {_MAX_PAGE}"
        raise validation_error(constraint_broken(limit, "maxRecords", constraint))
    return int(limit)


def _read_last_name(token: str | None) -> str:
    if not token:
        return ""
    try:
        return str(read_token(token, last=str)["last"])
    except ValueError:
        raise invalid_token() from None


def _read_count(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(read_token(token, given=int)["given"])
    except ValueError:
        raise invalid_token() from None
