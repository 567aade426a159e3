"""What a caller is known by, as logs tell of it: masked but for its end.

AWS's logs show the last six characters of keys, tokens and principals ("CloudWatch log formats for API Gateway" says
that they are redacted), and less of short ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["masked", "redacted"]

_SHOWN = 6
_REDACTED = frozenset({"authorization", "x-api-key", "x-amz-security-token"})


def masked(text: str) -> str:
    """Return a text with all but its end hidden: six characters at most, and half of it at most."""
    shown = min(_SHOWN, len(text) // 2)
    return "*" * (len(text) - shown) + text[len(text) - shown :]


def redacted(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Return headers in which what authorizes a caller is masked."""
    return ((name, masked(value) if name.lower() in _REDACTED else value) for name, value in headers)
