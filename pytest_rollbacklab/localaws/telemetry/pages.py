"""Paging: opaque tokens, and pages of what is sorted, found by bisection, so that a page costs the same anywhere.

Tokens hold the position itself, not a session: nothing is remembered between two pages, and a token survives what is
added meanwhile. Which error an unreadable token is belongs to the service.
"""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any, TypeVar

__all__ = ["names_with_prefix", "read_token", "sorted_page", "write_token"]

T = TypeVar("T", str, tuple[int, str])
_BEYOND_ANY_NAME = "\U0010ffff"


def write_token(**position: int | str) -> str:
    """Return a token that holds a position."""
    return base64.urlsafe_b64encode(json.dumps(position, separators=(",", ":")).encode()).decode()


def read_token(token: str, **fields: type) -> dict[str, Any]:
    """Return the position that a token holds.

    Args:
        token: What ``write_token`` returned.
        fields: The members it must have, with their types.

    Raises:
        ValueError: it is no such token.
    """
    try:
        position = json.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise ValueError("the token does not decode") from error
    shape_fits = isinstance(position, dict) and position.keys() == fields.keys()
    if not shape_fits or any(type(position[name]) is not kind for name, kind in fields.items()):
        raise ValueError("the token is of another operation")
    return dict(position)


def names_with_prefix(names: Sequence[str], prefix: str) -> Sequence[str]:
    """Return the slice of sorted names that begin with the prefix."""
    if not prefix:
        return names
    return names[bisect_left(names, prefix) : bisect_left(names, prefix + _BEYOND_ANY_NAME)]


def sorted_page(
    items: Sequence[T], *, last: T | None, limit: int, descending: bool = False
) -> tuple[Sequence[T], bool]:
    """Return a page of sorted items (names, or tuples), and whether there are more.

    Args:
        items: In ascending order.
        last: The item that the page before ended with; None for the first page. It may be gone by now.
        limit: How many items a page holds.
        descending: Go from the last item to the first.
    """
    if descending:
        end = len(items) if last is None else bisect_left(items, last)
        start = max(0, end - limit)
        return items[start:end][::-1], start > 0
    start = 0 if last is None else bisect_right(items, last)
    return items[start : start + limit], start + limit < len(items)
