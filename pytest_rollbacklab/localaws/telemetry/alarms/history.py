"""What happened to alarms: configured, and gone from state to state. An alarm's history outlives the alarm.

Entries and their JSON are CloudWatch's (StateUpdate as recorded, ConfigurationUpdate as in DescribeAlarmHistory's
example). The newest ``MAX_ENTRIES`` of an account and region are kept; AWS keeps 30 days.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import zip_longest
from typing import Any

from pytest_rollbacklab.localaws.telemetry.alarms.alarm import AlarmState, Transition
from pytest_rollbacklab.localaws.telemetry.alarms.composite import CompositeSettings
from pytest_rollbacklab.localaws.telemetry.moments import from_epoch, iso_milliseconds

__all__ = ["MAX_ENTRIES", "Entry", "History"]

MAX_ENTRIES = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that happened."""

    number: int
    """Counted in the order in which things were noted."""
    at: float
    """Epoch seconds."""
    alarm: str
    kind: str
    """StateUpdate, ConfigurationUpdate or Action."""
    summary: str
    data: str
    """JSON."""
    alarm_kind: str = "MetricAlarm"

    def __setstate__(self, state: Sequence[Any]) -> None:
        """Take what was kept, also before there were composite alarms."""
        for one, value in zip_longest(fields(self), state, fillvalue="MetricAlarm"):
            object.__setattr__(self, one.name, value)  # type: ignore[union-attr]

    def show(self) -> dict[str, Any]:
        return {
            "AlarmName": self.alarm,
            "AlarmType": self.alarm_kind,
            "Timestamp": from_epoch(self.at),
            "HistoryItemType": self.kind,
            "HistorySummary": self.summary,
            "HistoryData": self.data,
        }


class History:
    """The history of one account and region's alarms.

    Args:
        told: Hears of every entry.
    """

    def __init__(self, told: Callable[[Entry], None]) -> None:
        self._told = told
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self._noted = 0

    def entries(self) -> list[Entry]:
        """Return the entries in order of time."""
        return sorted(self._entries, key=lambda entry: (entry.at, entry.number))

    @property
    def noted(self) -> tuple[Entry, ...]:
        """The entries in the order in which they were noted."""
        return tuple(self._entries)

    def put_back(self, entries: Iterable[Entry]) -> None:
        """Add entries that were noted before."""
        self._entries.extend(entries)
        self._noted = max((entry.number for entry in self._entries), default=0)

    def note_transition(self, transition: Transition) -> None:
        old, new = transition.old, transition.new
        self._note(
            alarm_kind=_kind_of(transition),
            alarm=transition.settings.name,
            at=new.updated_at,
            kind="StateUpdate",
            summary=f"Alarm updated from {old.value} to {new.value}",
            data={"version": "1.0", "oldState": _show_state(old), "newState": _show_state(new)},
        )

    def note_action(self, transition: Transition, arn: str, message: str, failed: str | None, *, at: float) -> None:
        """Note what became of an action.

        Args:
            arn: Of what was told.
            message: What it was told.
            failed: Why it could not be told; None when it was.
            at: Epoch seconds.
        """
        told = f'Failed to execute action {arn}. Received error: "{failed}"' if failed else None
        data = {
            "actionState": "Failed" if failed else "Succeeded",
            "stateUpdateTimestamp": int(transition.new.updated_at * 1000),
            "notificationResource": arn,
            "publishedMessage": message,
            "error": failed,
        }
        self._note(
            alarm_kind=_kind_of(transition),
            alarm=transition.settings.name,
            at=at,
            kind="Action",
            summary=told or f"Successfully executed action {arn}",
            data=data,
        )

    def note_configuration(self, shown: Mapping[str, Any], action: str, *, at: float) -> None:
        """Note that an alarm was made, changed or deleted.

        Args:
            shown: The alarm as DescribeAlarms shows it.
            action: ``created``, ``updated`` or ``deleted``.
            at: Epoch seconds.
        """
        alarm = {_lower_first(name): _plain(value) for name, value in shown.items()}
        kind = action.removesuffix("d").capitalize()
        name = shown["AlarmName"]
        self._note(
            alarm_kind="CompositeAlarm" if "AlarmRule" in shown else "MetricAlarm",
            alarm=name,
            at=at,
            kind="ConfigurationUpdate",
            summary=f'Alarm "{name}" {action}',
            data={"version": "1.0", "type": kind, f"{action}Alarm": alarm},
        )

    def _note(
        self, *, alarm_kind: str, alarm: str, at: float, kind: str, summary: str, data: Mapping[str, Any]
    ) -> None:
        self._noted += 1
        text = json.dumps(data, separators=(",", ":"))
        entry = Entry(
            number=self._noted, at=at, alarm=alarm, kind=kind, summary=summary, data=text, alarm_kind=alarm_kind
        )
        self._entries.append(entry)
        self._told(entry)


def _kind_of(transition: Transition) -> str:
    return "CompositeAlarm" if isinstance(transition.settings, CompositeSettings) else "MetricAlarm"


def _show_state(state: AlarmState) -> dict[str, Any]:
    shown: dict[str, Any] = {"stateValue": state.value, "stateReason": state.reason}
    return shown | ({"stateReasonData": json.loads(state.reason_data)} if state.reason_data else {})


def _lower_first(name: str) -> str:
    return "okactions" if name == "OKActions" else name[0].lower() + name[1:]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_milliseconds(value.timestamp())
    if isinstance(value, list):
        return [_plain(member) for member in value]
    return {_lower_first(name): _plain(member) for name, member in value.items()} if isinstance(value, dict) else value
