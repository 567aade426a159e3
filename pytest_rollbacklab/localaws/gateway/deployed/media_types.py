"""Which bodies are binary: an API's ``binaryMediaTypes``, compiled.

As recorded (apigw-binary): only the first media type of a header counts, and it must be listed, or its type with
a wildcard on the right side. A wildcard on the left matches nothing, but for ``*/*``, which is everything ("Content
type conversions in API Gateway" of the developer guide).
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["BinaryMediaTypes", "media_type_of"]

_EVERYTHING = "*/*"


class BinaryMediaTypes:
    """The media types of an API that are passed on as bytes."""

    def __init__(self, media_types: Iterable[str]) -> None:
        listed = {media_type_of(media_type) for media_type in media_types}
        self._everything = _EVERYTHING in listed
        self._exact = {media_type for media_type in listed if not media_type.startswith("*")}
        self._types = {media_type.removesuffix("/*") for media_type in self._exact if media_type.endswith("/*")}

    def match(self, header: str | None) -> bool:
        """Tell whether what an Accept or Content-Type header names first is binary.

        Args:
            header: Its value; None when the request has none.
        """
        if self._everything:
            return True
        if not header or not self._exact:
            return False
        media_type = media_type_of(header.partition(",")[0])
        type_, slash, _ = media_type.partition("/")
        return bool(slash) and (media_type in self._exact or type_ in self._types)


def media_type_of(header: str) -> str:
    """Return a media type without its parameters: ``application/json;charset=utf-8`` -> ``application/json``."""
    return header.partition(";")[0].strip().lower()
