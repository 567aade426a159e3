"""What both services say when they refuse: AWS's validation sentences, and what the local AWS does not emulate.

One place, because CloudWatch and Logs validate with the same machinery on AWS and so use the same sentences. It knows
no operation and no code: each service raises these sentences under its own.
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = ["constraint_broken", "member_missing", "not_emulated"]


def not_emulated(what: str, mend: str) -> ServiceError:
    """Return the refusal of an option that AWS has and the local AWS has not.

    Args:
        what: The option by AWS's name, and what was asked of it.
        mend: What to do instead, one sentence.
    """
    return ServiceError("NotImplemented", f"the local AWS does not emulate {what}. {mend}", 501)


def constraint_broken(value: object, member: str, constraint: str) -> str:
    """Say that a parameter breaks its model, as recorded from AWS for a ``limit`` of 10001."""
    return f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"


def member_missing(member: str) -> str:
    """Say that a required parameter is not there."""
    return (
        f"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
    )
