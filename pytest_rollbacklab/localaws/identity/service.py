"""Identity as services: Cognito's two and STS, each correcting moto where moto would let anybody in.

moto keeps the resources and answers whatever is not corrected. It is given twice: ``aws`` is every service with the
corrections, ``moto`` is what lies beneath them, or a correction would call itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, Service
from pytest_rollbacklab.localaws.identity.caller_identity import CallerIdentity
from pytest_rollbacklab.localaws.identity.credentials import CredentialStore
from pytest_rollbacklab.localaws.identity.identity_pools.service import IdentityPools
from pytest_rollbacklab.localaws.identity.user_pools.messages import Send
from pytest_rollbacklab.localaws.identity.user_pools.service import UserPools
from pytest_rollbacklab.localaws.keeping import Keeper

__all__ = ["Identity"]


class Identity:
    """Sign-in and identities.

    Args:
        aws: Every service.
        moto: What lies beneath the services that are corrected here.
        credentials: Where keys are issued.
        password_of: Gives a user's password: scope, user pool id, username.
        jwks_of: Gives a user pool's public keys, a JSON Web Key Set: scope, user pool id.
        clock: The time, epoch seconds.
        send: Writes a message to a user into a log group; None when messages are not to be read.
        keeper: Hears of every change. Challenges that wait for their answer are not kept: a sign-in begins again.
    """

    def __init__(
        self,
        *,
        aws: Aws,
        moto: Aws,
        credentials: CredentialStore,
        password_of: Callable[[Scope, str, str], str | None],
        jwks_of: Callable[[Scope, str], Mapping[str, Any]],
        clock: Callable[[], float] = time.time,
        send: Send | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._identity_pools = IdentityPools(
            aws=aws, moto=moto, credentials=credentials, jwks_of=jwks_of, clock=clock, keeper=keeper
        )
        sending = {} if send is None else {"send": send}
        user_pools = UserPools(moto=moto, password_of=password_of, clock=clock, keeper=keeper, **sending)
        self.parts = (*self._identity_pools.parts, *user_pools.parts)
        self.services: tuple[Service, ...] = (
            user_pools.service,
            self._identity_pools.service,
            CallerIdentity(moto=moto, credentials=credentials).service,
        )

    def scope_of(self, identity_id: str) -> Scope | None:
        """Tell whose an identity of an identity pool is; None when there is no such identity."""
        return self._identity_pools.scope_of(identity_id)
