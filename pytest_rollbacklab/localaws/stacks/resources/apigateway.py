"""API Gateway: REST APIs, with or without a definition, and the account's setting.

A definition (``Body``, or a file in S3) is put over the API whole, with the template's name and description written
into it, which AWS lets win over the definition's own. Only deployments make any of it visible to callers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.stacks.failures import ResourceFailureError
from pytest_rollbacklab.localaws.stacks.resources.patches import Patch, escaped, lower_camel, removal, replacement
from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken
from pytest_rollbacklab.localaws.stacks.resources.tags import gone_tags, new_tags, tag_map
from pytest_rollbacklab.localaws.stacks.templates.document import load

__all__ = ["TYPES"]

# By property: the path that its patch replaces.
_SETTINGS: Final[Mapping[str, str]] = {
    "ApiKeySourceType": "/apiKeySource",
    "Description": "/description",
    "DisableExecuteApiEndpoint": "/disableExecuteApiEndpoint",
    "MinimumCompressionSize": "/minimumCompressionSize",
    "Name": "/name",
    "Policy": "/policy",
}
_DEFINITION: Final = ("Body", "BodyS3Location", "Mode", "Parameters", "FailOnWarnings")
_IN_THE_DEFINITION: Final = ("Name", "Description")


class RestApi(ResourceType):
    type = "AWS::ApiGateway::RestApi"
    emulated = frozenset({*_SETTINGS, *_DEFINITION, "BinaryMediaTypes", "CloneFrom", "EndpointConfiguration", "Tags"})

    async def create(self, request: Request) -> Attributes:
        definition = await self._definition(request)
        made = await request.call("apigateway", "CreateRestApi", **self._wanted(request, definition))
        request.made(made["id"])
        if definition is not None:
            await self._put(request, made["id"], definition)
        return {"RestApiId": made["id"], "RootResourceId": await self._root(request, made)}

    async def update(self, request: Request) -> Attributes:
        definition = await self._definition(request) if request.changes(*_DEFINITION, *_IN_THE_DEFINITION) else None
        if definition is not None:
            await self._put(request, request.physical_id, definition)
        patches = [*self._patches(request, definition), *await self._patch_by_what_there_is(request)]
        if patches:
            await request.call("apigateway", "UpdateRestApi", restApiId=request.physical_id, patchOperations=patches)
        await self._tag(request)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there("apigateway", "DeleteRestApi", restApiId=request.physical_id)

    def _wanted(self, request: Request, definition: Mapping[str, Any] | None) -> dict[str, Any]:
        properties = request.properties
        wanted = {
            lower_camel(name): value
            for name, value in taken(
                properties,
                ("Description", "BinaryMediaTypes", "CloneFrom", "DisableExecuteApiEndpoint", "MinimumCompressionSize"),
            ).items()
        }
        if "ApiKeySourceType" in properties:
            wanted["apiKeySource"] = properties["ApiKeySourceType"]
        if "EndpointConfiguration" in properties:
            endpoint = properties["EndpointConfiguration"]
            wanted["endpointConfiguration"] = {lower_camel(name): value for name, value in endpoint.items()}
        if "Policy" in properties:
            wanted["policy"] = _json(properties["Policy"])
        if properties.get("Tags"):
            wanted["tags"] = tag_map(properties["Tags"])
        return {**wanted, "name": _name(properties, definition)}

    async def _definition(self, request: Request) -> dict[str, Any] | None:
        """Return the definition with the template's name and description in it, or None when there is none."""
        properties = request.properties
        if "Body" in properties:
            body = properties["Body"]
            body = load(body) if isinstance(body, str) else body
        elif "BodyS3Location" in properties:
            body = await _from_s3(request, properties["BodyS3Location"])
        else:
            return None
        own = taken(properties, _IN_THE_DEFINITION)
        info = {**body.get("info", {}), **{{"Name": "title"}.get(name, lower_camel(name)): own[name] for name in own}}
        return {**body, "info": info}

    async def _put(self, request: Request, api_id: str, definition: Mapping[str, Any]) -> None:
        properties = request.properties
        await request.call(
            "apigateway",
            "PutRestApi",
            restApiId=api_id,
            mode=properties.get("Mode", "overwrite"),
            failOnWarnings=properties.get("FailOnWarnings", False),
            parameters=properties.get("Parameters", {}),
            body=json.dumps(definition).encode(),
        )

    async def _root(self, request: Request, made: Mapping[str, Any]) -> str:
        if "rootResourceId" in made:
            return str(made["rootResourceId"])
        found = await request.call("apigateway", "GetResources", restApiId=made["id"])
        return next(str(item["id"]) for item in found["items"] if item["path"] == "/")

    def _patches(self, request: Request, definition: Mapping[str, Any] | None) -> list[Patch]:
        properties = request.properties
        patches = []
        for name in sorted(request.changed & _SETTINGS.keys()):
            value = _name(properties, definition) if name == "Name" else properties.get(name)
            patches.append(replacement(_SETTINGS[name], _json(value) if name == "Policy" else value))
        return patches

    async def _patch_by_what_there_is(self, request: Request) -> list[Patch]:
        """Patch what is added to, taken from, or named in its own path."""
        if not request.changes("BinaryMediaTypes", "EndpointConfiguration"):
            return []
        there = await request.call("apigateway", "GetRestApi", restApiId=request.physical_id)
        patches = _media_types(request, set(there.get("binaryMediaTypes") or ()))
        wanted = request.properties.get("EndpointConfiguration", {}).get("Types", ["EDGE"])
        types = there.get("endpointConfiguration", {}).get("types", ["EDGE"])
        for old, new in zip(types, wanted, strict=False):
            if old != new:
                patches.append(replacement(f"/endpointConfiguration/types/{old}", new))
        return patches

    async def _tag(self, request: Request) -> None:
        arn = f"arn:aws:apigateway:{request.scope.region}::/restapis/{request.physical_id}"
        if tags := new_tags(request):
            await request.call("apigateway", "TagResource", resourceArn=arn, tags=tags)
        if keys := gone_tags(request):
            await request.call("apigateway", "UntagResource", resourceArn=arn, tagKeys=keys)


def _name(properties: Mapping[str, Any], definition: Mapping[str, Any] | None) -> str:
    name = properties.get("Name") or (definition or {}).get("info", {}).get("title")
    if not name:
        raise ResourceFailureError("A REST API needs a Name, or a Body whose info has a title.")
    return str(name)


def _json(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _media_types(request: Request, there: set[str]) -> list[Patch]:
    wanted = set(request.properties.get("BinaryMediaTypes", ()))
    gone = {kind for state in request.before for kind in state.get("BinaryMediaTypes", ())} - wanted
    added = [{"op": "add", "path": f"/binaryMediaTypes/{escaped(kind)}"} for kind in sorted(wanted - there)]
    return added + [removal(f"/binaryMediaTypes/{escaped(kind)}") for kind in sorted(gone & there)]


async def _from_s3(request: Request, location: Mapping[str, Any]) -> dict[str, Any]:
    version = {"VersionId": location["Version"]} if "Version" in location else {}
    found = await request.call("s3", "GetObject", Bucket=location["Bucket"], Key=location["Key"], **version)
    try:
        return load(found["Body"].decode("utf-8"))
    except (ServiceError, UnicodeDecodeError) as error:
        where = f"s3://{location['Bucket']}/{location['Key']}"
        raise ResourceFailureError(f"The definition in {where} is neither JSON nor YAML: {error}") from error


class Account(ResourceType):
    type = "AWS::ApiGateway::Account"
    emulated = frozenset({"CloudWatchRoleArn"})
    _id = Name(property="Id", longest=64)

    async def create(self, request: Request) -> Attributes:
        account = request.named(self._id)
        await self._set_role(request)
        request.made(account)
        return {"Id": account}

    async def update(self, request: Request) -> Attributes:
        await self._set_role(request)
        return request.attributes

    async def delete(self, request: Request) -> None:
        """Leave the account's setting, which other stacks' stages may lean on, as AWS does."""

    async def _set_role(self, request: Request) -> None:
        patch = replacement("/cloudwatchRoleArn", request.properties.get("CloudWatchRoleArn", ""))
        await request.call("apigateway", "UpdateAccount", patchOperations=[patch])


TYPES: Final = (RestApi(), Account())
