"""Cognito user pools' corrections of moto: signing in, for users and for administrators, and users' own accounts.

What signs in finds the client and its pool, checks what the client allows, and hands over to the flow's own module.
Resources, users and groups stay with moto; what it would take and do nothing with is refused by name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Call, Scope, Service
from pytest_rollbacklab.localaws.identity.user_pools import refusals
from pytest_rollbacklab.localaws.identity.user_pools.accounts import Accounts
from pytest_rollbacklab.localaws.identity.user_pools.app_client import REFRESH_FLOWS, AppClient
from pytest_rollbacklab.localaws.identity.user_pools.attempt import Attempt
from pytest_rollbacklab.localaws.identity.user_pools.codes import Codes
from pytest_rollbacklab.localaws.identity.user_pools.directory import Directory, UserPool
from pytest_rollbacklab.localaws.identity.user_pools.messages import Messages, Send
from pytest_rollbacklab.localaws.identity.user_pools.new_password import NewPassword
from pytest_rollbacklab.localaws.identity.user_pools.options import REFUSED, refuse_pool_options
from pytest_rollbacklab.localaws.identity.user_pools.sign_in import SignIn
from pytest_rollbacklab.localaws.identity.user_pools.srp_sign_in import SrpSignIn
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper, Part

__all__ = ["UserPools"]

_ADMIN_PASSWORD_FLOWS = frozenset(("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"))
_NOT_EMULATED = frozenset(("CUSTOM_AUTH", "USER_AUTH"))
_FOR_USERS = frozenset(("USER_SRP_AUTH", "USER_PASSWORD_AUTH")) | REFRESH_FLOWS
_FOR_ADMINISTRATORS = frozenset(("USER_SRP_AUTH",)) | _ADMIN_PASSWORD_FLOWS | REFRESH_FLOWS
_FLOWS = sorted(_FOR_USERS | _FOR_ADMINISTRATORS | _NOT_EMULATED)


def _nowhere(scope: Scope, group: str, stream: str, text: str) -> None:
    """Send a message to nobody."""


class UserPools:
    """Cognito user pools, as far as moto is corrected.

    Args:
        moto: Where the pools are.
        password_of: Gives a user's password: scope, user pool id, username.
        clock: The time, epoch seconds.
        send: Writes a message to a user where it can be read.
        keeper: Hears of codes and of tokens that were taken back.
    """

    def __init__(
        self,
        *,
        moto: Aws,
        password_of: Callable[[Scope, str, str], str | None],
        clock: Callable[[], float],
        send: Send = _nowhere,
        keeper: Keeper | None = None,
    ) -> None:
        self._moto = moto
        self._codes = Codes(clock=clock, keeper=keeper or Forgetful())
        self.parts: tuple[Part, ...] = (self._codes,)
        self._directory = Directory(moto=moto)
        self._new_password = NewPassword(moto=moto, clock=clock)
        self._sign_in = SignIn(
            moto=moto, directory=self._directory, password_of=password_of, new_password=self._new_password
        )
        self._srp = SrpSignIn(sign_in=self._sign_in, clock=clock)
        accounts = Accounts(moto=moto, directory=self._directory, codes=self._codes, messages=Messages(send))
        self.service = Service(
            name="cognito-idp",
            operations={
                "InitiateAuth": self._initiate_auth,
                "AdminInitiateAuth": self._admin_initiate_auth,
                "RespondToAuthChallenge": self._respond_to_auth_challenge,
                "AdminRespondToAuthChallenge": self._respond_to_auth_challenge,
                "CreateUserPool": self._with_pool_options,
                "UpdateUserPool": self._with_pool_options,
                **accounts.operations,
                **dict.fromkeys(REFUSED, _refuse),
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
        if self._codes.is_revoked(scope, parameters["REFRESH_TOKEN"]):
            raise refusals.not_authorized("Refresh Token has been revoked")
        request = {
            "ClientId": client.client_id,
            "AuthFlow": "REFRESH_TOKEN_AUTH",
            "AuthParameters": dict(parameters),
        }
        return await self._moto.call(scope, "cognito-idp", "InitiateAuth", request)

    async def _with_pool_options(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        refuse_pool_options(params)
        return await self._moto.call(call.scope, "cognito-idp", call.operation, params)

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


def _refuse(call: Call, _: dict[str, Any]) -> dict[str, Any]:
    raise refusals.not_emulated(f"{call.operation} ({REFUSED[call.operation]})")


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
