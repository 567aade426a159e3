"""What users do with their own accounts: sign up, confirm, forget their password, change it, sign out.

moto keeps the users; what it lacks is here: codes that are sent and asked for, the pool's password policy, who may be
told what, tokens that were taken back, and Cognito's own words (API reference of each operation).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Call, Operation, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.user_pools import refusals
from pytest_rollbacklab.localaws.identity.user_pools.app_client import AppClient
from pytest_rollbacklab.localaws.identity.user_pools.codes import Codes, Purpose
from pytest_rollbacklab.localaws.identity.user_pools.directory import Directory, User, UserPool
from pytest_rollbacklab.localaws.identity.user_pools.messages import Messages, destination_of, sent_to_nobody
from pytest_rollbacklab.localaws.identity.user_pools.passwords import require_good_password

__all__ = ["Accounts"]

_WITH_ACCESS_TOKEN = ("DeleteUser", "DeleteUserAttributes", "GetUser", "GlobalSignOut", "UpdateUserAttributes")
_SIGN_UP: Purpose = "sign-up"
_FORGOTTEN: Purpose = "forgotten password"


class Accounts:
    """Users' own operations.

    Args:
        moto: Where the users are.
        directory: Reads them.
        codes: What was sent, and what was taken back.
        messages: Sends codes.
    """

    def __init__(self, *, moto: Aws, directory: Directory, codes: Codes, messages: Messages) -> None:
        self._moto, self._directory, self._codes, self._messages = moto, directory, codes, messages
        self.operations: Mapping[str, Operation] = {
            "SignUp": self._sign_up,
            "ConfirmSignUp": self._confirm_sign_up,
            "ResendConfirmationCode": self._resend,
            "ForgotPassword": self._forgot_password,
            "ConfirmForgotPassword": self._confirm_forgot_password,
            "ChangePassword": self._change_password,
            "RevokeToken": self._revoke_token,
            **dict.fromkeys(_WITH_ACCESS_TOKEN, self._with_access_token),
        }

    async def _sign_up(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool, client = await self._client_of(call.scope, params)
        require_good_password(pool.password_policy, params["Password"])
        if await self._directory.find_user(call.scope, pool, params["Username"]) is not None:
            kind = next((name for name in pool.username_attributes), None)
            told = f"An account with the given {kind} already exists." if kind else "User already exists"
            raise ServiceError("UsernameExistsException", told)
        made = await self._call(call.scope, "SignUp", params)
        user = await self._user(call.scope, pool, client, params["Username"])
        answer = {"UserConfirmed": bool(made.get("UserConfirmed")), "UserSub": made["UserSub"]}
        sent = self._send(call.scope, pool, user, pool.auto_verified, _SIGN_UP, "SignUp")
        return answer | ({"CodeDeliveryDetails": sent} if sent else {})

    async def _confirm_sign_up(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool, client = await self._client_of(call.scope, params)
        user = await self._user(call.scope, pool, client, params["Username"])
        if user.status != "UNCONFIRMED":
            raise refusals.not_authorized(f"User cannot be confirmed. Current status is {user.status}")
        self._codes.take(call.scope, pool.pool_id, user.username, _SIGN_UP, params["ConfirmationCode"])
        await self._call(call.scope, "AdminConfirmSignUp", {"UserPoolId": pool.pool_id, "Username": user.username})
        if attribute := destination_of(user.attributes, pool.auto_verified):
            await self._verify(call.scope, pool, user, attribute)
        return {}

    async def _resend(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool, client = await self._client_of(call.scope, params)
        user = await self._user(call.scope, pool, client, params["Username"])
        if user.status != "UNCONFIRMED":
            raise refusals.invalid_parameter("User is already confirmed.")
        sent = self._send(call.scope, pool, user, pool.auto_verified, _SIGN_UP, "ResendConfirmationCode")
        if sent is None:
            raise refusals.invalid_parameter("Auto verification not turned on.")
        return {"CodeDeliveryDetails": sent}

    async def _forgot_password(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool, client = await self._client_of(call.scope, params)
        if client.hides_unknown_users and await self._directory.find_user(call.scope, pool, params["Username"]) is None:
            return {"CodeDeliveryDetails": sent_to_nobody(params["Username"])}
        user = await self._user(call.scope, pool, client, params["Username"])
        if not user.enabled:
            raise refusals.not_authorized("User is disabled.")
        if user.status == "FORCE_CHANGE_PASSWORD":
            raise refusals.not_authorized("User password cannot be reset in the current state.")
        sent = self._send(call.scope, pool, user, user.verified, _FORGOTTEN, "ForgotPassword")
        if sent is None:
            raise refusals.invalid_parameter(
                "Cannot reset password for the user as there is no registered/verified email or phone_number"
            )
        return {"CodeDeliveryDetails": sent}

    async def _confirm_forgot_password(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        pool, client = await self._client_of(call.scope, params)
        user = await self._user(call.scope, pool, client, params["Username"])
        require_good_password(pool.password_policy, params["Password"])
        self._codes.take(call.scope, pool.pool_id, user.username, _FORGOTTEN, params["ConfirmationCode"])
        new = {"Password": params["Password"], "Permanent": True}
        await self._call(
            call.scope, "AdminSetUserPassword", {"UserPoolId": pool.pool_id, "Username": user.username, **new}
        )
        return {}

    async def _change_password(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        claims = self._claims(call.scope, params["AccessToken"])
        pool = await self._directory.pool(call.scope, claims["iss"].rpartition("/")[2])
        require_good_password(pool.password_policy, params["ProposedPassword"])
        try:
            return await self._call(call.scope, "ChangePassword", params)
        except ServiceError as error:
            raise refusals.wrong_password() if error.code == "NotAuthorizedException" else error from error

    async def _with_access_token(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        self._claims(call.scope, params["AccessToken"])
        try:
            return await self._call(call.scope, call.operation, params)
        except ServiceError as error:
            if error.code == "NotAuthorizedException":  # it is genuine, and moto no longer has it: it was signed out
                raise refusals.not_authorized("Access Token has been revoked") from error
            raise

    async def _revoke_token(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        _, client = await self._directory.client_of(call.scope, params["ClientId"])
        token = params["Token"]
        if client.secret is not None and params.get("ClientSecret") != client.secret:
            raise ServiceError("UnauthorizedException", "Invalid client secret.")
        if token.count(".") == 2:
            raise ServiceError("UnsupportedTokenTypeException", "Unsupported token type")
        if self._codes.is_revoked(call.scope, token):
            return {}
        parameters = {"REFRESH_TOKEN": token}
        try:
            fresh = await self._call(
                call.scope,
                "InitiateAuth",
                {"ClientId": client.client_id, "AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": parameters},
            )
        except ServiceError:
            return {}  # nobody's token, or one that was taken back: nothing is left to be done
        access = fresh["AuthenticationResult"]["AccessToken"]
        self._codes.revoke(call.scope, token)
        self._codes.revoke(call.scope, str(_read(access).get("origin_jti")))
        return {}

    def _claims(self, scope: Scope, token: str) -> Mapping[str, Any]:
        claims = _read(token)
        if claims.get("token_use") != "access":
            raise refusals.not_authorized("Invalid Access Token")
        if self._codes.is_revoked(scope, str(claims.get("origin_jti"))):
            raise refusals.not_authorized("Access Token has been revoked")
        return claims

    def _send(
        self, scope: Scope, pool: UserPool, user: User, among: tuple[str, ...], purpose: Purpose, why: str
    ) -> dict[str, str] | None:
        attribute = destination_of(user.attributes, among)
        if attribute is None:
            return None
        code = self._codes.new(scope, pool.pool_id, user.username, purpose)
        return self._messages.send(scope, pool, user, attribute, code, why)

    async def _verify(self, scope: Scope, pool: UserPool, user: User, attribute: str) -> None:
        verified = [{"Name": f"{attribute}_verified", "Value": "true"}]
        params = {"UserPoolId": pool.pool_id, "Username": user.username, "UserAttributes": verified}
        await self._call(scope, "AdminUpdateUserAttributes", params)

    async def _client_of(self, scope: Scope, params: Mapping[str, Any]) -> tuple[UserPool, AppClient]:
        pool, client = await self._directory.client_of(scope, params["ClientId"])
        sent = {"SECRET_HASH": params["SecretHash"]} if params.get("SecretHash") else {}
        client.require_secret_hash(sent, params["Username"])
        return pool, client

    async def _user(self, scope: Scope, pool: UserPool, client: AppClient, called: str) -> User:
        user = await self._directory.find_user(scope, pool, called)
        if user is None:
            if client.hides_unknown_users:
                raise ServiceError("CodeMismatchException", "Invalid verification code provided, please try again.")
            raise ServiceError("UserNotFoundException", "Username/client id combination not found.")
        return user

    async def _call(self, scope: Scope, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        return await self._moto.call(scope, "cognito-idp", operation, params)


def _read(token: str) -> Mapping[str, Any]:
    """Return a token's claims; none when it is no token. Whether it is genuine is moto's to know, by its text."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=="))
    except ValueError:
        return {}
    return claims if isinstance(claims, dict) else {}
