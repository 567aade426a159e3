"""AWS's event streams: messages with headers and checksums, one after the other in an answer that does not end.

The framing is that of "Amazon Transcribe: Event stream encoding", which all services share: a prelude of two lengths
with its CRC, headers, a payload, and a CRC over it all. Which events there are the service says; moto speaks none.
"""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from zlib import crc32

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = ["CONTENT_TYPE", "encode"]

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_JSON = "application/x-amz-json-1.1"
_STRING = 7  # the type of a header's value


async def encode(events: AsyncGenerator[Mapping[str, Any], None]) -> AsyncGenerator[bytes, None]:
    """Yield the messages of a JSON service's stream, beginning with the initial response that JSON protocols have.

    Args:
        events: Each a payload under its event's name, as boto3 gives it to a caller; a ``ServiceError`` ends the stream
            as the exception of its code.
    """
    try:
        yield _event("initial-response", {})
        async for event in events:
            for name, payload in event.items():
                yield _event(name, payload)
    except ServiceError as error:
        headers = {":message-type": "exception", ":exception-type": error.code, ":content-type": _JSON}
        yield _message(headers, {"message": error.message})
    finally:
        await events.aclose()


def _event(name: str, payload: Mapping[str, Any]) -> bytes:
    return _message({":message-type": "event", ":event-type": name, ":content-type": _JSON}, payload)


def _message(headers: Mapping[str, str], payload: Mapping[str, Any]) -> bytes:
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    body = json.dumps(payload, separators=(",", ":")).encode()
    lengths = struct.pack("!II", len(head) + len(body) + 16, len(head))
    message = lengths + struct.pack("!I", crc32(lengths)) + head + body
    return message + struct.pack("!I", crc32(message))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", _STRING, len(value)) + value
