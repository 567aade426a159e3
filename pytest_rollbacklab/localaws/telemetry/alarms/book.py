"""The alarms of one account and region, and everyone who wants to hear of their transitions.

Listeners are the seam for alarm actions: a listener gets each transition once, in order, and sends what the alarm's
settings name. Composite alarms are brought along with the alarms that they name, transition by transition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from pytest_rollbacklab.localaws.telemetry.alarms.alarm import (
    ALARM,
    INSUFFICIENT_DATA,
    OK,
    Alarm,
    AlarmState,
    Transition,
    initial_state,
    show_alarm,
)
from pytest_rollbacklab.localaws.telemetry.alarms.composite import (
    CompositeSettings,
    evaluated_reason,
    transition_reason,
    triggering,
)
from pytest_rollbacklab.localaws.telemetry.alarms.history import Entry, History
from pytest_rollbacklab.localaws.telemetry.alarms.settings import AlarmSettings
from pytest_rollbacklab.localaws.telemetry.alarms.watch import enter, settle, tick_of
from pytest_rollbacklab.localaws.telemetry.metrics.store import MetricStore

__all__ = ["AlarmBook", "BookWatcher"]


class BookWatcher(Protocol):
    """Hears of what happens to the alarms of one account and region."""

    def changed(self, name: str) -> None:
        """Hear that an alarm was made, is not what it was, or is gone."""
        ...

    def noted(self, entry: Entry) -> None:
        """Hear of an entry of the history."""
        ...


class AlarmBook:
    """Every alarm of one account and region.

    Args:
        store: The metrics that they watch.
        announce: Told of each transition.
        watcher: Told of everything that has to be kept.
    """

    def __init__(self, store: MetricStore, announce: Callable[[Transition], None], watcher: BookWatcher) -> None:
        self._store = store
        self._announce = announce
        self._watcher = watcher
        self._alarms: dict[str, Alarm] = {}
        self._states: dict[str, AlarmState] = {}
        """As far as has been told."""
        self.history = History(watcher.noted)

    def get(self, name: str) -> Alarm | None:
        return self._alarms.get(name)

    def __iter__(self) -> Iterator[Alarm]:
        return iter(self._alarms.values())

    @property
    def store(self) -> MetricStore:
        """The metrics that the alarms watch."""
        return self._store

    def by_arn(self, arn: str) -> Alarm | None:
        return next((alarm for alarm in self._alarms.values() if alarm.arn == arn), None)

    def settled(self, *, now: float) -> list[Alarm]:
        """Return every alarm in its state of now, sorted by name."""
        self.settle(self._alarms.values(), now=now)
        return [self._alarms[name] for name in sorted(self._alarms)]

    def settle(self, alarms: Iterable[Alarm], *, now: float) -> None:
        """Bring alarms up to now and tell of what happened to them."""
        transitions: list[Transition] = []
        for alarm in alarms:
            if alarm.kind == "CompositeAlarm":
                continue
            looked_at = tick_of(alarm)
            found = settle(alarm, self._store, now=now)
            transitions += found
            if found or tick_of(alarm) != looked_at:
                self._watcher.changed(alarm.settings.name)
        for transition in sorted(transitions, key=lambda one: one.new.updated_at):
            self._tell(transition)

    def put(self, arn: str, settings: AlarmSettings | CompositeSettings, tags: dict[str, str], *, now: float) -> None:
        """Make an alarm, or give one new settings: its tags stay, and its state does until the next evaluation."""
        alarm = self._alarms.get(settings.name)
        action = "created" if alarm is None else "updated"
        if alarm is None:
            alarm = Alarm(arn=arn, settings=settings, configured_at=now, state=initial_state(now), tags=tags)
            self._alarms[settings.name] = alarm
            self._states[settings.name] = alarm.state
            self._watcher.changed(settings.name)
            self.history.note_configuration(show_alarm(alarm), action, at=now)
        else:
            self.settle([alarm], now=now)
            self._configure(alarm, settings, now)
        if isinstance(settings, CompositeSettings):
            self.settle(self._alarms.values(), now=now)
            self._evaluate(alarm, lambda state: evaluated_reason(arn, action, state), at=now)

    def switch_actions(self, alarm: Alarm, *, enabled: bool, now: float) -> None:
        """Enable or disable an alarm's actions."""
        self._configure(alarm, replace(alarm.settings, actions_enabled=enabled), now)

    def set_state(self, alarm: Alarm, value: str, why: str, data: str | None, *, now: float) -> None:
        """Put an alarm into a state by hand; its next evaluation will undo that."""
        self.settle([alarm], now=now)
        transition = enter(alarm, value, why, data, at=now)
        alarm.settled_until = now
        self._watcher.changed(alarm.settings.name)
        if transition.old.value != value:
            self._tell(transition)

    def delete(self, alarm: Alarm, *, now: float) -> None:
        self.settle([alarm], now=now)
        self.history.note_configuration(show_alarm(alarm), "deleted", at=now)
        del self._alarms[alarm.settings.name]
        self._states.pop(alarm.settings.name, None)
        self._watcher.changed(alarm.settings.name)

    def tag(self, alarm: Alarm, tags: dict[str, str]) -> None:
        """Give an alarm other tags."""
        alarm.tags = tags
        self._watcher.changed(alarm.settings.name)

    def put_back(self, alarm: Alarm) -> None:
        """Add an alarm as it was."""
        self._alarms[alarm.settings.name] = alarm
        self._states[alarm.settings.name] = alarm.state

    def _configure(self, alarm: Alarm, settings: AlarmSettings | CompositeSettings, now: float) -> None:
        alarm.settings, alarm.configured_at = settings, now
        self._watcher.changed(settings.name)
        self.history.note_configuration(show_alarm(alarm), "updated", at=now)

    def _tell(self, transition: Transition) -> None:
        """Tell of a transition, and bring along the composite alarms that follow it."""
        name, new = transition.settings.name, transition.new
        self._states[name] = new
        self.history.note_transition(transition)
        self._announce(transition)
        for parent in list(self._alarms.values()):
            settings = parent.settings
            if isinstance(settings, CompositeSettings) and name in settings.rule.alarms:
                why = transition_reason(transition.arn, new.value, new.updated_at)
                self._evaluate(parent, lambda _, why=why: why, at=new.updated_at)  # type: ignore[misc]

    def _evaluate(self, alarm: Alarm, why: Callable[[str], str], *, at: float) -> None:
        """Put a composite alarm into the state that its rule calls for, if it is in another."""
        assert isinstance(alarm.settings, CompositeSettings)
        state = ALARM if alarm.settings.rule.holds(self._state_of) else OK
        if state == alarm.state.value:
            return
        data = triggering(alarm.settings, self._child)
        transition = enter(alarm, state, why(state), data, at=at)
        self._watcher.changed(alarm.settings.name)
        self._tell(transition)

    def _state_of(self, name: str) -> str:
        """Return the state of an alarm, in the order in which transitions are told; one that is gone has no data."""
        state = self._states.get(name)
        return INSUFFICIENT_DATA if state is None else state.value

    def _child(self, name: str) -> tuple[str, str, float] | None:
        alarm, state = self._alarms.get(name), self._states.get(name)
        return None if alarm is None or state is None else (alarm.arn, state.value, state.updated_at)
