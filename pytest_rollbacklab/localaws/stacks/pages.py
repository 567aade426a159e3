"""Answers in pages, as AWS's lists have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from pytest_rollbacklab.localaws.stacks.refusals import invalid

__all__ = ["page"]

T = TypeVar("T")

_SIZE = 100


def page(items: Sequence[T], params: dict[str, Any]) -> tuple[Sequence[T], dict[str, str]]:
    """Return the items of the page that a call asks for, and the NextToken of the answer, if there is more.

    Raises:
        ServiceError: the call's NextToken is none of ours.
    """
    token = params.get("NextToken") or "0"
    if not token.isdigit() or int(token) > len(items):
        raise invalid(f"Invalid NextToken {token!r}")
    start = int(token)
    rest = {"NextToken": str(start + _SIZE)} if start + _SIZE < len(items) else {}
    return items[start : start + _SIZE], rest
