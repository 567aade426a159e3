"""What a service answers when IAM does not allow a call, in each one's code and words.

"Troubleshoot access denied error messages" of the IAM user guide gives the sentence; codes and statuses are those that
the services' own references name, and SQS and SNS spell actions their own way, as their users' reports show.
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.identity.api_calls.asked import Asked
from pytest_rollbacklab.localaws.identity.credentials import Principal
from pytest_rollbacklab.localaws.identity.policy_evaluation import Decision

__all__ = ["access_denied", "expired_token", "unknown_token"]

_CODES = {"sns": "AuthorizationError", "ec2": "UnauthorizedOperation"}
_BY_PROTOCOL = {"json": ("AccessDeniedException", 400), "rest-json": ("AccessDeniedException", 403)}
_WITHOUT_RESOURCE = ("cloudwatch",)
"""Services whose sentence does not name a resource where the action has none."""


def access_denied(principal: Principal, asked: Asked, decision: Decision, *, protocol: str) -> ServiceError:
    """Return the refusal of an action.

    Args:
        protocol: In which the call was made: ``json``, ``rest-json``, ``query``, ``rest-xml``, ``cbor``.
    """
    service = asked.action.partition(":")[0]
    code, status = _BY_PROTOCOL.get(protocol, ("AccessDenied", 403))
    action = _spelled(service, asked.action)
    resource = asked.resource or "*"
    on = f' on resource: "{resource}"' if service == "s3" else f" on resource: {resource}"
    if resource == "*" and service in _WITHOUT_RESOURCE:
        on = ""
    because = decision.because.format(action=action)
    message = f"User: {principal.arn} is not authorized to perform: {action}{on} {because}".rstrip()
    return ServiceError(_CODES.get(service, code), message, status)


def expired_token(*, protocol: str) -> ServiceError:
    """Return the refusal of a key that has ended."""
    code = "ExpiredTokenException" if "json" in protocol else "ExpiredToken"
    return ServiceError(
        code, "The security token included in the request is expired", 400 if protocol == "json" else 403
    )


def unknown_token(*, protocol: str) -> ServiceError:
    """Return the refusal of a key that nobody issued, or of a call that is not signed."""
    code = "UnrecognizedClientException" if "json" in protocol else "InvalidClientTokenId"
    return ServiceError(
        code, "The security token included in the request is invalid.", 400 if protocol == "json" else 403
    )


def _spelled(service: str, action: str) -> str:
    if service == "sqs":
        return action.lower()
    return action.replace("sns:", "SNS:") if service == "sns" else action
