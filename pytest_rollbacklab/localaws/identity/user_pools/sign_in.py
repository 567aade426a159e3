"""Signing a user in: the password is compared, the user's state looked at, and moto's own flow gives the tokens.

moto signs in whom it should not (it compares no proof and confirms nobody), but its tokens are what its other
operations know, so it is asked for them only when all that AWS asks for has been shown. What AWS would demand further
and is not emulated (multi-factor codes) is refused by name and never skipped.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.user_pools import refusals
from pytest_rollbacklab.localaws.identity.user_pools.attempt import Attempt
from pytest_rollbacklab.localaws.identity.user_pools.directory import Directory, User
from pytest_rollbacklab.localaws.identity.user_pools.new_password import NewPassword

__all__ = ["SignIn"]


class SignIn:
    """Signs users in.

    Args:
        moto: Where tokens come from.
        password_of: Gives a user's password: scope, user pool id, username.
        new_password: What follows when the password must be changed.
    """

    def __init__(
        self,
        *,
        moto: Aws,
        directory: Directory,
        password_of: Callable[[Scope, str, str], str | None],
        new_password: NewPassword,
    ) -> None:
        self._moto = moto
        self._directory = directory
        self._password_of = password_of
        self._new_password = new_password

    async def find(self, attempt: Attempt) -> User | None:
        """Return the user; None for one who does not exist, where the client does not let that be told.

        Raises:
            ServiceError: UserNotFoundException.
        """
        user = await self._directory.find_user(attempt.scope, attempt.pool, attempt.called)
        if user is None and not attempt.client.hides_unknown_users:
            raise refusals.no_such_user()
        return user

    def password(self, attempt: Attempt, user: User | None) -> str:
        """Return the user's password, or, for one who has none, a text that nobody knows."""
        found = user and self._password_of(attempt.scope, attempt.pool.pool_id, user.username)
        return found or secrets.token_hex()

    async def with_password(self, attempt: Attempt, password: str) -> dict[str, Any]:
        """Sign in with a password.

        Raises:
            ServiceError: NotAuthorizedException and what else keeps the user out.
        """
        user = await self.find(attempt)
        if user is None or not hmac.compare_digest(self.password(attempt, user).encode(), password.encode()):
            raise refusals.wrong_password()
        return await self.proven(attempt, user)

    async def proven(self, attempt: Attempt, user: User) -> dict[str, Any]:
        """Let a user in whose password was proven: the tokens, or the challenge that comes first.

        Raises:
            ServiceError: the user's state, or what the pool demands besides the password.
        """
        _require_good_state(user)
        if attempt.pool.mfa == "ON":
            raise refusals.not_emulated("MfaConfiguration ON")
        name = attempt.pool.name_for_tokens(user)
        answer = await self._moto.call(
            attempt.scope,
            "cognito-idp",
            "AdminInitiateAuth",
            {
                "UserPoolId": attempt.pool.pool_id,
                "ClientId": attempt.client.client_id,
                "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
                "AuthParameters": {"USERNAME": name, "PASSWORD": self.password(attempt, user)},
            },
        )
        challenge = answer.get("ChallengeName")
        if challenge == "NEW_PASSWORD_REQUIRED":
            return self._new_password.challenge(attempt, user, answer["Session"])
        if challenge is not None:
            raise refusals.not_emulated(f"the {challenge} challenge")
        return {"ChallengeParameters": {}, "AuthenticationResult": answer["AuthenticationResult"]}


def _require_good_state(user: User) -> None:
    if not user.enabled:
        raise refusals.not_authorized("User is disabled.")
    if user.status == "UNCONFIRMED":
        raise ServiceError("UserNotConfirmedException", "User is not confirmed.")
    if user.status == "RESET_REQUIRED":
        raise ServiceError("PasswordResetRequiredException", "Password reset required for the user")
