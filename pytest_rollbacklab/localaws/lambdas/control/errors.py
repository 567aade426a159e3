"""Lambda's errors, each made in one place with the code, status and members that its API gives it.

Texts are AWS's, as recorded; where this local AWS refuses what AWS would accept, the text says that it is a refusal.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = [
    "UNQUALIFIED_ONLY",
    "conflict",
    "function_not_found",
    "invalid_parameter",
    "invalid_request_content",
    "not_found",
    "revision_mismatch",
    "too_large",
    "too_many_requests",
    "validation",
]

UNQUALIFIED_ONLY = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
    "Please specify either a function name or an unqualified function ARN."
)


def invalid_parameter(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValueException", message, 400, Type="User")


def validation(violations: Sequence[str]) -> ServiceError:
    """Make the error of the service's front: every constraint that a request breaks, in one message."""
    count = f"{len(violations)} validation error{'s' if len(violations) > 1 else ''} detected"
    return ServiceError("ValidationException", f"{count}: {'; '.join(violations)}", 400)


def not_found(message: str) -> ServiceError:
    # As recorded (lambda-not-found): this one has its text twice, under both spellings.
    return ServiceError("ResourceNotFoundException", message, 404, Type="User", Message=message)


def function_not_found(arn: str) -> ServiceError:
    return not_found(f"Function not found: {arn}")


def conflict(message: str) -> ServiceError:
    return ServiceError("ResourceConflictException", message, 409, Type="User")


def revision_mismatch(api: str) -> ServiceError:
    """Make the error of a stale RevisionId; ``api`` names what gives the current one: ``GetFunction/GetAlias``."""
    return ServiceError(
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. "
        f"Call the {api} API to retrieve the latest Revision Id",
        412,
        Type="User",
    )


def too_large(message: str) -> ServiceError:
    return ServiceError("RequestEntityTooLargeException", message, 413)


def too_many_requests(reason: str) -> ServiceError:
    """Make the throttling error, as recorded: lambda-throttled-reserved-0."""
    return ServiceError("TooManyRequestsException", "Rate Exceeded.", 429, Type="User", Reason=reason)


def invalid_request_content(message: str) -> ServiceError:
    return ServiceError("InvalidRequestContentException", message, 400, Type="User")
