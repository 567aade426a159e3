"""Facts about one thing: a name and a value on each line, the values aligned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

__all__ = ["facts"]


def facts(told: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each fact; what is empty is left out."""
    width = max(map(len, told), default=0)
    return (f"{name.ljust(width)}  {value}" for name, value in told.items() if value)
