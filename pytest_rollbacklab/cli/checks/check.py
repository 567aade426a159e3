"""One thing that was looked at, as a value."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Check", "checked"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing, looked at."""

    name: str
    ok: bool
    needed: bool
    found: str
    mend: str | None
    """How to get it; None where it is there."""


def checked(name: str, *, ok: bool, found: str, mend: str | None, needed: bool = True) -> Check:
    """Return what was found; the mend is left out where there is nothing to mend."""
    return Check(name=name, ok=ok, needed=needed, found=found, mend=None if ok else mend)
