"""What an Invoke request carries: a payload that must be JSON, and a client context.

Lambda parses the payload before anything runs, and what it says of a bad one is its JSON library's wording (as
recorded: lambda-payload-not-json-utf8, lambda-payload-not-json-ctrl). The position that it gives depends on how far
that library has read; for the recorded kinds it is theirs, for others it is where this parser stopped.
"""

from __future__ import annotations

import base64
import json
import re
from typing import NoReturn

from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_request_content, too_large

__all__ = ["check_payload", "client_context_json"]

_LIMIT_BYTES = 6291456
_EVENT_LIMIT_BYTES = 1048576
"""One megabyte since October 2025 (Lambda's quotas); it was 256 KB."""
_EXPECTED = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"
_SOURCE = "Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)"
_WORD = re.compile(rb"[A-Za-z_$][A-Za-z0-9_$]*")


def check_payload(payload: bytes, *, of_event: bool = False) -> bytes:
    """Return the payload that the function gets: an empty one is an empty object.

    Args:
        payload: As it came.
        of_event: Whether it is an Event invocation's, which may be one megabyte.

    Raises:
        ServiceError: it is too long for the invocation's type, or is no JSON.
    """
    if of_event and len(payload) > _EVENT_LIMIT_BYTES:
        raise too_large(
            f"{len(payload)} byte payload is too large for the Event invocation type (limit {_EVENT_LIMIT_BYTES} bytes)"
        )
    if len(payload) > _LIMIT_BYTES:
        raise too_large(f"Request must be smaller than {_LIMIT_BYTES} bytes for the InvokeFunction operation")
    if not payload:
        return b"{}"
    try:
        json.loads(payload.decode("utf-8"), parse_constant=_refuse_constant)
    except ValueError as error:
        what, index = _complaint(payload, error)
        line = payload.count(b"\n", 0, index) + 1
        column = index - payload.rfind(b"\n", 0, index)
        raise invalid_request_content(
            "Could not parse request body into json: Could not parse payload into json: "
            f"{what}\n at [{_SOURCE}; line: {line}, column: {column}]"
        ) from error
    return payload


def client_context_json(encoded: str | None) -> str | None:
    """Return a client context as JSON on one line, or None when there is none.

    Args:
        encoded: In base64, as Invoke's ClientContext has it.

    Raises:
        ServiceError: it is not base64 of JSON.
    """
    if not encoded:
        return None
    try:
        return json.dumps(json.loads(base64.b64decode(encoded, validate=True)))
    except ValueError as error:
        raise invalid_request_content("Client context must be a valid Base64-encoded JSON object.") from error


class _NonStandardTokenError(ValueError):
    """NaN or an infinity, which Python reads and JSON does not have."""


def _refuse_constant(name: str) -> NoReturn:
    raise _NonStandardTokenError(name)


def _complaint(payload: bytes, error: ValueError) -> tuple[str, int]:
    """Say what is wrong with a payload, and before which byte its reader noticed."""
    first = len(payload) - len(payload.lstrip(b" \t\r\n"))
    word = _WORD.match(payload, first)
    if word and word[0] not in (b"null", b"true", b"false"):
        if payload[word.end() : word.end() + 1] >= b"\x80":
            return f"Invalid UTF-8 start byte 0x{payload[word.end()]:x}", word.end() + 1
        return f"Unrecognized token '{word[0].decode()}': was expecting ({_EXPECTED})", word.end()
    if isinstance(error, _NonStandardTokenError):
        allow = "enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
        return f"Non-standard token '{error}': {allow}", payload.find(str(error).encode()) + len(str(error))
    at = first
    if isinstance(error, json.JSONDecodeError):
        at = len(error.doc[: error.pos].encode())
    elif isinstance(error, UnicodeDecodeError):
        at = error.start
    if at >= len(payload):
        return "Unexpected end-of-input: expected close marker", len(payload)
    byte = payload[at]
    shown = f"'{chr(byte)}' (code {byte})" if 0x20 < byte < 0x7F else f"(CTRL-CHAR, code {byte})"
    return f"Unexpected character ({shown}): expected a valid value ({_EXPECTED})", at
