"""CloudWatch's errors, by the codes that clients see.

The query codes and not the exceptions' names of the model: boto3 shows and maps these in every protocol, as recorded
(``InvalidParameterCombination``, ``ValidationError``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = ["clashing", "invalid_token", "invalid_value", "missing", "required", "too_many", "validation_error"]


def invalid_value(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValue", message)


def clashing(message: str) -> ServiceError:
    return ServiceError("InvalidParameterCombination", message)


def missing(message: str) -> ServiceError:
    return ServiceError("MissingParameter", message)


def validation_error(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)


def invalid_token() -> ServiceError:
    return ServiceError("InvalidNextToken", "The next token specified is invalid.")


def too_many(collection: str, limit: int) -> ServiceError:
    """Return the refusal of a list that is too long, in AWS's words."""
    return invalid_value(f"The collection {collection} must not have a size greater than {limit}.")


def required(params: Mapping[str, Any], name: str, path: str | None = None) -> Any:
    """Return a parameter that must be there.

    Args:
        path: How AWS calls it where it lies inside of another (``MetricData.member.1.MetricName``).

    Raises:
        ServiceError: MissingParameter.
    """
    value = params.get(name)
    if value is None or value == "":
        raise missing(f"The parameter {path or name} is required.")
    return value
