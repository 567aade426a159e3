"""What the control plane says when it refuses, in API Gateway's words as recorded, and what is not emulated.

One place, so that an error has the same code and status wherever it is met. It decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = [
    "bad_request",
    "conflict",
    "enum_broken",
    "invalid_mapping",
    "not_emulated",
    "not_found",
    "refuse_others",
    "required",
]


def bad_request(message: str) -> ServiceError:
    return ServiceError("BadRequestException", message, 400)


def not_found(message: str) -> ServiceError:
    return ServiceError("NotFoundException", message, 404)


def conflict(message: str) -> ServiceError:
    return ServiceError("ConflictException", message, 409)


def not_emulated(what: str, mend: str) -> ServiceError:
    """Return the refusal of something that AWS has and the local AWS has not.

    Args:
        what: The thing by AWS's name, and what was asked of it.
        mend: What to do instead, one sentence.
    """
    return ServiceError("NotImplemented", f"the local AWS does not emulate {what}. {mend}", 501)


def enum_broken(value: object, member: str, allowed: str) -> ServiceError:
    """Return the refusal of a value that the service model does not have, as recorded for patch operations."""
    return ServiceError(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{allowed}]",
        400,
    )


def invalid_mapping(expression: str, *, parameter: bool = False) -> ServiceError:
    """Return the refusal of a parameter mapping, as recorded.

    Args:
        parameter: Whether it is what is mapped to, and not what it is mapped from.
    """
    what = "Invalid mapping expression parameter" if parameter else "Invalid mapping expression"
    return bad_request(
        "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
        f"[{what} specified: {expression}]"
    )


def required(params: Mapping[str, Any], name: str) -> Any:
    """Return a parameter that must be there.

    Raises:
        ServiceError: BadRequestException, naming it.
    """
    value = params.get(name)
    if value is None or value == "":
        raise bad_request(f"Invalid request input: {name} must be given")
    return value


def refuse_others(operation: str, params: Mapping[str, Any], obeyed: Collection[str]) -> None:
    """Refuse the parameters that an operation does not obey, unless they ask for nothing.

    Raises:
        ServiceError: NotImplemented, naming the first one.
    """
    for name, value in params.items():
        if name not in obeyed and value not in (None, False, "", [], {}):
            raise not_emulated(f"{name}={value!r} of {operation}", "Leave it out.")
