"""Pages of a list: ``limit`` and ``position``, as every Get...s operation has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pytest_rollbacklab.localaws.gateway.refusals import bad_request

__all__ = ["page"]

_DEFAULT = 25
_MOST = 500

T = TypeVar("T")


def page(items: Sequence[T], params: Mapping[str, Any], shape: Callable[[T], dict[str, Any]]) -> dict[str, Any]:
    """Return one page of items in AWS's shape.

    Raises:
        ServiceError: BadRequestException: the limit or the position is none.
    """
    limit = _DEFAULT if params.get("limit") is None else int(params["limit"])
    if not 1 <= limit <= _MOST:
        raise bad_request(f"Invalid limit {limit}: it must be between 1 and {_MOST}")
    start = _start(params.get("position"))
    answer: dict[str, Any] = {"items": [shape(item) for item in items[start : start + limit]]}
    return answer | ({"position": str(start + limit)} if start + limit < len(items) else {})


def _start(position: str | None) -> int:
    if not position:
        return 0
    if not position.isdecimal():
        raise bad_request(f"Invalid position specified: {position}")
    return int(position)
