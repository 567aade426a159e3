"""An attempt to sign in: who, and where. What the steps of a flow hand to each other."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.identity.user_pools.app_client import AppClient
from pytest_rollbacklab.localaws.identity.user_pools.directory import UserPool

__all__ = ["Attempt"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """Somebody who wants to sign in, and where."""

    scope: Scope
    pool: UserPool
    client: AppClient
    called: str
    """The user name as it was sent."""

    def continues(self, earlier: Attempt, *, user_id: str) -> bool:
        """Tell whether this is the answer to a challenge that an earlier call was given.

        Clients name the user as they did before, or as the challenge did.
        """
        return (
            self.scope == earlier.scope
            and self.client.client_id == earlier.client.client_id
            and self.called in (earlier.called, user_id)
        )
