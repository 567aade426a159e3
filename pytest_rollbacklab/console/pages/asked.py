"""Parts of an address or a form as values; what does not fit is an error that names it."""

from __future__ import annotations

from typing import NoReturn

from pytest_rollbacklab.console.faults import Refused
from pytest_rollbacklab.console.visit import Visit
from pytest_rollbacklab.errors import UsageError

__all__ = ["before", "number", "reason", "whole_number"]

_MOST_DIGITS = 12
_LONGEST_REASON = 300


def number(visit: Visit, name: str) -> int:
    """Return a number in the address. Raises Refused with 404 when it is none."""
    part = visit.part(name)
    if not _is_number(part):
        raise Refused(404, f"{part!r} is not a number", looked_at="the address", mend="start from the overview")
    return int(part)


def before(visit: Visit) -> int | None:
    """Return ``?before=N``. Raises UsageError when it is no number."""
    asked = visit.query.get("before")
    return None if not asked else whole_number("before", asked)


def whole_number(name: str, text: str) -> int:
    """Return a field's number. Raises UsageError when it is none."""
    return int(text) if _is_number(text) else _refuse(name, text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


def _refuse(name: str, text: str) -> NoReturn:
    raise UsageError(f"{name} must be a whole number, not {text[:40]!r}")


def reason(visit: Visit) -> str | None:
    """Return the reason that was given, or None. Raises UsageError when it is a whole story."""
    text = visit.form.get("reason", "").strip()
    if len(text) > _LONGEST_REASON:
        raise UsageError(f"a reason has at most {_LONGEST_REASON} letters, not {len(text)}")
    return text or None
