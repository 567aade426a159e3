"""Cognito: identity pools and the roles attached to them."""

from __future__ import annotations

from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken

__all__ = ["TYPES"]

_POOL: Final = (
    "AllowClassicFlow",
    "AllowUnauthenticatedIdentities",
    "CognitoIdentityProviders",
    "DeveloperProviderName",
    "IdentityPoolTags",
    "OpenIdConnectProviderARNs",
    "SamlProviderARNs",
    "SupportedLoginProviders",
)


class IdentityPool(ResourceType):
    type = "AWS::Cognito::IdentityPool"
    emulated = frozenset({*_POOL, "IdentityPoolName"})
    _name = Name(property="IdentityPoolName", longest=128)

    async def create(self, request: Request) -> Attributes:
        # Hyphens are not allowed in a pool's name; CloudFormation's own names for it have underscores.
        name = request.properties.get("IdentityPoolName") or request.named(self._name).replace("-", "_")
        wanted = taken(request.properties, _POOL)
        made = await request.call("cognito-identity", "CreateIdentityPool", IdentityPoolName=name, **wanted)
        request.made(made["IdentityPoolId"])
        return {"Id": made["IdentityPoolId"], "Name": name}

    async def update(self, request: Request) -> Attributes:
        name = request.properties.get("IdentityPoolName", request.attributes["Name"])
        await request.call(
            "cognito-identity",
            "UpdateIdentityPool",
            IdentityPoolId=request.physical_id,
            IdentityPoolName=name,
            **taken(request.properties, _POOL),
        )
        return {**request.attributes, "Name": name}

    async def delete(self, request: Request) -> None:
        await request.call_if_there("cognito-identity", "DeleteIdentityPool", IdentityPoolId=request.physical_id)


class IdentityPoolRoleAttachment(ResourceType):
    type = "AWS::Cognito::IdentityPoolRoleAttachment"
    emulated = frozenset({"IdentityPoolId", "RoleMappings", "Roles"})
    _id = Name(property="Id", longest=128)

    async def create(self, request: Request) -> Attributes:
        attachment = request.named(self._id)
        await self._set(request)
        request.made(attachment)
        return {"Id": attachment}

    async def update(self, request: Request) -> Attributes:
        await self._set(request)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there(
            "cognito-identity",
            "SetIdentityPoolRoles",
            IdentityPoolId=request.properties["IdentityPoolId"],
            Roles={},
        )

    async def _set(self, request: Request) -> None:
        properties = request.properties
        wanted: dict[str, Any] = {"Roles": properties.get("Roles", {})}
        if "RoleMappings" in properties:
            # A mapping may be under any key when it names its provider itself.
            wanted["RoleMappings"] = {
                mapping.get("IdentityProvider", key): {
                    name: value for name, value in mapping.items() if name != "IdentityProvider"
                }
                for key, mapping in properties["RoleMappings"].items()
            }
        await request.call(
            "cognito-identity", "SetIdentityPoolRoles", IdentityPoolId=properties["IdentityPoolId"], **wanted
        )


TYPES: Final = (IdentityPool(), IdentityPoolRoleAttachment())
