"""The NEW_PASSWORD_REQUIRED challenge: a user whom an administrator made chooses a password of their own.

moto keeps the session and sets the password; what it lacks is here: that the session belongs to this user and client,
what the challenge tells of the user's attributes, and that attributes which the pool requires are given
(API reference, RespondToAuthChallenge).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_rollbacklab.localaws.api import Aws
from pytest_rollbacklab.localaws.identity.user_pools import refusals
from pytest_rollbacklab.localaws.identity.user_pools.attempt import Attempt
from pytest_rollbacklab.localaws.identity.user_pools.directory import User
from pytest_rollbacklab.localaws.identity.user_pools.pending import Pending

__all__ = ["NewPassword"]

_PREFIX = "userAttributes."


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    attempt: Attempt
    user: User
    missing: tuple[str, ...]


class NewPassword:
    """Asks for new passwords and takes them.

    Args:
        moto: Where passwords are set.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, moto: Aws, clock: Callable[[], float]) -> None:
        self._moto = moto
        self._asked: Pending[_Asked] = Pending(clock=clock)

    def challenge(self, attempt: Attempt, user: User, session: str) -> dict[str, Any]:
        """Ask a user for a new password, under a session that moto opened."""
        missing = tuple(name for name in attempt.pool.required_attributes if name not in user.attributes)
        self._asked.put(session, _Asked(attempt=attempt, user=user, missing=missing))
        return {
            "ChallengeName": "NEW_PASSWORD_REQUIRED",
            "Session": session,
            "ChallengeParameters": {
                "USER_ID_FOR_SRP": user.username,
                "requiredAttributes": json.dumps([_PREFIX + name for name in missing]),
                "userAttributes": json.dumps({name: value for name, value in user.attributes.items() if name != "sub"}),
            },
        }

    async def answer(self, attempt: Attempt, session: str | None, responses: Mapping[str, str]) -> dict[str, Any]:
        """Take the new password and sign the user in.

        Raises:
            ServiceError: NotAuthorizedException, the session is none of this user's; InvalidPasswordException,
                InvalidParameterException.
        """
        asked = self._asked.find(session) if session else None
        if session is None or asked is None or not attempt.continues(asked.attempt, user_id=asked.user.username):
            raise refusals.invalid_session()
        password = responses.get("NEW_PASSWORD")
        if not password:
            raise refusals.missing_parameter("NEW_PASSWORD")
        user = await self._set_attributes(asked, responses)
        answer = await self._moto.call(
            attempt.scope,
            "cognito-idp",
            "RespondToAuthChallenge",
            {
                "ClientId": attempt.client.client_id,
                "ChallengeName": "NEW_PASSWORD_REQUIRED",
                "Session": session,
                "ChallengeResponses": {
                    "USERNAME": attempt.pool.name_for_tokens(user),
                    "NEW_PASSWORD": password,
                },
            },
        )
        self._asked.drop(session)
        return {"ChallengeParameters": {}, "AuthenticationResult": answer["AuthenticationResult"]}

    async def _set_attributes(self, asked: _Asked, responses: Mapping[str, str]) -> User:
        given = {name.removeprefix(_PREFIX): value for name, value in responses.items() if name.startswith(_PREFIX)}
        missing = [name for name in asked.missing if not given.get(name)]
        if missing:
            raise refusals.invalid_parameter(f"Invalid attributes given, {', '.join(missing)} is missing")
        if given:
            await self._moto.call(
                asked.attempt.scope,
                "cognito-idp",
                "AdminUpdateUserAttributes",
                {
                    "UserPoolId": asked.attempt.pool.pool_id,
                    "Username": asked.user.username,
                    "UserAttributes": [{"Name": name, "Value": value} for name, value in given.items()],
                },
            )
        return replace(asked.user, attributes={**asked.user.attributes, **given})
