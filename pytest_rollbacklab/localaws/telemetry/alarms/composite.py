"""Composite alarms: what they were told, when they change state, and why.

A composite alarm follows its children: it is looked at when one of them has changed, and is in ALARM while its rule
holds and OK while it does not. The sentences are those of notifications and events that AWS has published.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pytest_rollbacklab.localaws.telemetry.alarms.action_lists import read_actions
from pytest_rollbacklab.localaws.telemetry.alarms.composite_rule import CompositeRule, parse_rule
from pytest_rollbacklab.localaws.telemetry.metrics.faults import required
from pytest_rollbacklab.localaws.telemetry.moments import from_epoch, iso_milliseconds
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["CompositeSettings", "evaluated_reason", "read_composite", "transition_reason", "triggering"]

_NOT_EMULATED = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")

StateOf = Callable[[str], tuple[str, str, float] | None]
"""The ARN, the state and the time of its last update of an alarm; None when there is none of this name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompositeSettings:
    """One composite alarm's configuration."""

    name: str
    description: str | None
    actions_enabled: bool
    actions: Mapping[str, tuple[str, ...]]
    """ARNs by ``action_lists.ACTION_LISTS``."""
    rule_text: str

    @property
    def rule(self) -> CompositeRule:
        return _parsed(self.rule_text)


def read_composite(params: Mapping[str, Any]) -> CompositeSettings:
    """Return the settings that a PutCompositeAlarm call asks for.

    Raises:
        ServiceError: in AWS's codes; NotImplemented for an actions suppressor.
    """
    for option in _NOT_EMULATED:
        if params.get(option) is not None:
            raise not_emulated(
                f"{option} of PutCompositeAlarm", "Leave it out, or switch actions with EnableAlarmActions."
            )
    settings = CompositeSettings(
        name=required(params, "AlarmName"),
        description=params.get("AlarmDescription"),
        actions_enabled=params.get("ActionsEnabled") is not False,
        actions=read_actions(params),
        rule_text=required(params, "AlarmRule"),
    )
    parse_rule(settings.rule_text)
    return settings


def transition_reason(arn: str, state: str, at: float) -> str:
    """Say which child's change made the composite alarm change.

    Args:
        at: Epoch seconds.
    """
    moment = from_epoch(at)
    return f"{arn} transitioned to {state} at {moment:%A} {moment.day:02d} {moment:%B, %Y %H:%M:%S} UTC"


def evaluated_reason(arn: str, action: str, state: str) -> str:
    """Say that the rule was evaluated since the alarm was ``created`` or ``updated``."""
    return f"{arn} was {action} and its alarm rule evaluates to {state}"


def triggering(settings: CompositeSettings, state_of: StateOf) -> str:
    """Return the JSON that tells in which states the children are."""
    found = (state_of(name) for name in settings.rule.alarms)
    children = [
        {"arn": arn, "state": {"value": state, "timestamp": iso_milliseconds(at)}}
        for arn, state, at in (child for child in found if child is not None)
    ]
    return json.dumps({"triggeringAlarms": children}, separators=(",", ":"))


@lru_cache(maxsize=500)
def _parsed(text: str) -> CompositeRule:
    return parse_rule(text)
