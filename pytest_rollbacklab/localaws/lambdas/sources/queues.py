"""Reading a queue for a function: receive, filter, run, and delete what is done.

As the developer guide has it ("Using Lambda with Amazon SQS"): what a function fails at stays in the queue and is seen
again when its visibility timeout is over; after as many receives as the queue allows, it is the queue that moves it to
its dead letters. What does not fit the filters is deleted.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Aws
from pytest_rollbacklab.localaws.lambdas.events.delivery import scope_of_arn
from pytest_rollbacklab.localaws.lambdas.invoking import Invocation
from pytest_rollbacklab.localaws.lambdas.sources.filtering import fits
from pytest_rollbacklab.localaws.lambdas.sources.source import EventSource

__all__ = ["QueueReader", "failed_items"]

_LOOK_S = 0.2
_MOST_AT_ONCE = 10
_KEPT_ATTRIBUTES = frozenset(
    {
        "ApproximateReceiveCount",
        "SentTimestamp",
        "SenderId",
        "ApproximateFirstReceiveTimestamp",
        "MessageGroupId",
        "MessageDeduplicationId",
        "SequenceNumber",
        "AWSTraceHeader",
        "DeadLetterQueueSourceArn",
    }
)


class QueueReader:
    """Reads one queue.

    Args:
        source: The mapping.
        aws: Reaches SQS.
        run: Runs the function with a payload.
    """

    def __init__(self, source: EventSource, *, aws: Aws, run: Callable[[bytes], Awaitable[Invocation]]) -> None:
        self._source = source
        self._aws = aws
        self._run = run
        self._scope = scope_of_arn(source.arn)
        self._url = ""

    async def step(self) -> bool:
        """Read and handle a batch; return whether there was anything."""
        if not self._url:
            named = {"QueueName": self._source.arn.split(":")[5]}
            self._url = (await self._aws.call(self._scope, "sqs", "GetQueueUrl", named))["QueueUrl"]
        messages = await self._batch()
        if not messages:
            return False
        wanted = [message for message in messages if self._fits(message)]
        await self._delete([message for message in messages if message not in wanted])
        if wanted:
            await self._handle(wanted)
        return True

    async def _batch(self) -> list[dict[str, Any]]:
        """Receive until the batch is full, or its window is over."""
        clock = asyncio.get_running_loop().time
        messages: list[dict[str, Any]] = []
        ends_at: float | None = None
        while True:
            messages += await self._receive(self._source.batch_size - len(messages))
            if messages and ends_at is None:
                ends_at = clock() + self._source.window_s
            if ends_at is None or len(messages) >= self._source.batch_size or clock() >= ends_at:
                return messages
            await asyncio.sleep(min(_LOOK_S, max(0.0, ends_at - clock())))

    async def _receive(self, at_most: int) -> list[dict[str, Any]]:
        asked = {
            "QueueUrl": self._url,
            "MaxNumberOfMessages": min(at_most, _MOST_AT_ONCE),
            "WaitTimeSeconds": 0,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        return list((await self._aws.call(self._scope, "sqs", "ReceiveMessage", asked)).get("Messages") or [])

    async def _handle(self, messages: list[dict[str, Any]]) -> None:
        records = [_record(message, self._source) for message in messages]
        payload = json.dumps({"Records": records}, separators=(",", ":")).encode()
        invocation = await self._run(payload)
        if invocation.function_error is not None:
            return
        failed = failed_items(invocation, self._source, [message["MessageId"] for message in messages])
        await self._delete([message for message in messages if message["MessageId"] not in failed])

    async def _delete(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            what = {"QueueUrl": self._url, "ReceiptHandle": message["ReceiptHandle"]}
            await self._aws.call(self._scope, "sqs", "DeleteMessage", what)

    def _fits(self, message: Mapping[str, Any]) -> bool:
        if not self._source.filters:
            return True
        record = _record(message, self._source)
        with contextlib.suppress(ValueError):
            record["body"] = json.loads(record["body"])
        return any(fits(record, pattern) for pattern in self._source.filters)


def failed_items(invocation: Invocation, source: EventSource, ids: list[str]) -> set[str]:
    """Return which items of a batch the function says that it failed at; all, when it says something that is none."""
    if not source.reports_failures:
        return set()
    try:
        answer = json.loads(invocation.payload)
    except ValueError:
        return set(ids)
    listed = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not listed:
        return set()
    named = {str(entry.get("itemIdentifier")) for entry in listed if isinstance(entry, dict)}
    return set(ids) if len(named) < len(listed) or not named <= set(ids) else named


def _record(message: Mapping[str, Any], source: EventSource) -> dict[str, Any]:
    attributes = message.get("Attributes") or {}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {name: value for name, value in attributes.items() if name in _KEPT_ATTRIBUTES},
        "messageAttributes": {
            name: _attribute(value) for name, value in (message.get("MessageAttributes") or {}).items()
        },
        "md5OfBody": message.get("MD5OfBody"),
        "eventSource": "aws:sqs",
        "eventSourceARN": source.arn,
        "awsRegion": source.arn.split(":")[3],
    }


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"stringListValues": [], "binaryListValues": [], "dataType": attribute["DataType"]}
    if attribute.get("StringValue") is not None:
        told["stringValue"] = attribute["StringValue"]
    if attribute.get("BinaryValue") is not None:
        told["binaryValue"] = base64.b64encode(attribute["BinaryValue"]).decode()
    return told
