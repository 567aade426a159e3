"""The parts of the local AWS, made and wired: the one place where concrete classes meet."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Scope, Service
from pytest_rollbacklab.localaws.front_door import ApiCall, FrontDoor
from pytest_rollbacklab.localaws.gateway.gateway import Gateway
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.identity.api_calls.gate import Gate
from pytest_rollbacklab.localaws.identity.credentials import Credentials, CredentialStore, Principal
from pytest_rollbacklab.localaws.identity.policies import Policies
from pytest_rollbacklab.localaws.identity.service import Identity
from pytest_rollbacklab.localaws.journal.answers import keep_first
from pytest_rollbacklab.localaws.journal.journal import Journal
from pytest_rollbacklab.localaws.keeping import Forgetful, Part
from pytest_rollbacklab.localaws.lambdas.lambdas import Lambdas
from pytest_rollbacklab.localaws.moto_seam import backends, owners, wire
from pytest_rollbacklab.localaws.moto_seam.client import MotoClient
from pytest_rollbacklab.localaws.stacks.service import Stacks
from pytest_rollbacklab.localaws.telemetry import Telemetry
from pytest_rollbacklab.localaws.telemetry.delays import AT_ONCE, Delays

__all__ = ["Cloud"]


class Cloud:
    """The local AWS, but for the port it listens on.

    Args:
        endpoint: The URL under which it answers; functions are told it.
        journal: Keeps what is in it; None when nothing is kept.
        strict_iam: Whether a key that nobody issued is refused; else it is an administrator's.
        delays: How long it takes until metrics and logs can be read.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        journal: Journal | None = None,
        strict_iam: bool = False,
        delays: Delays = AT_ONCE,
    ) -> None:
        self._endpoint = endpoint
        self._journal = journal
        keeper = journal or Forgetful()
        moto, moto_parts = _moto(journal)
        telemetry = self._telemetry = Telemetry(keeper=keeper, delays=delays)
        credentials = CredentialStore(lookup=_issued_by_moto, keeper=keeper)
        policies = Policies(aws=self)
        self._lambdas = Lambdas(
            aws=self,
            telemetry=telemetry,
            credentials=credentials,
            endpoint=lambda: endpoint,
            keeper=keeper,
            keys=credentials,
            policies=policies,
        )
        self._gateway = Gateway(
            aws=self,
            lambdas=self._lambdas,
            telemetry=telemetry,
            credentials=credentials,
            policies=policies,
            endpoint=lambda: endpoint,
            jwks_of=backends.jwks_of,
            keeper=keeper,
        )
        self._stacks = Stacks(aws=self, keeper=keeper)
        self._identity = Identity(
            aws=self,
            moto=moto,
            credentials=credentials,
            password_of=backends.password_of,
            jwks_of=backends.jwks_of,
            send=lambda scope, group, stream, text: telemetry.logs.append(scope, group, stream, [text]),
            keeper=keeper,
        )
        self._parts: tuple[Part, ...] = (
            *moto_parts,
            credentials,
            *self._identity.parts,
            *telemetry.parts,
            *self._lambdas.parts,
            *self._gateway.parts,
            *self._stacks.parts,
        )
        self.services: tuple[Service, ...] = (
            *telemetry.services,
            *self._identity.services,
            self._lambdas.service,
            self._gateway.service,
            self._stacks.service,
        )
        self.front_door = FrontDoor(
            services=self.services,
            invoke_api=self._invoke_api,
            function_code=self._lambdas.code,
            function_url=self._lambdas.answer_url,
            account_of=lambda key: found.principal.account_id if (found := credentials.find(key)) else None,
            owner_of=self._owner_of,
            on_iam_write=policies.forget,
            gate=Gate(aws=self, credentials=credentials, policies=policies, read=_read, strict=strict_iam),
            moto=moto,
        )
        self.answer = self.front_door.answer if journal is None else keep_first(self.front_door.answer, journal)

    async def start(self) -> None:
        """Put back what was kept, and start what has to run before the first request.

        Raises:
            StateError: what was kept cannot be read.
        """
        if self._journal is not None:
            self._journal.restore(self._parts)
        await self._lambdas.start()
        self._telemetry.start(aws=self, permits=self._lambdas.permits)
        await self._stacks.resume()

    async def close(self) -> None:
        """End everything; no process is left."""
        await self._stacks.close()
        await self._telemetry.close()
        await self._gateway.close()
        await self._lambdas.close()
        if self._journal is not None:
            self._journal.close()

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call any service in process, as ``api.Aws`` says."""
        return await self.front_door.call(scope, service, operation, params)

    async def _invoke_api(self, request: HttpRequest, call: ApiCall) -> HttpResponse:
        return await self._gateway.handle(request, api_id=call.api_id, stage=call.stage, path=call.path)

    def _owner_of(self, params: Mapping[str, Any]) -> Scope | None:
        """Tell whose an unsigned Cognito call is, by what it names; what is no text names nobody."""
        named = {name: value for name, value in params.items() if isinstance(value, str)}
        if client_id := named.get("ClientId"):
            return owners.scope_of_user_pool_client(client_id)
        if pool_id := named.get("UserPoolId") or _pool_of_token(named.get("AccessToken", "")):
            return owners.scope_of_user_pool(pool_id)
        if pool_id := named.get("IdentityPoolId"):
            return owners.scope_of_identity_pool(pool_id)
        identity_id = named.get("IdentityId")
        return self._identity.scope_of(identity_id) if identity_id else None


def _moto(journal: Journal | None) -> tuple[MotoClient, tuple[Part, ...]]:
    if journal is None:
        return MotoClient(), ()
    from pytest_rollbacklab.localaws.moto_seam.state import KeptMoto  # it loads services that may never be called

    kept = KeptMoto(journal)
    return MotoClient(kept.dispatch), kept.parts


def _read(request: HttpRequest, service: str) -> tuple[str, Mapping[str, Any]]:
    parsed = wire.parse(request, service)
    return parsed.operation, parsed.params


def _issued_by_moto(access_key_id: str) -> Credentials | None:
    key = owners.find_access_key(access_key_id)
    if key is None:
        return None
    return Credentials(
        access_key_id=key.access_key_id,
        secret_access_key=key.secret_access_key,
        session_token=key.session_token,
        expires_at=key.expires_at,
        principal=Principal(
            arn=key.principal_arn,
            account_id=key.account_id,
            user_id=key.user_id,
            role_arn=key.role_arn,
            session_policy=key.session_policy,
        ),
    )


def _pool_of_token(token: str) -> str | None:
    """Read the user pool from an access token's issuer. Whether the token is genuine is the pool's to say."""
    claims = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        issuer = json.loads(base64.urlsafe_b64decode(claims + "=="))["iss"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
    return str(issuer).rpartition("/")[2]
