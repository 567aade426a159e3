"""Cognito: user pools and their clients.

The update calls of both replace the whole configuration, so each update sends all of it, changed or not, as AWS's
documentation of UpdateUserPool warns.
"""

from __future__ import annotations

from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.failures import ResourceFailureError
from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken

__all__ = ["TYPES"]

_UPDATABLE: Final = (
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "LambdaConfig",
    "MfaConfiguration",
    "Policies",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTags",
    "UserPoolTier",
    "VerificationMessageTemplate",
)
_FIXED: Final = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")


class UserPool(ResourceType):
    type = "AWS::Cognito::UserPool"
    emulated = frozenset({*_UPDATABLE, *_FIXED, "Schema", "UserPoolName"})
    _name = Name(property="UserPoolName", longest=128)

    async def create(self, request: Request) -> Attributes:
        wanted = taken(request.properties, (*_UPDATABLE, *_FIXED, "Schema"))
        made = await request.call("cognito-idp", "CreateUserPool", PoolName=request.named(self._name), **wanted)
        pool = made["UserPool"]["Id"]
        request.made(pool)
        provider = f"cognito-idp.{request.scope.region}.amazonaws.com/{pool}"
        return {
            "Arn": made["UserPool"].get("Arn", request.arn("cognito-idp", f"userpool/{pool}")),
            "ProviderName": provider,
            "ProviderURL": f"https://{provider}",
            "UserPoolId": pool,
        }

    async def update(self, request: Request) -> Attributes:
        fixed = sorted(request.changed.intersection(_FIXED))
        if fixed:
            raise ResourceFailureError(f"Invalid request provided: Updates are not allowed for property - {fixed[0]}.")
        await self._add_attributes(request)
        wanted = taken(request.properties, _UPDATABLE)
        if "UserPoolName" in request.properties:
            wanted["PoolName"] = request.properties["UserPoolName"]
        await request.call("cognito-idp", "UpdateUserPool", UserPoolId=request.physical_id, **wanted)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there("cognito-idp", "DeleteUserPool", UserPoolId=request.physical_id)

    async def _add_attributes(self, request: Request) -> None:
        """Add custom attributes; Cognito cannot take one away, so going back leaves it, as on AWS."""
        if not request.changes("Schema"):
            return
        pool = await request.call("cognito-idp", "DescribeUserPool", UserPoolId=request.physical_id)
        there = {item["Name"].removeprefix("custom:") for item in pool["UserPool"].get("SchemaAttributes", ())}
        added = [item for item in request.properties.get("Schema", ()) if item["Name"] not in there]
        if added:
            await request.call(
                "cognito-idp", "AddCustomAttributes", UserPoolId=request.physical_id, CustomAttributes=added
            )


_CLIENT: Final = (
    "AccessTokenValidity",
    "AllowedOAuthFlows",
    "AllowedOAuthFlowsUserPoolClient",
    "AllowedOAuthScopes",
    "AuthSessionValidity",
    "CallbackURLs",
    "DefaultRedirectURI",
    "EnablePropagateAdditionalUserContextData",
    "EnableTokenRevocation",
    "ExplicitAuthFlows",
    "IdTokenValidity",
    "LogoutURLs",
    "PreventUserExistenceErrors",
    "ReadAttributes",
    "RefreshTokenRotation",
    "RefreshTokenValidity",
    "SupportedIdentityProviders",
    "TokenValidityUnits",
    "WriteAttributes",
)


class UserPoolClient(ResourceType):
    type = "AWS::Cognito::UserPoolClient"
    emulated = frozenset({*_CLIENT, "ClientName", "GenerateSecret", "UserPoolId"})
    _name = Name(property="ClientName", longest=128)

    async def create(self, request: Request) -> Attributes:
        wanted = taken(request.properties, (*_CLIENT, "GenerateSecret", "UserPoolId"))
        name = request.named(self._name)
        made = await request.call("cognito-idp", "CreateUserPoolClient", ClientName=name, **wanted)
        client = made["UserPoolClient"]
        request.made(client["ClientId"])
        return _client_attributes(client)

    async def update(self, request: Request) -> Attributes:
        wanted: dict[str, Any] = taken(request.properties, (*_CLIENT, "UserPoolId"))
        wanted["ClientName"] = request.properties.get("ClientName", request.attributes["Name"])
        made = await request.call("cognito-idp", "UpdateUserPoolClient", ClientId=request.physical_id, **wanted)
        return {**request.attributes, **_client_attributes(made["UserPoolClient"])}

    async def delete(self, request: Request) -> None:
        await request.call_if_there(
            "cognito-idp",
            "DeleteUserPoolClient",
            UserPoolId=request.properties["UserPoolId"],
            ClientId=request.physical_id,
        )


def _client_attributes(client: dict[str, Any]) -> dict[str, Any]:
    attributes = {"ClientId": client["ClientId"], "Name": client["ClientName"]}
    return attributes | ({"ClientSecret": client["ClientSecret"]} if client.get("ClientSecret") else {})


TYPES: Final = (UserPool(), UserPoolClient())
