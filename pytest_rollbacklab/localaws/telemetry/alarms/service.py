"""Alarms: CloudWatch's operations that make them, read them and change them; and what they do when they change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Call, Operation, Scope, ServiceError
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.telemetry.alarms.actions import Actions
from pytest_rollbacklab.localaws.telemetry.alarms.alarm import Alarm, Transition, alarm_arn
from pytest_rollbacklab.localaws.telemetry.alarms.book import AlarmBook
from pytest_rollbacklab.localaws.telemetry.alarms.composite import CompositeSettings, read_composite
from pytest_rollbacklab.localaws.telemetry.alarms.kept import KeptAlarms
from pytest_rollbacklab.localaws.telemetry.alarms.reading import (
    check_children,
    check_state,
    describe_alarm_history,
    describe_alarms,
    describe_alarms_for_metric,
)
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings, read_settings
from pytest_rollbacklab.localaws.telemetry.alarms.timer import AlarmTimer, Later
from pytest_rollbacklab.localaws.telemetry.metrics.faults import required, too_many, validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.service import Metrics
from pytest_rollbacklab.localaws.telemetry.permits import Permits

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
        self._metrics = metrics
        self._actions: Actions | None = None
        self._listeners: list[Callable[[Scope, Transition], None]] = []
        self.kept = KeptAlarms(metrics, self._announce, keeper)
        self._books = self.kept.books
        self._timer = AlarmTimer(self._books, clock, metrics.settle)
        self.operations: Mapping[str, Operation] = {
            "PutMetricAlarm": self._changing(self._put),
            "PutCompositeAlarm": self._changing(self._put_composite),
            "DescribeAlarms": self._reading(describe_alarms),
            "DescribeAlarmsForMetric": self._reading(describe_alarms_for_metric),
            "DescribeAlarmHistory": self._reading(describe_alarm_history),
            "DeleteAlarms": self._changing(self._delete),
            "SetAlarmState": self._changing(self._set_state),
            "EnableAlarmActions": self._changing(partial(self._switch_actions, enabled=True)),
            "DisableAlarmActions": self._changing(partial(self._switch_actions, enabled=False)),
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsForResource": self._list_tags,
        }

    def start(self, *, aws: Aws, permits: Permits, later: Later) -> None:
        """Begin to perform actions, and to look at the alarms that have some by itself.

        Args:
            aws: Every service, in process.
            permits: Says whether a function's policy lets a service invoke it.
            later: The event loop's ``call_later``.
        """
        self._actions = Actions(aws=aws, permits=permits, note=self._note)
        self._timer.start(later)

    async def close(self) -> None:
        """End what runs in the background."""
        self._timer.close()
        if self._actions is not None:
            await self._actions.close()

    def subscribe(self, listener: Callable[[Scope, Transition], None]) -> None:
        """Have a listener told of every transition from now on, when it is found."""
        self._listeners.append(listener)

    def _announce(self, scope: Scope, transition: Transition) -> None:
        for listener in self._listeners:
            listener(scope, transition)
        if self._actions is not None:
            self._actions.hear(scope, transition)

    def _note(self, scope: Scope, transition: Transition, arn: str, message: str, failed: str | None) -> None:
        self._books.of(scope).history.note_action(transition, arn, message, failed, at=self._clock())

    def _reading(self, read: Callable[..., dict[str, Any]]) -> Operation:
        def perform(call: Call, params: dict[str, Any]) -> dict[str, Any]:
            self._metrics.settle()
            return read(self._book(call), params, now=self._clock())

        return perform

    def _changing(self, change: Callable[[Call, dict[str, Any]], dict[str, Any]]) -> Operation:
        def perform(call: Call, params: dict[str, Any]) -> dict[str, Any]:
            self._metrics.settle()
            answer = change(call, params)
            self._timer.plan()
            return answer

        return perform

    def _book(self, call: Call) -> AlarmBook:
        return self._books.of(call.scope)

    def _put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return self._put_any(call, read_settings(params, call.scope.account_id), params)

    def _put_composite(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        settings = read_composite(params)
        check_children(self._book(call), settings)
        return self._put_any(call, settings, params)

    def _put_any(
        self, call: Call, settings: AlarmSettings | CompositeSettings, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        book = self._book(call)
        known = book.get(settings.name)
        if known is not None and type(known.settings) is not type(settings):
            raise validation_error(f"The alarm {settings.name} is a {known.kind}: an alarm cannot become another kind.")
        arn = alarm_arn(call.scope, settings.name)
        book.put(arn, settings, _read_tags(params.get("Tags")), now=self._clock())
        return {}

    def _delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        alarms = list(self._named(call, params))
        if sum(alarm.kind == "CompositeAlarm" for alarm in alarms) > 1:
            raise validation_error("At most one composite alarm can be deleted in one call.")
        for alarm in alarms:
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
