"""Alarms on one metric: CloudWatch's operations that make them, read them and change them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scope, ServiceError
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.telemetry.alarms.alarm import Alarm, Transition, alarm_arn
from pytest_rollbacklab.localaws.telemetry.alarms.book import AlarmBook
from pytest_rollbacklab.localaws.telemetry.alarms.kept import KeptAlarms
from pytest_rollbacklab.localaws.telemetry.alarms.reading import (
    check_state,
    describe_alarm_history,
    describe_alarms,
    describe_alarms_for_metric,
)
from pytest_rollbacklab.localaws.telemetry.alarms.settings import read_settings
from pytest_rollbacklab.localaws.telemetry.metrics.faults import required, too_many
from pytest_rollbacklab.localaws.telemetry.metrics.service import Metrics

__all__ = ["Alarms"]

_MAX_NAMES = 100


class Alarms:
    """Every account's alarms.

    Args:
        metrics: What they watch.
        clock: Gives the time in epoch seconds.
        keeper: Hears of what has to outlive the process.
    """

    def __init__(self, metrics: Metrics, clock: Callable[[], float], keeper: Keeper) -> None:
        self._clock = clock
        self._listeners: list[Callable[[Scope, Transition], None]] = []
        self.kept = KeptAlarms(metrics, self._announce, keeper)
        self._books = self.kept.books
        self.operations: Mapping[str, Operation] = {
            "PutMetricAlarm": self._put,
            "DescribeAlarms": lambda call, params: describe_alarms(self._book(call), params, now=self._clock()),
            "DescribeAlarmsForMetric": lambda call, params: describe_alarms_for_metric(
                self._book(call), params, now=self._clock()
            ),
            "DescribeAlarmHistory": lambda call, params: describe_alarm_history(
                self._book(call), params, now=self._clock()
            ),
            "DeleteAlarms": self._delete,
            "SetAlarmState": self._set_state,
            "EnableAlarmActions": partial(self._switch_actions, enabled=True),
            "DisableAlarmActions": partial(self._switch_actions, enabled=False),
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }

    def subscribe(self, listener: Callable[[Scope, Transition], None]) -> None:
        """Have a listener told of every transition from now on, when it is found."""
        self._listeners.append(listener)

    def _announce(self, scope: Scope, transition: Transition) -> None:
        for listener in self._listeners:
            listener(scope, transition)

    def _book(self, call: Call) -> AlarmBook:
        return self._books.of(call.scope)

    def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        settings = read_settings(params)
        arn = alarm_arn(call.scope, settings.name)
        self._book(call).put(arn, settings, _read_tags(params.get("Tags")), now=self._clock())
        return {}

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        for alarm in list(self._named(call, params)):
            self._book(call).delete(alarm, now=self._clock())
        return {}

    def _set_state(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        name, value = required(params, "AlarmName"), required(params, "StateValue")
        check_state(value)
        why, data = required(params, "StateReason"), params.get("StateReasonData")
        _check_json(data)
        alarm = self._book(call).get(name)
        if alarm is None:
            # As recorded: the code is all that AWS says.
            raise ServiceError("ResourceNotFound", "", 404)
        self._book(call).set_state(alarm, value, why, data, now=self._clock())
        return {}

    def _switch_actions(self, call: Call, params: dict[str, Any], *, enabled: bool) -> dict[str, Any]:
        for alarm in self._named(call, params):
            self._book(call).switch_actions(alarm, enabled=enabled, now=self._clock())
        return {}

    def _named(self, call: Call, params: Mapping[str, Any]) -> Iterator[Alarm]:
        """Give the alarms that a call names; names of none are passed over, as AWS does."""
        names = required(params, "AlarmNames")
        if len(names) > _MAX_NAMES:
            raise too_many("AlarmNames", _MAX_NAMES)
        found = (self._book(call).get(name) for name in names)
        return (alarm for alarm in found if alarm is not None)

    def _tag(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        alarm = self._by_arn(call, params)
        self._book(call).tag(alarm, alarm.tags | _read_tags(params.get("Tags")))
        return {}

    def _untag(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        alarm, gone = self._by_arn(call, params), params.get("TagKeys") or ()
        self._book(call).tag(alarm, {key: value for key, value in alarm.tags.items() if key not in gone})
        return {}

    def _list_tags(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        # As recorded: an alarm that is gone has no tags, and that is no error.
        alarm = self._book(call).by_arn(required(params, "ResourceARN"))
        tags = alarm.tags if alarm else {}
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _by_arn(self, call: Call, params: Mapping[str, Any]) -> Alarm:
        arn = required(params, "ResourceARN")
        alarm = self._book(call).by_arn(arn)
        if alarm is None:
            raise ServiceError("ResourceNotFoundException", f"There is no alarm {arn}.", 404)
        return alarm


def _read_tags(tags: list[dict[str, str]] | None) -> dict[str, str]:
    return {required(tag, "Key", "Tags.member.Key"): tag.get("Value", "") for tag in tags or ()}


def _check_json(data: str | None) -> None:
    if data is None:
        return
    try:
        json.loads(data)
    except ValueError as error:
        raise ServiceError("InvalidFormat", f"StateReasonData is not JSON: {error}.") from error
