"""What happens when an alarm changes state: topics and functions are told, in the background, and it is noted.

A function is invoked only if its policy lets CloudWatch's alarms in, as AWS asks for it too. What came of an action is
in the alarm's history.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.telemetry.alarms.action_lists import FunctionTarget, TopicTarget, list_for, target_of
from pytest_rollbacklab.localaws.telemetry.alarms.alarm import Transition
from pytest_rollbacklab.localaws.telemetry.alarms.notifications import function_event, subject, topic_message
from pytest_rollbacklab.localaws.telemetry.permits import Permits

__all__ = ["Actions", "Note"]

logger = logging.getLogger(__name__)

_PRINCIPAL = "lambda.alarms.cloudwatch.amazonaws.com"

Note = Callable[[Scope, Transition, str, str, str | None], None]
"""Hears what became of an action: its ARN, what was told, and why it failed."""


class Actions:
    """Performs the actions of alarms.

    Args:
        aws: Every service, in process.
        permits: Asked before a function is invoked.
        note: Told what became of each action.
    """

    def __init__(self, *, aws: Aws, permits: Permits, note: Note) -> None:
        self._aws = aws
        self._permits = permits
        self._note = note
        self._running: set[asyncio.Task[None]] = set()

    def hear(self, scope: Scope, transition: Transition) -> None:
        """Begin what the alarm's settings name for its new state."""
        settings = transition.settings
        if not settings.actions_enabled:
            return
        for arn in settings.actions[list_for(transition.new.value)]:
            task = asyncio.ensure_future(self._perform(scope, transition, arn))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """End what is still under way."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _perform(self, scope: Scope, transition: Transition, arn: str) -> None:
        message, failed = topic_message(scope, transition), None
        try:
            match target_of(arn):
                case TopicTarget() as topic:
                    await self._publish(scope, transition, topic, message)
                case FunctionTarget() as function:
                    message = json.dumps(function_event(scope, transition), separators=(",", ":"))
                    await self._invoke(transition, function, message)
                case None:
                    failed = f"the local AWS performs no action {arn}"
        except ServiceError as error:
            failed = f"{error.message} ({error.code})"
        if failed:
            logger.warning("the action %s of the alarm %s failed: %s", arn, transition.settings.name, failed)
        self._note(scope, transition, arn, message, failed)

    async def _publish(self, scope: Scope, transition: Transition, topic: TopicTarget, message: str) -> None:
        params = {"TopicArn": topic.arn, "Subject": subject(scope, transition), "Message": message}
        await self._aws.call(topic.scope, "sns", "Publish", params)

    async def _invoke(self, transition: Transition, function: FunctionTarget, payload: str) -> None:
        source = {"principal": _PRINCIPAL, "source_arn": transition.arn}
        if not self._permits(function.scope, function.name, function.qualifier, **source):
            raise ServiceError(
                "AccessDeniedException",
                "CloudWatch Alarms is not authorized to perform: lambda:InvokeFunction on the resource:"
                f" {function.arn} because no resource-based policy allows the lambda:InvokeFunction action",
                403,
            )
        params = {"FunctionName": function.name, "InvocationType": "Event", "Payload": payload.encode()}
        qualifier = {"Qualifier": function.qualifier} if function.qualifier else {}
        await self._aws.call(function.scope, "lambda", "Invoke", params | qualifier)
