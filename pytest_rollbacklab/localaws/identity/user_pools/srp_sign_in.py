"""The USER_SRP_AUTH flow: a handshake is begun, and ended by the proof that the client knows the password.

A user who does not exist, where that must not be told, gets a handshake like any other: the same name every time, the
same salt, and no proof that could end it (developer guide, "Managing error responses").
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.identity.user_pools import refusals
from pytest_rollbacklab.localaws.identity.user_pools.attempt import Attempt
from pytest_rollbacklab.localaws.identity.user_pools.pending import Pending
from pytest_rollbacklab.localaws.identity.user_pools.sign_in import SignIn
from pytest_rollbacklab.localaws.identity.user_pools.srp import Handshake, password_claim

__all__ = ["SrpSignIn"]

_SECRET_BLOCK_BYTES = 768
_SALT_BYTES = 16
_HEX = re.compile(r"[0-9A-Fa-f]+")
_TIMESTAMP = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d{1,2} \d{2}:\d{2}:\d{2} [A-Z]{3,4} \d{4}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Begun:
    attempt: Attempt
    user_id: str
    handshake: Handshake


class SrpSignIn:
    """Signs users in who prove their password without sending it.

    Args:
        sign_in: What follows the proof.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, sign_in: SignIn, clock: Callable[[], float]) -> None:
        self._sign_in = sign_in
        self._begun: Pending[_Begun] = Pending(clock=clock)
        self._salt_key = secrets.token_bytes(32)

    async def begin(self, attempt: Attempt, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Answer a client's ``SRP_A`` with the PASSWORD_VERIFIER challenge.

        Raises:
            ServiceError: UserNotFoundException, InvalidParameterException.
        """
        client_public = _client_public(parameters)
        user = await self._sign_in.find(attempt)
        user_id = user.username if user else _stand_in(attempt)
        try:
            handshake = Handshake.begin(
                pool_name=attempt.pool.name,
                user_id=user_id,
                password=self._sign_in.password(attempt, user),
                salt=self._salt(attempt, user_id),
                client_public=client_public,
            )
        except ValueError as error:
            raise refusals.invalid_parameter(f"SRP_A is not acceptable: {error}.") from error
        secret_block = base64.b64encode(secrets.token_bytes(_SECRET_BLOCK_BYTES)).decode()
        self._begun.put(secret_block, _Begun(attempt=attempt, user_id=user_id, handshake=handshake))
        return {
            "ChallengeName": "PASSWORD_VERIFIER",
            "ChallengeParameters": {
                "SALT": f"{handshake.salt:x}",
                "SRP_B": f"{handshake.server_public:x}",
                "SECRET_BLOCK": secret_block,
                "USERNAME": user_id,
                "USER_ID_FOR_SRP": user_id,
            },
        }

    async def finish(self, attempt: Attempt, responses: Mapping[str, str]) -> dict[str, Any]:
        """Take the proof and let the user in. A handshake is worth one proof, right or wrong.

        Raises:
            ServiceError: NotAuthorizedException, the proof is wrong; InvalidParameterException.
        """
        claim, secret_block, timestamp = (_required(responses, name) for name in _PROOF)
        if not _TIMESTAMP.fullmatch(timestamp):
            raise refusals.invalid_parameter("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
        begun = self._begun.find(secret_block)
        self._begun.drop(secret_block)
        if begun is None or not attempt.continues(begun.attempt, user_id=begun.user_id):
            raise refusals.invalid_session()
        expected = password_claim(
            begun.handshake.key(),
            pool_name=attempt.pool.name,
            user_id=begun.user_id,
            secret_block=secret_block,
            timestamp=timestamp,
        )
        user = await self._sign_in.find(begun.attempt)
        if not hmac.compare_digest(expected.encode(), claim.encode()) or user is None:
            raise refusals.wrong_password()
        return await self._sign_in.proven(begun.attempt, user)

    def _salt(self, attempt: Attempt, user_id: str) -> int:
        """Return the user's salt: the same each time, as one that is stored would be."""
        digest = hmac.digest(self._salt_key, f"{attempt.pool.pool_id}{user_id}".encode(), "sha256")
        return int.from_bytes(digest[:_SALT_BYTES])


_PROOF = ("PASSWORD_CLAIM_SIGNATURE", "PASSWORD_CLAIM_SECRET_BLOCK", "TIMESTAMP")


def _required(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name)
    if not value:
        raise refusals.missing_parameter(name)
    return value


def _client_public(parameters: Mapping[str, str]) -> int:
    sent = _required(parameters, "SRP_A")
    if not _HEX.fullmatch(sent):
        raise refusals.invalid_parameter("SRP_A is not acceptable: it is no hexadecimal number.")
    return int(sent, 16)


def _stand_in(attempt: Attempt) -> str:
    """Name a user who does not exist as one who does would be named."""
    if not attempt.pool.username_attributes:
        return attempt.called
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{attempt.pool.pool_id}/{attempt.called}"))
