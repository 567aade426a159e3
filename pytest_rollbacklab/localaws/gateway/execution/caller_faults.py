"""The gateway's answers to callers who may not, or not now: authorizers, API keys, limits, missing parameters.

Each function is one of them, a ``Fault`` like the others, with status, error type and body to the byte.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_rollbacklab.localaws.gateway.execution.faults import Fault, compact

__all__ = [
    "authorizer_failed",
    "headers_too_large",
    "invalid_key",
    "missing_parameters",
    "not_authorized",
    "quota_exceeded",
    "throttled",
    "unauthorized",
]


def not_authorized(*, explicitly: bool) -> Fault:
    """Answer a caller whom an authorizer's policy does not let in ("Call an API with Lambda authorizers").

    Args:
        explicitly: Whether it denies it.
    """
    message = "User is not authorized to access this resource" + (" with an explicit deny" if explicitly else "")
    return Fault(
        status=403,
        response_type="ACCESS_DENIED",
        error_type="AccessDeniedException",
        message=message,
        body=compact(Message=message),
        said=("The client is not authorized to perform this operation.",),
    )


def unauthorized(request_id: str, message: str = "Unauthorized") -> Fault:
    """Answer a caller without a token, or with none that an authorizer takes."""
    return Fault(
        status=401,
        response_type="UNAUTHORIZED",
        error_type="UnauthorizedException",
        message=message,
        said=(f"Unauthorized request: {request_id}",),
    )


def authorizer_failed(reason: str) -> Fault:
    """Answer a caller whose authorizer could not be asked, failed, or answered nonsense: AWS says nothing to it."""
    return Fault(
        status=500,
        response_type="AUTHORIZER_CONFIGURATION_ERROR",
        error_type="AuthorizerConfigurationException",
        message=None,
        body=b'{"message":null}',
        said=(f"Execution failed due to configuration error: {reason}", "AuthorizerConfigurationException"),
    )


def invalid_key(method: str, stage: str, *, key: str) -> Fault:
    """Answer a request without an API key that may call the method (apigw-api-key-missing).

    Args:
        key: What was sent, masked; empty when nothing was.
        method: ``GET /notes``.
        stage: ``API/STAGE``.
    """
    said = (
        f"API Key {key} not authorized because method '{method}' requires API Key and API Key is not associated with a "
        f"Usage Plan for API Stage {stage}: {'No Usage Plan found for key and API Stage' if key else 'No API Key'}"
    )
    return Fault(
        status=403,
        response_type="INVALID_API_KEY",
        error_type="ForbiddenException",
        message="Forbidden",
        said=(said,),
    )


def throttled(where: str, *, rate: float, burst: int) -> Fault:
    """Answer a request that comes too soon ("Throttle requests to your REST APIs").

    Args:
        where: As the execution log tells of it: ``RestApi API, Stage prod, Resource ID, HttpMethod GET``.
        rate: The limit, requests a second.
        burst: How many may come at once.
    """
    return Fault(
        status=429,
        response_type="THROTTLED",
        error_type="TooManyRequestsException",
        message="Too Many Requests",
        said=(f"Key throttle limit exceeded for {where}. Limit: {rate:.2f} Burst: {burst}",),
    )


def quota_exceeded() -> Fault:
    """Answer a request whose key has used up what its plan gives it."""
    return Fault(
        status=429,
        response_type="QUOTA_EXCEEDED",
        error_type="LimitExceededException",
        message="Limit Exceeded",
        said=("Usage quota exceeded",),
    )


def missing_parameters(names: Sequence[str]) -> Fault:
    """Answer a request without parameters that its method requires ("Request validation for REST APIs")."""
    missing = f"Missing required request parameters: [{', '.join(names)}]"
    return Fault(
        status=400,
        response_type="BAD_REQUEST_PARAMETERS",
        error_type="BadRequestException",
        message=missing,
        said=(missing,),
        validation_error=f"[{', '.join(names)}]",
    )


def headers_too_large() -> Fault:
    """Answer a request whose line and headers are larger than 10,240 bytes together."""
    return Fault(
        status=431,
        response_type="DEFAULT_4XX",
        error_type="RequestHeaderFieldsTooLargeException",
        message="Request Header Fields Too Large",
    )
