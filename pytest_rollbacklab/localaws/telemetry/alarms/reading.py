"""Which alarms, and what of their history: the filters and pages of the Describe operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.telemetry.alarms.alarm import Alarm, show_alarm
from pytest_rollbacklab.localaws.telemetry.alarms.book import AlarmBook
from pytest_rollbacklab.localaws.telemetry.alarms.composite import CompositeSettings
from pytest_rollbacklab.localaws.telemetry.alarms.history import Entry
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings
from pytest_rollbacklab.localaws.telemetry.metrics.datum import read_dimensions
from pytest_rollbacklab.localaws.telemetry.metrics.faults import clashing, invalid_token, required, validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.store import metric_id
from pytest_rollbacklab.localaws.telemetry.moments import to_epoch
from pytest_rollbacklab.localaws.telemetry.pages import read_token, write_token
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, not_emulated

__all__ = ["check_children", "check_state", "describe_alarm_history", "describe_alarms", "describe_alarms_for_metric"]

_STATES = ("INSUFFICIENT_DATA", "ALARM", "OK")
_MAX_PAGE = 100
_ALARMS_PAGE = 50
_OF_FAMILY = ("AlarmName", "AlarmArn", "StateValue", "StateUpdatedTimestamp", "ActionsEnabled")


def describe_alarms(book: AlarmBook, params: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """Answer DescribeAlarms: by names, prefix, state, actions and family, sorted by name.

    Without AlarmTypes there are metric alarms alone, as its page says.

    Raises:
        ServiceError: ValidationError, InvalidNextToken, or ResourceNotFound.
    """
    if params.get("AlarmNames") and params.get("AlarmNamePrefix"):
        raise clashing("AlarmNames and AlarmNamePrefix cannot both be specified.")
    check_state(params.get("StateValue"))
    limit, last = _read_limit(params, _ALARMS_PAGE), _read_last_name(params.get("NextToken"))
    alarms, family = book.settled(now=now), _family(book, params)
    if family is not None:
        alarms = [alarm for alarm in alarms if alarm.settings.name in family]
    else:
        kinds = params.get("AlarmTypes") or ["MetricAlarm"]
        alarms = [alarm for alarm in alarms if alarm.kind in kinds and _matches(alarm, params)]
    rest = [alarm for alarm in alarms if alarm.settings.name > last]
    page = rest[:limit]
    answer: dict[str, Any] = {
        "MetricAlarms": [_show(alarm, family) for alarm in page if alarm.kind == "MetricAlarm"],
        "CompositeAlarms": [_show(alarm, family) for alarm in page if alarm.kind == "CompositeAlarm"],
    }
    return answer | ({"NextToken": write_token(last=page[-1].settings.name)} if len(rest) > limit else {})


def check_children(book: AlarmBook, settings: CompositeSettings) -> None:
    """Refuse a rule that names alarms which are not there, or, by whatever way, the alarm itself.

    Raises:
        ServiceError: ValidationError.
    """
    gone = [name for name in settings.rule.alarms if book.get(name) is None and name != settings.name]
    if gone:
        names = ", ".join(gone)
        raise validation_error(f"Could not save the composite alarm as alarms [{names}] in the alarm rule do not exist")
    waiting, seen = list(settings.rule.alarms), set[str]()
    while waiting:
        name = waiting.pop()
        if name == settings.name:
            raise not_emulated(f"a cycle of composite alarms ({name} follows itself)", "Break it: name other alarms.")
        child = book.get(name)
        if name not in seen and child is not None and isinstance(child.settings, CompositeSettings):
            waiting.extend(child.settings.rule.alarms)
        seen.add(name)


def _family(book: AlarmBook, params: Mapping[str, Any]) -> set[str] | None:
    """Return the names of the children or the parents that are asked for; None when neither is."""
    parent, child = params.get("ChildrenOfAlarmName"), params.get("ParentsOfAlarmName")
    if parent is None and child is None:
        return None
    others = [
        name for name in params if name not in ("ChildrenOfAlarmName", "ParentsOfAlarmName", "MaxRecords", "NextToken")
    ]
    if others or (parent is not None and child is not None):
        raise clashing("ChildrenOfAlarmName and ParentsOfAlarmName go only with MaxRecords and NextToken.")
    if child is not None:
        return {alarm.settings.name for alarm in book if child in _children_of(alarm)}
    alarm = book.get(parent or "")
    return set(_children_of(alarm)) if alarm is not None else set()


def _children_of(alarm: Alarm) -> tuple[str, ...]:
    return alarm.settings.rule.alarms if isinstance(alarm.settings, CompositeSettings) else ()


def _show(alarm: Alarm, family: set[str] | None) -> dict[str, Any]:
    """Show an alarm; of a family, as DescribeAlarms' page says, only what it is and in which state."""
    shown = show_alarm(alarm)
    return shown if family is None else {name: value for name, value in shown.items() if name in _OF_FAMILY}


def describe_alarms_for_metric(book: AlarmBook, params: Mapping[str, Any], *, now: float) -> dict[str, Any]:
    """Answer DescribeAlarmsForMetric: the alarms that watch exactly this metric."""
    metric = metric_id(
        required(params, "Namespace"), required(params, "MetricName"), read_dimensions(params.get("Dimensions"))
    )
    statistic = params.get("Statistic") or params.get("ExtendedStatistic")
    shown = [
        show_alarm(alarm)
        for alarm in book.settled(now=now)
        if isinstance(alarm.settings, AlarmSettings)
        and alarm.settings.metric == metric
        and statistic in (None, alarm.settings.statistic and alarm.settings.statistic.name)
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
    if entry.alarm_kind not in (params.get("AlarmTypes") or ["MetricAlarm"]):
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
