"""What Cognito user pools say when they refuse, each sentence in one place because several operations share it.

Sources: the Cognito API reference for the codes; the sentences as clients have reported them.
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = [
    "invalid_parameter",
    "invalid_session",
    "missing_parameter",
    "no_such_client",
    "no_such_user",
    "not_authorized",
    "not_emulated",
    "wrong_password",
]


def not_authorized(message: str) -> ServiceError:
    """Return the refusal of somebody who is not let in."""
    return ServiceError("NotAuthorizedException", message)


def wrong_password() -> ServiceError:
    """Return the refusal of a password; also of an unknown user, where that must not be told."""
    return not_authorized("Incorrect username or password.")


def invalid_session() -> ServiceError:
    """Return the refusal of an answer to a challenge that is unknown, answered or too old."""
    return not_authorized("Invalid session for the user.")


def no_such_user() -> ServiceError:
    """Return the refusal of a user name."""
    return ServiceError("UserNotFoundException", "User does not exist.")


def no_such_client(client_id: str) -> ServiceError:
    """Return the refusal of an app client id."""
    return ServiceError("ResourceNotFoundException", f"User pool client {client_id} does not exist.")


def invalid_parameter(message: str) -> ServiceError:
    """Return the refusal of a parameter's value."""
    return ServiceError("InvalidParameterException", message)


def missing_parameter(name: str) -> ServiceError:
    """Return the refusal of a call that lacks a parameter."""
    return invalid_parameter(f"Missing required parameter {name}")


def not_emulated(what: str) -> ServiceError:
    """Return the refusal of what Cognito has and the local AWS has not."""
    return ServiceError("NotImplemented", f"the local AWS does not emulate {what} of Cognito user pools", 501)
