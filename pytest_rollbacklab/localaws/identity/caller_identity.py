"""STS's one correction of moto: GetCallerIdentity knows the keys that are issued here.

It is how functions and drills find out which role they really run as. The rest of STS stays with moto.
"""

from __future__ import annotations

from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Call, Service
from pytest_rollbacklab.localaws.identity.credentials import CredentialStore

__all__ = ["CallerIdentity"]


class CallerIdentity:
    """STS, as far as moto is corrected.

    Args:
        moto: Answers for keys that nobody issued, an administrator's account id among them.
        credentials: The keys that were issued.
    """

    def __init__(self, *, moto: Aws, credentials: CredentialStore) -> None:
        self._moto = moto
        self._credentials = credentials
        self.service = Service(
            name="sts", operations={"GetCallerIdentity": self._get_caller_identity}, rest_on_moto=True
        )

    async def _get_caller_identity(self, call: Call, _: dict[str, Any]) -> dict[str, Any]:
        found = self._credentials.find(call.access_key)
        if found is None:
            return await self._moto.call(call.scope, "sts", "GetCallerIdentity", {})
        principal = found.principal
        return {"UserId": principal.user_id, "Account": principal.account_id, "Arn": principal.arn}
