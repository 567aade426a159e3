"""Who a user of the app is: a sign-in at the user pool, and the credentials that the identity pool gives for it.

The way of every browser and phone: password -> id token -> identity id -> temporary credentials ("Accessing AWS
services using an identity pool after sign-in" of the Cognito developer guide). Signing with them is ``signing``'s
business; saying what was refused is ``refusals``'.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from botocore.exceptions import ClientError

from pytest_rollbacklab.call import srp
from pytest_rollbacklab.call.refusals import challenged, in_words

__all__ = ["Clients", "Flow", "SigningCredentials", "Tokens", "User", "create_user", "get_credentials", "sign_in"]

Flow = Literal["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]

_RENEW_BEFORE_S = 60.0


class Clients(Protocol):
    """Gives boto3 clients, as a ``Target`` does."""

    def client(self, service: str) -> Any:
        """Return the client of a service."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tokens:
    """What a user pool answers to a sign-in (JSON Web Tokens)."""

    id_token: str = field(repr=False)
    access_token: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningCredentials:
    """Temporary credentials of an identity."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)
    identity_id: str
    expires_at: datetime


def create_user(target: Clients, user_pool_id: str, username: str, password: str) -> None:
    """Make a user who can sign in at once (AdminCreateUser, AdminSetUserPassword); one who exists gets the password.

    Raises:
        SignInError: the pool refused, for instance by its password policy.
    """
    pool = target.client("cognito-idp")
    with in_words(f"make the user {username}", where=_place("user pool", user_pool_id, pool)):
        with _unless("UsernameExistsException"):
            pool.admin_create_user(UserPoolId=user_pool_id, Username=username, MessageAction="SUPPRESS")
        pool.admin_set_user_password(UserPoolId=user_pool_id, Username=username, Password=password, Permanent=True)


def sign_in(
    target: Clients,
    *,
    user_pool_id: str,
    app_client_id: str,
    username: str,
    password: str,
    flow: Flow = "USER_SRP_AUTH",
) -> Tokens:
    """Sign in with a password.

    Args:
        flow: By SRP, which proves the password without sending it, or with the password itself.

    Raises:
        SignInError: the pool refused, or asks for more than a password.
    """
    pool = target.client("cognito-idp")
    where = _place(f"app client {app_client_id} of user pool", user_pool_id, pool)
    with in_words(f"sign in {username} by {flow}", where=where):
        if flow == "USER_SRP_AUTH":
            answer = _sign_in_by_srp(pool, user_pool_id, app_client_id, username, password)
        else:
            parameters = {"USERNAME": username, "PASSWORD": password}
            answer = pool.initiate_auth(ClientId=app_client_id, AuthFlow=flow, AuthParameters=parameters)
    if "AuthenticationResult" not in answer:
        raise challenged(username, answer.get("ChallengeName"), where=where)
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


def get_credentials(target: Clients, *, identity_pool_id: str, user_pool_id: str, tokens: Tokens) -> SigningCredentials:
    """Exchange a sign-in for temporary credentials (GetId, GetCredentialsForIdentity).

    Raises:
        SignInError: the identity pool refused.
    """
    identities = target.client("cognito-identity")
    logins = {f"cognito-idp.{user_pool_id.partition('_')[0]}.amazonaws.com/{user_pool_id}": tokens.id_token}
    with in_words("get temporary credentials", where=_place("identity pool", identity_pool_id, identities)):
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
    """A signed-in user of the app, whose credentials are renewed before they end. May be shared between threads.

    Args:
        sign_in: Signs in and returns fresh credentials.
        clock: The time, epoch seconds.
    """

    def __init__(self, sign_in: Callable[[], SigningCredentials], *, clock: Callable[[], float] = time.time) -> None:
        self._sign_in, self._clock = sign_in, clock
        self._credentials: SigningCredentials | None = None
        self._lock = threading.Lock()

    def credentials(self) -> SigningCredentials:
        """Return credentials that are good for a minute at least, as far as the pool gives such.

        Raises:
            SignInError: a pool refused.
        """
        with self._lock:
            known = self._credentials
            if known is None or known.expires_at.timestamp() - self._clock() < _RENEW_BEFORE_S:
                known = self._credentials = self._sign_in()
            return known


def _place(what: str, pool_id: str, client: Any) -> str:
    return f"{what} {pool_id} at {client.meta.endpoint_url}"


@contextlib.contextmanager
def _unless(code: str) -> Iterator[None]:
    """Let one of AWS's errors pass."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"].get("Code") != code:
            raise
