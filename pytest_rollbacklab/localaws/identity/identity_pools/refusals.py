"""What Cognito identity pools say when they refuse.

The sentences are AWS's as clients have reported them, but for those of ``ServerSideTokenCheck``, which nobody has.
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.api import ServiceError

__all__ = [
    "forbidden",
    "invalid_roles",
    "invalid_token",
    "no_guests",
    "no_such_identity",
    "no_such_pool",
    "not_emulated",
    "other_logins",
    "unsupported_provider",
]


def invalid_token(why: str) -> ServiceError:
    """Return the refusal of a login's token."""
    return ServiceError("NotAuthorizedException", f"Invalid login token. {why}")


def unsupported_provider() -> ServiceError:
    """Return the refusal of a token from a user pool or app client that the identity pool does not name."""
    return ServiceError("NotAuthorizedException", "Token is not from a supported provider of this identity pool.")


def other_logins() -> ServiceError:
    """Return the refusal of logins that belong to another identity."""
    return ServiceError(
        "NotAuthorizedException",
        "Logins don't match. Please include at least one valid login for this identity or identity pool.",
    )


def forbidden(identity_id: str) -> ServiceError:
    """Return the refusal of somebody without a login who asks for an identity that has one."""
    return ServiceError("NotAuthorizedException", f"Access to Identity '{identity_id}' is forbidden.")


def no_guests() -> ServiceError:
    """Return the refusal of a guest, where the pool takes none."""
    return ServiceError("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")


def no_such_identity(identity_id: str) -> ServiceError:
    """Return the refusal of an identity id."""
    return ServiceError("ResourceNotFoundException", f"Identity '{identity_id}' not found.")


def no_such_pool(pool_id: str) -> ServiceError:
    """Return the refusal of an identity pool id."""
    return ServiceError("ResourceNotFoundException", f"IdentityPool '{pool_id}' not found.")


def invalid_roles() -> ServiceError:
    """Return the refusal of roles that the pool lacks, that do not exist, or that do not trust it."""
    return ServiceError(
        "InvalidIdentityPoolConfigurationException",
        "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
    )


def not_emulated(what: str) -> ServiceError:
    """Return the refusal of what Cognito has and the local AWS has not."""
    return ServiceError("NotImplemented", f"the local AWS does not emulate {what} of Cognito identity pools", 501)
