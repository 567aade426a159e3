"""Who a user of the app is: a sign-in at the user pool, and the credentials that the identity pool gives for it.

The way of every browser and phone: password -> id token -> identity id -> temporary credentials. Signing with them is
``client``'s business. A refusal says what was tried, where, and what AWS said.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pytest_rollbacklab.call import srp
from pytest_rollbacklab.errors import SignInError
from pytest_rollbacklab.target import Target

__all__ = ["Flow", "SigningCredentials", "Tokens", "User", "create_user", "get_credentials", "sign_in"]

Flow = Literal["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]

_RENEW_BEFORE_S = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """What a user pool answers to a sign-in (JSON Web Tokens)."""

    id_token: str
    access_token: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningCredentials:
    """Temporary credentials of an identity."""

    access_key_id: str
    secret_access_key: str
    session_token: str
    identity_id: str
    expires_at: datetime


def create_user(target: Target, user_pool_id: str, username: str, password: str) -> None:
    """Make a user who can sign in at once, as an administrator does; one who exists gets the password.

    Raises:
        SignInError: the pool refused, for instance by its password policy.
    """
    pool = target.client("cognito-idp")
    with _told(f"make the user {username}", user_pool_id):
        with contextlib.suppress(pool.exceptions.UsernameExistsException):
            pool.admin_create_user(UserPoolId=user_pool_id, Username=username, MessageAction="SUPPRESS")
        pool.admin_set_user_password(UserPoolId=user_pool_id, Username=username, Password=password, Permanent=True)


def sign_in(
    target: Target,
    *,
    user_pool_id: str,
    app_client_id: str,
    username: str,
    password: str,
    flow: Flow = "USER_SRP_AUTH",
) -> Tokens:
    """Sign in with a password.

    Raises:
        SignInError: the pool refused, or asks for more than a password.
    """
    pool = target.client("cognito-idp")
    with _told(f"sign in {username} by {flow}", user_pool_id):
        if flow == "USER_SRP_AUTH":
            answer = _sign_in_by_srp(pool, user_pool_id, app_client_id, username, password)
        else:
            parameters = {"USERNAME": username, "PASSWORD": password}
            answer = pool.initiate_auth(ClientId=app_client_id, AuthFlow=flow, AuthParameters=parameters)
    if "AuthenticationResult" not in answer:
        raise SignInError(
            f"{username} cannot sign in by a password alone: the pool asks for {answer.get('ChallengeName')}",
            looked_at=f"user pool {user_pool_id}",
            mend="give the user a permanent password",
        )
    result = answer["AuthenticationResult"]
    return Tokens(id_token=result["IdToken"], access_token=result["AccessToken"])


def _sign_in_by_srp(pool: Any, user_pool_id: str, app_client_id: str, username: str, password: str) -> Any:
    handshake = srp.Handshake.begin()
    challenge = pool.initiate_auth(
        ClientId=app_client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": username, "SRP_A": handshake.srp_a},
    )
    if challenge.get("ChallengeName") != "PASSWORD_VERIFIER":
        return challenge
    given = challenge["ChallengeParameters"]
    at = srp.timestamp(datetime.now(UTC))
    claim = handshake.claim(
        pool_id=user_pool_id,
        user_id=given["USER_ID_FOR_SRP"],
        password=password,
        srp_b=given["SRP_B"],
        salt=given["SALT"],
        secret_block=given["SECRET_BLOCK"],
        at=at,
    )
    return pool.respond_to_auth_challenge(
        ClientId=app_client_id,
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses={
            "USERNAME": given["USER_ID_FOR_SRP"],
            "PASSWORD_CLAIM_SECRET_BLOCK": given["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": claim,
            "TIMESTAMP": at,
        },
    )


def get_credentials(target: Target, *, identity_pool_id: str, user_pool_id: str, tokens: Tokens) -> SigningCredentials:
    """Exchange a sign-in for temporary credentials (GetId, GetCredentialsForIdentity).

    Raises:
        SignInError: the identity pool refused.
    """
    identities = target.client("cognito-identity")
    logins = {f"cognito-idp.{user_pool_id.partition('_')[0]}.amazonaws.com/{user_pool_id}": tokens.id_token}
    with _told("get credentials", identity_pool_id):
        identity_id = identities.get_id(IdentityPoolId=identity_pool_id, Logins=logins)["IdentityId"]
        given = identities.get_credentials_for_identity(IdentityId=identity_id, Logins=logins)["Credentials"]
    return SigningCredentials(
        access_key_id=given["AccessKeyId"],
        secret_access_key=given["SecretKey"],
        session_token=given["SessionToken"],
        identity_id=identity_id,
        expires_at=given["Expiration"],
    )


class User:
    """A signed-in user of the app, whose credentials are renewed before they end.

    Args:
        sign_in: Signs in and returns fresh credentials.
        clock: The time, epoch seconds.
    """

    def __init__(self, sign_in: Callable[[], SigningCredentials], *, clock: Callable[[], float] = time.time) -> None:
        self._sign_in, self._clock = sign_in, clock
        self._credentials: SigningCredentials | None = None

    def credentials(self) -> SigningCredentials:
        """Return credentials that are good for a minute at least.

        Raises:
            SignInError: a pool refused.
        """
        known = self._credentials
        if known is None or known.expires_at.timestamp() - self._clock() < _RENEW_BEFORE_S:
            known = self._credentials = self._sign_in()
        return known


class _told:  # noqa: N801 - reads as a statement
    """Turn AWS's refusal into a SignInError that says what was tried, and where."""

    def __init__(self, what: str, where: str) -> None:
        self._what, self._where = what, where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        from botocore.exceptions import ClientError

        if isinstance(error, ClientError):
            said = error.response["Error"]
            raise SignInError(
                f"cannot {self._what}: {said.get('Code')}: {said.get('Message')}",
                looked_at=self._where,
                mend="check the user's name and password, and that the pools belong to the same stage",
            ) from error
