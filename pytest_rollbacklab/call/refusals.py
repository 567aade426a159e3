"""What Cognito refused, in words: what was tried, where, what AWS said, and what to do about it.

The codes are those of InitiateAuth, RespondToAuthChallenge, GetId and GetCredentialsForIdentity in the API references.
Nothing is decided here: every refusal becomes a ``SignInError``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from pytest_rollbacklab.errors import SignInError

__all__ = ["challenged", "in_words"]

_MENDS = {
    "NotAuthorizedException": "check the user's name and password, and that both pools are of the same stage",
    "UserNotFoundException": "make the user first, or check the user's name",
    "UserNotConfirmedException": "confirm the user: aws cognito-idp admin-confirm-sign-up",
    "PasswordResetRequiredException": "set a new password: aws cognito-idp admin-set-user-password --permanent",
    "InvalidPasswordException": "choose a password that the pool's policy allows",
    "InvalidParameterException": "check that the app client allows this flow (ExplicitAuthFlows) and has no secret",
    "ResourceNotFoundException": "check the ids of the pools and of the app client, and their region",
    "InvalidIdentityPoolConfigurationException": "give the identity pool a role for authenticated users",
    "TooManyRequestsException": "wait, then try again",
}
_OTHER_MEND = "check the ids of the pools and of the app client, and their region"
_CHALLENGE_MENDS = {
    "NEW_PASSWORD_REQUIRED": "set a permanent password: aws cognito-idp admin-set-user-password --permanent",
    "CUSTOM_CHALLENGE": "use an app client without Lambda challenges",
}
_MFA_MEND = "use a user without multi-factor authentication"


@contextlib.contextmanager
def in_words(tried: str, *, where: str) -> Iterator[None]:
    """Turn what AWS refuses inside the block into a SignInError.

    Args:
        tried: What follows "cannot": ``sign in ann by USER_SRP_AUTH``.
        where: Which pool, at which endpoint.

    Raises:
        SignInError: AWS refused, or did not answer.
    """
    try:
        yield
    except ClientError as error:
        said = error.response["Error"]
        code = said.get("Code", "an error without a code")
        raise SignInError(
            f"cannot {tried}: {code}: {said.get('Message', '')}",
            looked_at=where,
            mend=_MENDS.get(code, _OTHER_MEND),
        ) from error
    except BotoCoreError as error:
        raise SignInError(
            f"cannot {tried}: {error}",
            looked_at=where,
            mend="see whether the endpoint is up, and whether the region and the ids are right",
        ) from error


def challenged(username: str, challenge: object, *, where: str) -> SignInError:
    """Return the error of a sign-in that asks for more than a password."""
    return SignInError(
        f"{username} cannot sign in with a password alone: the pool asks for {challenge}",
        looked_at=where,
        mend=_CHALLENGE_MENDS.get(str(challenge), _MFA_MEND),
    )
