"""A mapping that tells of each change, so that what it holds can be kept and nobody has to remember to say so.

It does not look into its values: those are frozen and are replaced whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from typing import TypeVar

__all__ = ["Watched", "nobody"]

V = TypeVar("V")


def nobody(_name: str) -> None:
    """Be told of a change that nobody keeps."""


class Watched(MutableMapping[str, V]):
    """A dict whose every change goes through two methods."""

    __slots__ = ("data", "told")

    def __init__(self) -> None:
        self.data: dict[str, V] = {}
        """What it holds; written directly only by who puts back what was kept."""
        self.told: Callable[[str], None] = nobody
        """Told the key that changed."""

    def __getitem__(self, key: str) -> V:
        return self.data[key]

    def __setitem__(self, key: str, value: V) -> None:
        self.data[key] = value
        self.told(key)

    def __delitem__(self, key: str) -> None:
        del self.data[key]
        self.told(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)

    def __contains__(self, key: object) -> bool:
        return key in self.data
