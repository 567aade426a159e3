"""Cognito user pools' corrections of moto: InitiateAuth and RespondToAuthChallenge, and both for administrators.

Each of the four finds the client and its pool, checks what the client allows, and hands over to the flow's own module.
Resources, users and groups stay with moto. Lambda triggers are not called.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Call, Scope, Service
from pytest_rollbacklab.localaws.identity.user_pools import refusals
from pytest_rollbacklab.localaws.identity.user_pools.app_client import REFRESH_FLOWS, AppClient
from pytest_rollbacklab.localaws.identity.user_pools.attempt import Attempt
from pytest_rollbacklab.localaws.identity.user_pools.directory import Directory, UserPool
from pytest_rollbacklab.localaws.identity.user_pools.new_password import NewPassword
from pytest_rollbacklab.localaws.identity.user_pools.sign_in import SignIn
from pytest_rollbacklab.localaws.identity.user_pools.srp_sign_in import SrpSignIn

__all__ = ["UserPools"]

_ADMIN_PASSWORD_FLOWS = frozenset(("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"))
_NOT_EMULATED = frozenset(("CUSTOM_AUTH", "USER_AUTH"))
_FOR_USERS = frozenset(("USER_SRP_AUTH", "USER_PASSWORD_AUTH")) | REFRESH_FLOWS
_FOR_ADMINISTRATORS = frozenset(("USER_SRP_AUTH",)) | _ADMIN_PASSWORD_FLOWS | REFRESH_FLOWS
_FLOWS = sorted(_FOR_USERS | _FOR_ADMINISTRATORS | _NOT_EMULATED)


class UserPools:
    """Cognito user pools, as far as moto is corrected.

    Args:
        moto: Where the pools are.
        password_of: Gives a user's password: scope, user pool id, username.
        clock: The time, epoch seconds.
    """

    def __init__(
        self,
        *,
        moto: Aws,
        password_of: Callable[[Scope, str, str], str | None],
        clock: Callable[[], float],
    ) -> None:
        self._moto = moto
        self._directory = Directory(moto=moto)
        self._new_password = NewPassword(moto=moto, clock=clock)
        self._sign_in = SignIn(
            moto=moto, directory=self._directory, password_of=password_of, new_password=self._new_password
        )
        self._srp = SrpSignIn(sign_in=self._sign_in, clock=clock)
        self.service = Service(
            name="cognito-idp",
            operations={
                "InitiateAuth": self._initiate_auth,
                "AdminInitiateAuth": self._admin_initiate_auth,
                "RespondToAuthChallenge": self._respond_to_auth_challenge,
                "AdminRespondToAuthChallenge": self._respond_to_auth_challenge,
            },
            rest_on_moto=True,
        )

    async def _initiate_auth(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._initiate(call.scope, params, _FOR_USERS)

    async def _admin_initiate_auth(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        return await self._initiate(call.scope, params, _FOR_ADMINISTRATORS)

    async def _initiate(self, scope: Scope, params: dict[str, Any], allowed: frozenset[str]) -> dict[str, Any]:
        flow = params["AuthFlow"]
        _require_emulated(flow, allowed)
        pool, client = await self._directory.client_of(scope, params["ClientId"], params.get("UserPoolId"))
        client.require_flow(flow)
        parameters: dict[str, str] = params.get("AuthParameters") or {}
        if flow in REFRESH_FLOWS:
            return await self._refresh(scope, client, parameters)
        attempt = _attempt(scope, pool, client, parameters)
        if flow == "USER_SRP_AUTH":
            return await self._srp.begin(attempt, parameters)
        return await self._with_password(attempt, parameters)

    async def _with_password(self, attempt: Attempt, parameters: Mapping[str, str]) -> dict[str, Any]:
        if not parameters.get("PASSWORD"):
            raise refusals.missing_parameter("PASSWORD")
        return await self._sign_in.with_password(attempt, parameters["PASSWORD"])

    async def _refresh(self, scope: Scope, client: AppClient, parameters: Mapping[str, str]) -> dict[str, Any]:
        if not parameters.get("REFRESH_TOKEN"):
            raise refusals.missing_parameter("REFRESH_TOKEN")
        client.require_secret_hash(parameters, None)
        request = {
            "ClientId": client.client_id,
            "AuthFlow": "REFRESH_TOKEN_AUTH",
            "AuthParameters": dict(parameters),
        }
        return await self._moto.call(scope, "cognito-idp", "InitiateAuth", request)

    async def _respond_to_auth_challenge(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool, client = await self._directory.client_of(call.scope, params["ClientId"], params.get("UserPoolId"))
        responses: dict[str, str] = params.get("ChallengeResponses") or {}
        name = params["ChallengeName"]
        answers: dict[str, Callable[[Attempt], Awaitable[dict[str, Any]]]] = {
            "PASSWORD_VERIFIER": lambda attempt: self._srp.finish(attempt, responses),
            "NEW_PASSWORD_REQUIRED": lambda attempt: self._new_password.answer(
                attempt, params.get("Session"), responses
            ),
        }
        if name not in answers:
            raise refusals.not_emulated(f"the {name} challenge")
        return await answers[name](_attempt(call.scope, pool, client, responses))


def _require_emulated(flow: str, allowed: frozenset[str]) -> None:
    if flow in _NOT_EMULATED:
        raise refusals.not_emulated(f"the flow {flow}")
    if flow not in _FLOWS:
        raise refusals.invalid_parameter(
            f"1 validation error detected: Value '{flow}' at 'authFlow' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(_FLOWS)}]"
        )
    if flow not in allowed:
        raise refusals.invalid_parameter("Initiate Auth method not supported.")


def _attempt(scope: Scope, pool: UserPool, client: AppClient, parameters: Mapping[str, str]) -> Attempt:
    called = parameters.get("USERNAME")
    if not called:
        raise refusals.missing_parameter("USERNAME")
    client.require_secret_hash(parameters, called)
    return Attempt(scope=scope, pool=pool, client=client, called=called)
