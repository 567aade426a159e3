"""Where an event's end is told: destinations and dead-letter queues, reached as any caller reaches them.

SQS and SNS are whoever answers for them in the cloud; a function is invoked with another event. What cannot be
delivered is counted (DestinationDeliveryFailures, DeadLetterErrors) and logged, and the event is over all the same, as
on AWS. Whether the execution role might send is not asked.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError

__all__ = ["Delivery", "scope_of_arn"]

logger = logging.getLogger(__name__)


def scope_of_arn(arn: str) -> Scope:
    """Return where the thing is that an ARN names."""
    parts = arn.split(":")
    return Scope(account_id=parts[4], region=parts[3])


class Delivery:
    """Sends messages by ARN.

    Args:
        aws: Reaches SQS and SNS.
        invoke: Accepts another event: scope, function ARN, payload.
    """

    def __init__(self, *, aws: Aws, invoke: Callable[[Scope, str, bytes], object]) -> None:
        self._aws = aws
        self._invoke = invoke

    async def send(self, arn: str, message: str, attributes: Mapping[str, Any] | None = None) -> bool:
        """Send a message to a queue, a topic or a function; return whether it arrived.

        Args:
            arn: Whose.
            message: Its body.
            attributes: SQS's or SNS's message attributes.
        """
        try:
            await self._send(arn, message, dict(attributes or {}))
        except ServiceError as error:
            logger.warning("A message of Lambda's could not be delivered to %s: %s", arn, error)
            return False
        return True

    async def _send(self, arn: str, message: str, attributes: dict[str, Any]) -> None:
        scope = scope_of_arn(arn)
        match arn.split(":")[2]:
            case "sqs":
                queue = {"QueueName": arn.split(":")[5], "QueueOwnerAWSAccountId": scope.account_id}
                url = (await self._aws.call(scope, "sqs", "GetQueueUrl", queue))["QueueUrl"]
                body = {"QueueUrl": url, "MessageBody": message, "MessageAttributes": attributes}
                await self._aws.call(scope, "sqs", "SendMessage", body)
            case "sns":
                body = {"TopicArn": arn, "Message": message, "MessageAttributes": attributes}
                await self._aws.call(scope, "sns", "Publish", body)
            case _:
                self._invoke(scope, arn, message.encode())
