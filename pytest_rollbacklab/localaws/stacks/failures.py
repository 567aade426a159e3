"""Why a resource failed, in the words of its event.

A service's refusal is told as CloudFormation's resource handlers tell it: the service's message with service, status
and request id, and the handler's own error code. The form is the one that AWS's users paste into their reports.
"""

from __future__ import annotations

import uuid
from typing import Final

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = ["ResourceFailureError", "ServiceRefusalError", "is_not_found"]

# The names of AWS's Java SDK, in which the handlers are written.
_SERVICES: Final = {
    "apigateway": "ApiGateway",
    "cloudwatch": "CloudWatch",
    "cognito-identity": "CognitoIdentity",
    "cognito-idp": "CognitoIdentityProvider",
    "dynamodb": "DynamoDb",
    "iam": "Iam",
    "lambda": "Lambda",
    "logs": "CloudWatchLogs",
    "s3": "S3",
}
_NOT_FOUND: Final = frozenset(
    {"NoSuchBucket", "NoSuchEntity", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"}
)
_ALREADY_EXISTS: Final = frozenset(
    {"BucketAlreadyExists", "BucketAlreadyOwnedByYou", "ConflictException", "EntityAlreadyExists"}
    | {"ResourceAlreadyExistsException", "ResourceConflictException", "ResourceInUseException"}
)
_ACCESS_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException"})
_THROTTLING: Final = frozenset({"Throttling", "ThrottlingException", "TooManyRequestsException"})
_SERVER_ERROR = 500


class ResourceFailureError(Exception):
    """A resource cannot be as the template has it; the message is the reason in its event."""


class ServiceRefusalError(ResourceFailureError):
    """A service refused a call that a resource type made."""

    def __init__(self, service: str, error: ServiceError) -> None:
        self.error = error
        super().__init__(
            f'Resource handler returned message: "{error.message} (Service: {_SERVICES.get(service, service)}, '
            f'Status Code: {error.status}, Request ID: {uuid.uuid4()})" '
            f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: {_handler_error_code(error)})"
        )


def is_not_found(error: ServiceError) -> bool:
    """Tell whether a service says that what was asked for is not there."""
    return error.code in _NOT_FOUND or error.status == 404


def _handler_error_code(error: ServiceError) -> str:
    """Name the error as "Handler error codes" of CloudFormation's CLI guide does."""
    if is_not_found(error):
        return "NotFound"
    if error.code in _ALREADY_EXISTS:
        return "AlreadyExists"
    if error.code in _ACCESS_DENIED:
        return "AccessDenied"
    if error.code in _THROTTLING:
        return "Throttling"
    return "GeneralServiceException" if error.status >= _SERVER_ERROR else "InvalidRequest"
