"""CloudWatch Logs' errors, in AWS's words as recorded (log groups and streams that are there, or not)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, member_missing

__all__ = ["group_exists", "invalid", "no_group", "no_stream", "read_limit", "required", "stream_exists"]


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)


def no_group() -> ServiceError:
    return ServiceError("ResourceNotFoundException", "The specified log group does not exist.")


def no_stream() -> ServiceError:
    return ServiceError("ResourceNotFoundException", "The specified log stream does not exist.")


def group_exists() -> ServiceError:
    return ServiceError("ResourceAlreadyExistsException", "The specified log group already exists")


def stream_exists() -> ServiceError:
    return ServiceError("ResourceAlreadyExistsException", "The specified log stream already exists")


def required(params: Mapping[str, Any], name: str) -> Any:
    """Return a parameter that must be there.

    Raises:
        ServiceError: InvalidParameterException.
    """
    value = params.get(name)
    if value is None:
        raise invalid(member_missing(name))
    return value


def read_limit(params: Mapping[str, Any], *, default: int, largest: int) -> int:
    """Return ``limit``, refusing what is out of range as recorded."""
    limit = params.get("limit")
    if limit is None:
        return default
    if limit > largest:
        raise invalid(constraint_broken(limit, "limit", f"Member must have value less than or equal to {largest}"))
    if limit < 1:
        raise invalid(constraint_broken(limit, "limit", "Member must have value greater than or equal to 1"))
    return int(limit)
