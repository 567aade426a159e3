"""API Gateway: deployments and stages.

A deployment is a snapshot of the API as it is when the deployment is made. A stage's update sends patches for what
changed in the template and nothing else, so that what was switched on outside of the stack (access logs in the middle
of an incident) stays on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.resources.patches import Patch, escaped, lower_camel, removal, replacement
from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken
from pytest_rollbacklab.localaws.stacks.resources.tags import gone_tags, new_tags, tag_map

__all__ = ["TYPES"]

_SCALARS: Final[Mapping[str, str]] = {
    "CacheClusterEnabled": "/cacheClusterEnabled",
    "CacheClusterSize": "/cacheClusterSize",
    "ClientCertificateId": "/clientCertificateId",
    "DeploymentId": "/deploymentId",
    "Description": "/description",
    "DocumentationVersion": "/documentationVersion",
    "TracingEnabled": "/tracingEnabled",
}
_METHOD_SETTINGS: Final[Mapping[str, str]] = {
    "CacheDataEncrypted": "caching/dataEncrypted",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CachingEnabled": "caching/enabled",
    "DataTraceEnabled": "logging/dataTrace",
    "LoggingLevel": "logging/loglevel",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
}
_ACCESS_LOG: Final[Mapping[str, str]] = {
    "DestinationArn": "/accessLogSettings/destinationArn",
    "Format": "/accessLogSettings/format",
}
_CANARY: Final[Mapping[str, str]] = {
    "DeploymentId": "/canarySettings/deploymentId",
    "PercentTraffic": "/canarySettings/percentTraffic",
    "UseStageCache": "/canarySettings/useStageCache",
}
_ON_CREATION: Final = (
    "CacheClusterEnabled",
    "CacheClusterSize",
    "DeploymentId",
    "Description",
    "DocumentationVersion",
    "TracingEnabled",
    "Variables",
)


def stage_patches(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Patch]:
    """Return the patches that make a stage of the properties before one of the properties after."""
    patches = [
        replacement(path, after.get(name)) for name, path in _SCALARS.items() if before.get(name) != after.get(name)
    ]
    patches += _variables("/variables", before.get("Variables", {}), after.get("Variables", {}))
    patches += _group(_ACCESS_LOG, "/accessLogSettings", before, after, "AccessLogSetting")
    patches += _group(_CANARY, "/canarySettings", before, after, "CanarySetting")
    return patches + _method_settings(before.get("MethodSettings", ()), after.get("MethodSettings", ()))


def _variables(path: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[Patch]:
    changed = [name for name in after if before.get(name) != after[name]]
    patches = [replacement(f"{path}/{escaped(name)}", after[name]) for name in changed]
    return patches + [removal(f"{path}/{escaped(name)}") for name in before if name not in after]


def _group(
    paths: Mapping[str, str], whole: str, before: Mapping[str, Any], after: Mapping[str, Any], name: str
) -> list[Patch]:
    """Patch a group of settings that is taken away as one."""
    old, new = before.get(name, {}), after.get(name, {})
    if not new:
        return [removal(whole)] if old else []
    patches = [replacement(path, new.get(key)) for key, path in paths.items() if old.get(key) != new.get(key)]
    overrides = "StageVariableOverrides"
    return patches + _variables(f"{whole}/{lower_camel(overrides)}", old.get(overrides, {}), new.get(overrides, {}))


def _method_settings(before: Any, after: Any) -> list[Patch]:
    old = {_method_path(setting): setting for setting in before}
    new = {_method_path(setting): setting for setting in after}
    patches = [removal(path) for path in old if path not in new]
    for path, setting in new.items():
        was = old.get(path, {})
        if any(name in was and name not in setting for name in _METHOD_SETTINGS):
            patches.append(removal(path))
            was = {}
        patches += [
            replacement(f"{path}/{key}", setting[name])
            for name, key in _METHOD_SETTINGS.items()
            if name in setting and was.get(name) != setting[name]
        ]
    return patches


def _method_path(setting: Mapping[str, Any]) -> str:
    """Return ``/*/*`` or ``/~1notes~1{id}/GET``."""
    resource = setting.get("ResourcePath", "/*")
    return f"/{'*' if resource == '/*' else escaped(resource)}/{setting.get('HttpMethod', '*')}"


class Deployment(ResourceType):
    type = "AWS::ApiGateway::Deployment"
    emulated = frozenset({"DeploymentCanarySettings", "Description", "RestApiId", "StageDescription", "StageName"})

    async def create(self, request: Request) -> Attributes:
        properties = request.properties
        api = properties["RestApiId"]
        wanted = {lower_camel(name): value for name, value in taken(properties, ("Description", "StageName")).items()}
        if canary := properties.get("DeploymentCanarySettings"):
            wanted["canarySettings"] = {lower_camel(name): value for name, value in canary.items()}
        made = await request.call("apigateway", "CreateDeployment", restApiId=api, **wanted)
        request.made(made["id"])
        await self._describe_stage(request)
        return {"DeploymentId": made["id"]}

    async def update(self, request: Request) -> Attributes:
        if request.changes("Description"):
            await request.call(
                "apigateway",
                "UpdateDeployment",
                restApiId=request.properties["RestApiId"],
                deploymentId=request.physical_id,
                patchOperations=[replacement("/description", request.properties.get("Description", ""))],
            )
        await self._describe_stage(request)
        return request.attributes

    async def delete(self, request: Request) -> None:
        api, stage = request.properties["RestApiId"], request.properties.get("StageName")
        if stage:
            # The stage that the deployment made goes with it, unless it has moved on to another deployment.
            found = await request.call_if_there("apigateway", "GetStage", restApiId=api, stageName=stage)
            if found.get("deploymentId") == request.physical_id:
                await request.call_if_there("apigateway", "DeleteStage", restApiId=api, stageName=stage)
        await request.call_if_there("apigateway", "DeleteDeployment", restApiId=api, deploymentId=request.physical_id)

    async def _describe_stage(self, request: Request) -> None:
        before = [state.get("StageDescription", {}) for state in request.before] or [{}]
        after = request.properties.get("StageDescription", {})
        if any(stage_patches(state, after) for state in before):
            await _patch(request, request.properties["StageName"], before, after)


class Stage(ResourceType):
    type = "AWS::ApiGateway::Stage"
    emulated = frozenset(
        {*_SCALARS, "AccessLogSetting", "CanarySetting", "MethodSettings", "RestApiId", "StageName"}
        | {"Tags", "Variables"}
    )
    name = Name(property="StageName", longest=128, unique=False)

    async def create(self, request: Request) -> Attributes:
        properties = request.properties
        stage = request.named(self.name)
        wanted = {lower_camel(name): value for name, value in taken(properties, _ON_CREATION).items()}
        if properties.get("Tags"):
            wanted["tags"] = tag_map(properties["Tags"])
        await request.call("apigateway", "CreateStage", restApiId=properties["RestApiId"], stageName=stage, **wanted)
        request.made(stage)
        await _patch(request, stage, [taken(properties, _ON_CREATION)], properties)
        return {}

    async def update(self, request: Request) -> Attributes:
        await _patch(request, request.physical_id, request.before, request.properties)
        api = f"arn:aws:apigateway:{request.scope.region}::/restapis/{request.properties['RestApiId']}"
        arn = f"{api}/stages/{request.physical_id}"
        if tags := new_tags(request):
            await request.call("apigateway", "TagResource", resourceArn=arn, tags=tags)
        if keys := gone_tags(request):
            await request.call("apigateway", "UntagResource", resourceArn=arn, tagKeys=keys)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there(
            "apigateway",
            "DeleteStage",
            restApiId=request.properties["RestApiId"],
            stageName=request.physical_id,
        )


async def _patch(request: Request, stage: str, before: Sequence[Mapping[str, Any]], after: Mapping[str, Any]) -> None:
    target = {"restApiId": request.properties["RestApiId"], "stageName": stage}
    if len(before) == 1:
        if patches := stage_patches(before[0], after):
            await request.call("apigateway", "UpdateStage", **target, patchOperations=patches)
        return
    # It is not certain what is in force: each state's patches one by one, for what is to go may be gone.
    for patch in [patch for state in before for patch in stage_patches(state, after)]:
        call = request.call_if_there if patch["op"] == "remove" else request.call
        await call("apigateway", "UpdateStage", **target, patchOperations=[patch])


TYPES: Final = (Deployment(), Stage())
