"""Answers in pages, as AWS's lists have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pytest_rollbacklab.localaws.stacks.refusals import invalid

__all__ = ["page", "position"]

T = TypeVar("T")

_SIZE: Final = 100


def page(items: Sequence[T], params: Mapping[str, Any]) -> tuple[Sequence[T], dict[str, str]]:
    """Return the items of the page that a call asks for, and the NextToken of the answer, if there is more.

    Raises:
        ServiceError: the call's NextToken is none of ours.
    """
    start = position(params, len(items), first=0)
    rest = {"NextToken": str(start + _SIZE)} if start + _SIZE < len(items) else {}
    return items[start : start + _SIZE], rest


def position(params: Mapping[str, Any], count: int, *, first: int) -> int:
    """Return the place in a list that a call's NextToken stands for, or the first one without a token.

    Raises:
        ServiceError: the token is none of ours.
    """
    token = params.get("NextToken")
    if not token:
        return first
    if not token.isdecimal() or int(token) > count:
        raise invalid(f"Invalid NextToken {token!r}")
    return int(token)
