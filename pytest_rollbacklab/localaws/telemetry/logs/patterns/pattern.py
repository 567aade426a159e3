"""Which kind a filter pattern is of; a pattern becomes a function that says whether a message matches."""

from __future__ import annotations

from collections.abc import Callable

from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid
from pytest_rollbacklab.localaws.telemetry.logs.patterns.json_events import compile_json
from pytest_rollbacklab.localaws.telemetry.logs.patterns.space_delimited import compile_fields
from pytest_rollbacklab.localaws.telemetry.logs.patterns.terms import compile_terms
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken

__all__ = ["Predicate", "compile_pattern"]

Predicate = Callable[[str], bool]

_MAX_LENGTH = 1024


def compile_pattern(text: str) -> Predicate | None:
    """Return a function that says whether a message matches, or None for a pattern that every message does.

    Raises:
        ServiceError: InvalidParameterException for a pattern that AWS refuses too.
    """
    if len(text) > _MAX_LENGTH:
        constraint = f"Member must have length less than or equal to {_MAX_LENGTH}"
        raise invalid(constraint_broken(text, "filterPattern", constraint))
    pattern = text.strip()
    if not pattern.strip('" '):
        return None
    for opening, closing, compiled in (("{", "}", compile_json), ("[", "]", compile_fields)):
        if pattern.startswith(opening):
            if not pattern.endswith(closing):
                raise invalid(f"If a filter pattern starts with '{opening}' it must end with '{closing}'")
            return compiled(pattern[1:-1])
    return compile_terms(pattern)
