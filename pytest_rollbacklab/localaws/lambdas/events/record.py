"""What is told of an event's end: the invocation record for destinations, the attributes of a dead letter.

Forms are as recorded: lambda-async-destination-success, lambda-async-destination-failure, lambda-async-dlq,
lambda-async-maxeventage and, for an event that never ran, lambda-throttled-reserved-0.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from pytest_rollbacklab.localaws.lambdas.events.event import Event

__all__ = ["End", "dead_letter_attributes", "invocation_record"]

_MESSAGE_BYTES = 1024
"""The first kilobyte of an error's message goes with a dead letter (developer guide, "Dead-letter queues")."""


class End(Enum):
    """Why an event is over, in AWS's words."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"
    ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"


def invocation_record(event: Event, end: End, *, function_arn: str) -> str:
    """Write the record that a destination gets.

    Args:
        event: The event.
        end: Why it is over.
        function_arn: What was invoked, with its qualifier.
    """
    now = datetime.now(UTC)
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": function_arn,
            "condition": end.value,
            "approximateInvokeCount": event.tries,
        },
        "requestPayload": json.loads(event.payload),
    }
    if event.said is not None:
        response = {"statusCode": 200, "executedVersion": event.said.executed_version}
        record["responseContext"] = response | ({"functionError": "Unhandled"} if event.said.failed else {})
        record["responsePayload"] = json_or_text(event.said.payload)
    return json.dumps(record, separators=(",", ":"))


def dead_letter_attributes(event: Event) -> dict[str, dict[str, str]]:
    """Return the attributes of the message that a dead-letter queue gets beside the event itself."""
    code, message = "429", "Rate Exceeded."
    if event.said is not None:
        answer = json_or_text(event.said.payload)
        code, message = "200", str(answer.get("errorMessage", "") if isinstance(answer, dict) else answer)
    short = message.encode()[:_MESSAGE_BYTES].decode("utf-8", "ignore") or "None"  # SQS takes no empty attribute
    return {
        "RequestID": {"DataType": "String", "StringValue": event.request_id},
        "ErrorCode": {"DataType": "Number", "StringValue": code},
        "ErrorMessage": {"DataType": "String", "StringValue": short},
    }


def json_or_text(payload: bytes) -> Any:
    """Read a function's answer; one that is no JSON stays text."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
