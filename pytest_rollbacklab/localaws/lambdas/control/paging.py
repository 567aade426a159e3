"""Long lists in pieces, as Lambda's List operations give them: MaxItems, Marker and NextMarker.

A marker is the key of the first item of the next piece, so that what is added or removed between two calls neither
repeats nor hides the rest.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter

__all__ = ["page"]

_DEFAULT_ITEMS = 50

T = TypeVar("T")


def page(
    items: Sequence[T], params: Mapping[str, Any], *, key: Callable[[T], str], most: int = _DEFAULT_ITEMS
) -> tuple[Sequence[T], dict[str, str]]:
    """Cut the piece out that a request asks for.

    Args:
        items: All of them, in the order of ``key``.
        params: The request, with MaxItems and Marker or without.
        key: What tells items apart.
        most: How many a piece has at most, whatever MaxItems says.

    Returns:
        The piece, and ``{"NextMarker": ...}`` when there is more.

    Raises:
        ServiceError: the marker is none that this service has given.
    """
    first = 0
    if params.get("Marker"):
        wanted = _decoded(params["Marker"])
        first = next((index for index, item in enumerate(items) if key(item) >= wanted), len(items))
    size = min(params.get("MaxItems") or most, most)
    piece, rest = items[first : first + size], items[first + size : first + size + 1]
    return piece, {"NextMarker": base64.urlsafe_b64encode(key(rest[0]).encode()).decode()} if rest else {}


def _decoded(marker: str) -> str:
    try:
        return base64.b64decode(marker, altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise invalid_parameter(f"The pagination marker '{marker}' is invalid.") from error
