"""Values as JSON: dataclasses by their members' names, times in ISO 8601, tuples as arrays.

Properties are left out: they can be worked out from what is there. It knows no value by name, so that a new member of
a dataclass is in the JSON at once.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Any

__all__ = ["as_json", "plain"]


def as_json(value: Any) -> bytes:
    """Return a value as JSON text, in UTF-8; what is no text in UTF-8 is written as an escape."""
    return json.dumps(plain(value), allow_nan=False).encode("ascii")


def plain(value: Any) -> Any:
    """Return a value in JSON's own kinds.

    Bytes are text where they are UTF-8, else ``{"base64": ...}``; a number that JSON has none for is null.

    Raises:
        TypeError: a value of a kind that is not written, by name.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {member.name: plain(getattr(value, member.name)) for member in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return _bytes(value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Iterable):
        return [plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be written as JSON: {value!r}")


def _bytes(value: bytes) -> Any:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(value).decode("ascii")}
