"""What a function returned, made into an HTTP answer: the output format of Lambda proxy integrations.

As recorded (apigw-proxy-response-formats): every member may be missing, none may be added; scalars are taken as text
(``"201"``, ``true``), anything else where a scalar belongs is malformed; ``multiValueHeaders`` come first and decide
how a header is spelt; a base64 body is decoded only for a client that accepts a binary media type.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.gateway.execution.faults import Fault

__all__ = ["REMAPPED", "ProxyAnswer", "read_proxy_answer"]

_MEMBERS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})
REMAPPED = frozenset({"connection", "content-length", "date", "server", "www-authenticate"})
"""Passed on as ``x-amzn-Remapped-NAME``: they are the gateway's own to set."""
_DROPPED = frozenset({"transfer-encoding"})
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_STATUS = range(200, 600)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProxyAnswer:
    """A function's answer."""

    status: int
    stated_status: int | None
    """The function's own ``statusCode``; None when it gave none."""
    headers: tuple[tuple[str, str], ...]
    body: bytes


def read_proxy_answer(payload: bytes, *, binary_accepted: bool) -> ProxyAnswer:
    """Read what a function returned.

    Args:
        payload: What Invoke answered.
        binary_accepted: Whether the client accepts a binary media type of the API.

    Raises:
        Fault: 502: it is no proxy answer; 500: its body is no base64.
    """
    returned = _object(payload)
    status = _status(returned.get("statusCode"))
    body = _text(returned.get("body")) or ""
    encoded = _boolean(returned.get("isBase64Encoded"))
    return ProxyAnswer(
        status=200 if status is None else status,
        stated_status=status,
        headers=tuple(_headers(returned)),
        body=_decoded(body) if encoded and binary_accepted else body.encode("utf-8", "surrogatepass"),
    )


def _object(payload: bytes) -> dict[str, Any]:
    try:
        returned = json.loads(payload)
    except ValueError:
        returned = None
    if not isinstance(returned, dict) or not returned.keys() <= _MEMBERS:
        raise Fault.malformed_answer()
    return returned


def _status(value: Any) -> int | None:
    text = _text(value)
    if text is None:
        return None
    try:
        status = int(float(text))
    except ValueError:
        raise Fault.malformed_answer() from None
    if status not in _STATUS:
        raise Fault.malformed_answer()
    return status


def _text(value: Any) -> str | None:
    """Return a scalar as text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise Fault.malformed_answer()


def _boolean(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    if value in ("true", "false"):
        return bool(value == "true")
    raise Fault.malformed_answer()


def _headers(returned: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    merged: dict[str, tuple[str, list[str]]] = {}
    for name, values in _mapping(returned.get("multiValueHeaders")).items():
        if not isinstance(values, list):
            raise Fault.malformed_answer()
        for value in values:
            _add(merged, name, value)
    for name, value in _mapping(returned.get("headers")).items():
        _add(merged, name, value)
    if "content-type" not in merged:
        yield "Content-Type", "application/json"
    for lower, (name, texts) in merged.items():
        if lower not in _DROPPED:
            spelt = f"x-amzn-Remapped-{name}" if lower in REMAPPED else name
            yield from ((spelt, text) for text in texts)


def _mapping(value: Any) -> dict[str, Any]:
    if value is None or isinstance(value, dict):
        return value or {}
    raise Fault.malformed_answer()


def _add(merged: dict[str, tuple[str, list[str]]], name: str, value: Any) -> None:
    text = _text(value)
    if text is None:
        return
    if not _NAME.fullmatch(name) or "\n" in text or "\r" in text or "\0" in text:
        raise Fault.malformed_answer()
    merged.setdefault(name.lower(), (name, []))[1].append(text)


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise Fault.misconfigured("Unable to base64 decode the body.") from None
