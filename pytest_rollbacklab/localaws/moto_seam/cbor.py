"""CBOR (RFC 8949) as Smithy's RPC v2 writes it: the few kinds of value that an AWS result is made of.

botocore reads CBOR and writes requests by their shapes; results need no shapes, since Python's types tell all.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

__all__ = ["encode"]

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _LIST, _MAP, _TAG = range(7)
_EPOCH_TAG = b"\xc1"  # RFC 8949, 3.4.2: seconds since the epoch
_FALSE, _TRUE, _NULL, _FLOAT64 = b"\xf4", b"\xf5", b"\xf6", b"\xfb"


def encode(value: Any) -> bytes:
    """Return the CBOR of a value made of dicts, lists, text, bytes, numbers, booleans, None and aware datetimes.

    Raises:
        TypeError: anything else; names the type.
    """
    out = bytearray()
    _write(out, value)
    return bytes(out)


def _write(out: bytearray, value: Any) -> None:
    if value is None or isinstance(value, bool):
        out += _NULL if value is None else _TRUE if value else _FALSE
    elif isinstance(value, int):
        out += _head(_UNSIGNED, value) if value >= 0 else _head(_NEGATIVE, -1 - value)
    elif isinstance(value, float):
        out += _FLOAT64 + struct.pack(">d", value)
    elif isinstance(value, datetime):
        out += _EPOCH_TAG + _FLOAT64 + struct.pack(">d", value.timestamp())
    elif isinstance(value, str):
        out += _head(_TEXT, len(raw := value.encode())) + raw
    elif isinstance(value, bytes | bytearray):
        out += _head(_BYTES, len(value)) + value
    else:
        _write_many(out, value)


def _write_many(out: bytearray, value: Any) -> None:
    if isinstance(value, Mapping):
        present = {key: member for key, member in value.items() if member is not None}
        out += _head(_MAP, len(present))
        for key, member in present.items():
            _write(out, str(key))
            _write(out, member)
    elif isinstance(value, Sequence):
        out += _head(_LIST, len(value))
        for member in value:
            _write(out, member)
    else:
        raise TypeError(f"CBOR has no form for {type(value).__name__}: {value!r}")


def _head(major: int, argument: int) -> bytes:
    """Write a major type with its argument in the shortest form (RFC 8949, 3)."""
    if argument < 24:
        return bytes([major << 5 | argument])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if argument < 1 << 8 * size:
            return bytes([major << 5 | code]) + argument.to_bytes(size, "big")
    raise TypeError(f"CBOR has no form for an integer of {argument.bit_length()} bits")
