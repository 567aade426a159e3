"""What alarms do when they change state: the lists of ARNs in their settings, read and checked.

SNS topics and Lambda functions are told (by ``actions``); what else an alarm can do on AWS is refused by name, so that
no alarm is made whose action would never happen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.telemetry.metrics.faults import too_many, validation_error
from pytest_rollbacklab.localaws.telemetry.refusals import not_emulated

__all__ = ["ACTION_LISTS", "FunctionTarget", "TopicTarget", "list_for", "read_actions", "target_of"]

ACTION_LISTS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_LIST_OF = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
_MAX_ACTIONS = 5
_TOPIC = re.compile(r"arn:aws:sns:([a-z0-9-]+):(\d{12}):[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_FUNCTION = re.compile(
    r"arn:aws:lambda:([a-z0-9-]+):(\d{12}):function:([A-Za-z0-9_-]{1,64})(?::([A-Za-z0-9$_-]{1,128}))?"
)
_ARN = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):.+")


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicTarget:
    """An SNS topic."""

    scope: Scope
    arn: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionTarget:
    """A Lambda function, or one of its versions or aliases."""

    scope: Scope
    arn: str
    name: str
    qualifier: str | None


def list_for(state: str) -> str:
    """Return the name of the list of actions for a state."""
    return _LIST_OF[state]


def target_of(arn: str) -> TopicTarget | FunctionTarget | None:
    """Return what an action's ARN names; None for what cannot be told here."""
    if found := _TOPIC.fullmatch(arn):
        return TopicTarget(scope=Scope(account_id=found[2], region=found[1]), arn=arn)
    if found := _FUNCTION.fullmatch(arn):
        scope = Scope(account_id=found[2], region=found[1])
        return FunctionTarget(scope=scope, arn=arn, name=found[3], qualifier=found[4])
    return None


def read_actions(params: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the ARNs of an alarm's actions, by ``ACTION_LISTS``.

    Raises:
        ServiceError: there are too many, one is no ARN, or NotImplemented for what nothing here performs.
    """
    actions = {kind: tuple(params.get(kind) or ()) for kind in ACTION_LISTS}
    for kind, arns in actions.items():
        if len(arns) > _MAX_ACTIONS:
            raise too_many(kind, _MAX_ACTIONS)
        for arn in arns:
            _check(arn, kind)
    return actions


def _check(arn: str, kind: str) -> None:
    if target_of(arn) is not None:
        return
    found = _ARN.fullmatch(arn)
    if found is None or found[1] in ("sns", "lambda"):
        raise validation_error(f"Invalid arn syntax: {arn}")
    raise not_emulated(f"the action {arn} of {kind}", "Use an SNS topic or a Lambda function.")
