"""Who calls: temporary credentials that are issued here, and the principal that an access key stands for.

Keys that only look random would let callers be mistaken for each other, so every issue is a new key, bound to one
session of one role, and it ends: an expired key is still known here, so that it can be refused as expired and not as
unknown. Keys that moto issued (STS, IAM users) are found through a lookup given at construction. This says who a key
belongs to; what they may do is ``policies``' business, and whether they signed is ``sigv4``'s.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper

__all__ = ["CognitoCaller", "CredentialStore", "Credentials", "Principal", "name_in"]

# How AWS's own session tokens begin: base64 of a length byte and "origin_ec".
_TOKEN_START = "IQoJb3JpZ2luX2Vj"  # noqa: S105 - not a secret
_TOKEN_BYTES = 405

_REMEMBERED_S = 24 * 3600.0
"""How long an expired key is known for one, once it was written down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CognitoCaller:
    """The identity that an identity pool gave credentials to, in the words of API Gateway's ``identity`` block."""

    identity_id: str
    """``REGION:uuid``."""
    identity_pool_id: str
    authentication_type: Literal["authenticated", "unauthenticated"]
    provider: str | None
    """``cognitoAuthenticationProvider``: ``NAME,NAME:CognitoSignIn:SUB``, where NAME is the user pool's
    ``cognito-idp.REGION.amazonaws.com/POOL``; None for a guest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """Whom a key stands for: a session of a role, or an IAM user."""

    arn: str
    """``userArn``: ``arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`` or ``arn:aws:iam::ACCOUNT:user/NAME``."""
    account_id: str
    user_id: str
    """``AROA...:SESSION`` or ``AIDA...``."""
    role_arn: str | None = None
    """The role that was assumed, path included; None for a user."""
    cognito: CognitoCaller | None = None
    session_policy: str | None = None
    """The document that a session was begun with: it may do no more than that allows, too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """An access key with all that is known of it."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None
    """What must come with the key; None for a user's long-term key."""
    expires_at: float | None
    """Epoch seconds; None for a key that does not end."""
    principal: Principal

    def expired(self, now: float) -> bool:
        """Tell whether the key has ended at ``now`` (epoch seconds)."""
        return self.expires_at is not None and now >= self.expires_at


class CredentialStore:
    """The keys of the local AWS: a ``keeping.Part``, each key an event of its account.

    Args:
        lookup: Gives the credentials of a key that was not issued here; None when nobody knows it.
        clock: The time, epoch seconds.
        keeper: Hears of every key.
    """

    name = "credentials"

    def __init__(
        self,
        *,
        lookup: Callable[[str], Credentials | None] | None = None,
        clock: Callable[[], float] = time.time,
        keeper: Keeper | None = None,
    ) -> None:
        self._lookup = lookup
        self._clock = clock
        self._keeper = keeper or Forgetful()
        self._issued: dict[str, Credentials] = {}

    def issue(
        self,
        scope: Scope,
        *,
        role_arn: str,
        session_name: str,
        duration_s: float,
        cognito: CognitoCaller | None = None,
        role_id: str | None = None,
    ) -> Credentials:
        """Issue a new key for a session of a role, in AWS's formats (IAM user guide, "IAM identifiers").

        Args:
            scope: The account whose session it is.
            duration_s: How long the key is good for, from now.
            cognito: The identity, when an identity pool asks.
            role_id: The role's unique id (``AROA...``, IAM GetRole's RoleId); made of the ARN when not given.
        """
        principal = Principal(
            arn=f"arn:aws:sts::{scope.account_id}:assumed-role/{name_in(role_arn)}/{session_name}",
            account_id=scope.account_id,
            user_id=f"{role_id or _role_id(role_arn)}:{session_name}",
            role_arn=role_arn,
            cognito=cognito,
        )
        credentials = Credentials(
            access_key_id="ASIA" + _base32(secrets.token_bytes(10)),
            secret_access_key=base64.b64encode(secrets.token_bytes(30)).decode(),
            session_token=_TOKEN_START + base64.b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode(),
            expires_at=self._clock() + duration_s,
            principal=principal,
        )
        self._issued[credentials.access_key_id] = credentials
        self._keeper.happened(self, replace(scope, region=""), "", credentials)
        return credentials

    def find(self, access_key_id: str) -> Credentials | None:
        """Return the key, expired or not; None when nobody issued it."""
        issued = self._issued.get(access_key_id)
        if issued is None and self._lookup is not None:
            return self._lookup(access_key_id)
        return issued

    def dump(self, scope: Scope, key: str) -> object | None:  # noqa: ARG002 - a Part's form
        """Return an account's keys, but for those that expired long ago."""
        since = self._clock() - _REMEMBERED_S
        issued = (one for one in self._issued.values() if one.principal.account_id == scope.account_id)
        return tuple(one for one in issued if not one.expired(since)) or None

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put back an account's keys."""
        self._issued.update({one.access_key_id: one for one in (*(state or ()), *events)})


def name_in(arn: str) -> str:
    """Return the name of a role or user, without the path that its ARN may carry."""
    return arn.rpartition("/")[2]


def _role_id(role_arn: str) -> str:
    return "AROA" + _base32(hashlib.sha256(role_arn.encode()).digest())[:17]


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")
