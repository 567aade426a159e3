"""Every error that the gateway itself answers with: gateway responses, as API Gateway calls them.

Each constructor is one of them, with status, error type, and body to the byte: errors of the integration have a space
after the colon, errors before it have none (as recorded: apigw-unhandled-error-response, apigw-no-route-403 ...).
"""

from __future__ import annotations

import json

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.identity.sigv4 import Refusal

__all__ = ["Fault", "compact"]

_SERVER_ERROR = "InternalServerErrorException"
_INTERNAL = "Internal server error"


class Fault(Exception):  # noqa: N818 - a fault is what the catalogue of this field calls it
    """Why a request gets an answer of the gateway's own.

    Args:
        status: The HTTP status.
        response_type: The gateway response type, for access logs.
        error_type: ``x-amzn-ErrorType``.
        message: What the client is told, and ``$context.error.message``; None where AWS has none.
        body: The answer's body; made of the message when not given.
        integration_error: ``$context.integrationErrorMessage``; None when no integration was called.
        said: What the execution log says of it, line by line.
        validation_error: ``$context.error.validationErrorString``.
    """

    def __init__(
        self,
        *,
        status: int,
        response_type: str,
        error_type: str,
        message: str | None,
        body: bytes | None = None,
        integration_error: str | None = None,
        said: tuple[str, ...] = (),
        validation_error: str | None = None,
    ) -> None:
        self.status = status
        self.response_type = response_type
        self.error_type = error_type
        self.message = message
        self.body = compact(message=message) if body is None else body
        self.integration_error = integration_error
        self.said = said
        self.validation_error = validation_error
        super().__init__(f"{status} {response_type}: {message}")

    @classmethod
    def missing_token(cls) -> Fault:
        """Answer a request for which there is no method (as recorded: apigw-no-route-403)."""
        return cls(
            status=403,
            response_type="MISSING_AUTHENTICATION_TOKEN",
            error_type="MissingAuthenticationTokenException",
            message="Missing Authentication Token",
        )

    @classmethod
    def of_refusal(cls, refusal: Refusal) -> Fault:
        """Answer a request that is not signed, or not by whom it says (as recorded: sigv4-*)."""
        return cls(
            status=refusal.status,
            response_type=refusal.response_type,
            error_type=refusal.error_type,
            message=refusal.message,
            said=(refusal.message,),
        )

    @classmethod
    def access_denied(cls, *, caller: str, resource: str, explicitly: bool) -> Fault:
        """Answer a caller who may not call this (as recorded: iam-access-denied-signed).

        Args:
            caller: Its ARN.
            resource: The method's ARN; its account is masked.
            explicitly: Whether a policy denies it.
        """
        arn = resource.split(":", 5)
        arn[4] = f"********{arn[4][-4:]}"
        message = f"User: {caller} is not authorized to perform: execute-api:Invoke on resource: {':'.join(arn)}"
        message += " with an explicit deny" if explicitly else ""
        return cls(
            status=403,
            response_type="ACCESS_DENIED",
            error_type="AccessDeniedException",
            message=message,
            body=compact(Message=message),
            said=(message,),
        )

    @classmethod
    def forbidden(cls) -> Fault:
        """Answer a request for a stage that there is not."""
        return cls(status=403, response_type="-", error_type="ForbiddenException", message="Forbidden")

    @classmethod
    def too_large(cls) -> Fault:
        """Answer a request of more than 10 MB ("Quotas for configuring and running a REST API")."""
        return cls(
            status=413,
            response_type="REQUEST_TOO_LARGE",
            error_type="RequestTooLargeException",
            message="Request Too Long",
        )

    @classmethod
    def unsupported_media_type(cls) -> Fault:
        """Answer a request for whose content type there is no template, where there must be one."""
        return cls(
            status=415,
            response_type="UNSUPPORTED_MEDIA_TYPE",
            error_type="BadRequestException",
            message="Unsupported Media Type",
            said=("Execution failed due to configuration error: Unsupported Media Type",),
        )

    @classmethod
    def not_evaluated(cls, reason: ServiceError) -> Fault:
        """Answer a caller whose policies the local AWS cannot evaluate: neither an allow nor a deny."""
        return cls(
            status=500,
            response_type="AUTHORIZER_CONFIGURATION_ERROR",
            error_type="AuthorizerConfigurationException",
            message=reason.message,
            said=(f"Execution failed due to configuration error: {reason.message}",),
        )

    @classmethod
    def misconfigured(cls, reason: str) -> Fault:
        """Answer a request whose method is configured so that it cannot work.

        As recorded: apigw-no-permission-on-lambda, apigw-header-remapping-AWS_PROXY.
        """
        said = f"Execution failed due to configuration error: {reason}"
        return cls._internal(500, "API_CONFIGURATION_ERROR", integration_error=said, said=(said,))

    @classmethod
    def not_permitted(cls) -> Fault:
        """Answer a request whose function does not let the API invoke it (apigw-no-permission-on-lambda)."""
        return cls.misconfigured("Invalid permissions on Lambda function")

    @classmethod
    def invoke_refused(cls, error: ServiceError, *, lambda_request_id: str) -> Fault:
        """Answer a request whose function Lambda would not run, such as throttled (apigw-lambda-throttled)."""
        reason = f"Execution failed due to configuration error: {error.message}"
        said = f"Lambda invocation failed with status: {error.status}. Lambda request id: {lambda_request_id}"
        return cls._internal(500, "INTEGRATION_FAILURE", integration_error=reason, said=(said, reason))

    @classmethod
    def function_failed(cls, error_message: str, *, lambda_request_id: str) -> Fault:
        """Answer a request whose function raised, timed out or died.

        As recorded: apigw-unhandled-error-response, apigw-unhandled-error-access-log.
        """
        said = (
            f"Lambda execution failed with status 200 due to customer function error: {error_message}. "
            f"Lambda request id: {lambda_request_id}"
        )
        error = f"Lambda Customer Function Error:{error_message}"
        return cls._internal(502, "INTEGRATION_FAILURE", integration_error=error, said=(said,))

    @classmethod
    def malformed_answer(cls) -> Fault:
        """Answer a request whose function returned what is no proxy response (apigw-unhandled-error-response)."""
        said = "Execution failed due to configuration error: Malformed Lambda proxy response"
        return cls._internal(502, "INTEGRATION_FAILURE", integration_error=said, said=(said,))

    @classmethod
    def timed_out(cls) -> Fault:
        """Answer a request whose integration took too long (apigw-integration-timeout)."""
        said = "Execution failed due to a timeout error"
        return cls(
            status=504,
            response_type="INTEGRATION_TIMEOUT",
            error_type=_SERVER_ERROR,
            message="Endpoint request timed out",
            body=_spaced("Endpoint request timed out"),
            integration_error=said,
            said=(said,),
        )

    @classmethod
    def unreachable(cls) -> Fault:
        """Answer a request whose URL answers nobody, or not in HTTP."""
        said = "Execution failed due to a network error communicating with endpoint"
        message = "Network error communicating with endpoint"
        return cls(
            status=504,
            response_type="INTEGRATION_FAILURE",
            error_type=_SERVER_ERROR,
            message=message,
            body=_spaced(message),
            integration_error=said,
            said=(said,),
        )

    @classmethod
    def failed_here(cls, error: Exception) -> Fault:
        """Answer a request that the local AWS itself failed at: its own fault, and told as such."""
        message = f"the local AWS failed: {type(error).__name__}: {error}"
        return cls(
            status=500, response_type="DEFAULT_5XX", error_type="InternalFailure", message=message, said=(message,)
        )

    @classmethod
    def _internal(cls, status: int, response_type: str, *, integration_error: str, said: tuple[str, ...]) -> Fault:
        return cls(
            status=status,
            response_type=response_type,
            error_type=_SERVER_ERROR,
            message=_INTERNAL,
            body=_spaced(_INTERNAL),
            integration_error=integration_error,
            said=said,
        )


def compact(**members: str | None) -> bytes:
    """Return a body as API Gateway writes those of before the integration: without spaces."""
    return json.dumps(members, separators=(",", ":")).encode()


def _spaced(message: str) -> bytes:
    return json.dumps({"message": message}).encode()
