"""Lambda: functions, versions, aliases and permissions.

A version is published when it is created, from the code that its function has by then: it refers to the function, so
the graph puts it after the function's own update. What Lambda itself does not emulate it refuses, by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.failures import ResourceFailureError
from pytest_rollbacklab.localaws.stacks.resources.inline_code import package
from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken
from pytest_rollbacklab.localaws.stacks.resources.tags import gone_tags, new_tags, tag_map

__all__ = ["TYPES"]

# Each with what it goes back to when the template no longer gives it; UpdateFunctionConfiguration would leave it.
_CONFIGURATION: Final[Mapping[str, Any]] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "FileSystemConfigs": [],
    "Handler": "",
    "ImageConfig": {},
    "KmsKeyArn": "",
    "Layers": [],
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "Role": "",
    "Runtime": "",
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
}
_WITH_CODE: Final = ("Code", "Architectures")
_ARN_PARTS_WITH_QUALIFIER: Final = 8


def _code(properties: Mapping[str, Any]) -> dict[str, Any]:
    code = properties["Code"]
    if "ZipFile" in code:
        return {"ZipFile": package(code["ZipFile"], properties.get("Runtime", ""))}
    return dict(code)


def _as_the_api_names(configuration: Mapping[str, Any]) -> dict[str, Any]:
    return {"KMSKeyArn" if name == "KmsKeyArn" else name: value for name, value in configuration.items()}


class Function(ResourceType):
    type = "AWS::Lambda::Function"
    emulated = frozenset(
        {*_CONFIGURATION, *_WITH_CODE, "FunctionName", "PackageType", "ReservedConcurrentExecutions", "Tags"}
        | {"CodeSigningConfigArn"}
    )
    name = Name(property="FunctionName", longest=64)

    async def create(self, request: Request) -> Attributes:
        name = request.named(self.name)
        properties = request.properties
        configuration = taken(properties, (*_CONFIGURATION, "Architectures", "PackageType", "CodeSigningConfigArn"))
        if properties.get("Tags"):
            configuration["Tags"] = tag_map(properties["Tags"])
        made = await request.call(
            "lambda",
            "CreateFunction",
            FunctionName=name,
            Code=_code(properties),
            **_as_the_api_names(configuration),
        )
        request.made(name)
        await self._reserve(request, name)
        return {"Arn": made["FunctionArn"]}

    async def update(self, request: Request) -> Attributes:
        name, properties = request.physical_id, request.properties
        if request.changes("CodeSigningConfigArn"):
            raise ResourceFailureError("The local AWS does not emulate a change of CodeSigningConfigArn.")
        if request.changes(*_WITH_CODE):
            architectures = taken(properties, ("Architectures",))
            if request.changes("Architectures"):
                architectures = {"Architectures": ["x86_64"], **architectures}
            await request.call("lambda", "UpdateFunctionCode", FunctionName=name, **architectures, **_code(properties))
        changed = request.changed & _CONFIGURATION.keys()
        if changed:
            wanted = {key: properties.get(key, _CONFIGURATION[key]) for key in sorted(changed)}
            await request.call("lambda", "UpdateFunctionConfiguration", FunctionName=name, **_as_the_api_names(wanted))
        if request.changes("ReservedConcurrentExecutions"):
            await self._reserve(request, name)
        await self._tag(request)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there("lambda", "DeleteFunction", FunctionName=request.physical_id)

    async def _reserve(self, request: Request, name: str) -> None:
        reserved = request.properties.get("ReservedConcurrentExecutions")
        if reserved is not None:
            await request.call(
                "lambda", "PutFunctionConcurrency", FunctionName=name, ReservedConcurrentExecutions=reserved
            )
        elif request.had("ReservedConcurrentExecutions"):
            await request.call("lambda", "DeleteFunctionConcurrency", FunctionName=name)

    async def _tag(self, request: Request) -> None:
        arn = request.attributes.get("Arn", "")
        if tags := new_tags(request):
            await request.call("lambda", "TagResource", Resource=arn, Tags=tags)
        if keys := gone_tags(request):
            await request.call("lambda", "UntagResource", Resource=arn, TagKeys=keys)


class Version(ResourceType):
    type = "AWS::Lambda::Version"
    emulated = frozenset({"FunctionName", "Description", "CodeSha256"})

    async def create(self, request: Request) -> Attributes:
        function = request.properties["FunctionName"]
        published = await request.call("lambda", "ListVersionsByFunction", FunctionName=function)
        made = await request.call(
            "lambda", "PublishVersion", **taken(request.properties, ("FunctionName", "Description", "CodeSha256"))
        )
        version = made["Version"]
        if any(version == earlier["Version"] for earlier in published.get("Versions", ())):
            # Lambda answers with the version that is there; CloudFormation makes that a failure.
            raise ResourceFailureError(
                f"A version for this Lambda function exists ( {version} ). Modify the function to create a new version."
            )
        request.made(made["FunctionArn"])
        return {"Version": version, "FunctionArn": made["FunctionArn"]}

    async def delete(self, request: Request) -> None:
        function, _, version = request.physical_id.rpartition(":")
        await request.call_if_there("lambda", "DeleteFunction", FunctionName=function, Qualifier=version)


class Alias(ResourceType):
    type = "AWS::Lambda::Alias"
    emulated = frozenset(
        {"FunctionName", "Name", "FunctionVersion", "Description", "RoutingConfig", "ProvisionedConcurrencyConfig"}
    )

    async def create(self, request: Request) -> Attributes:
        made = await request.call("lambda", "CreateAlias", **self._wanted(request))
        request.made(made["AliasArn"])
        await self._provision(request)
        return {"AliasArn": made["AliasArn"]}

    async def update(self, request: Request) -> Attributes:
        if request.changes("FunctionVersion", "Description", "RoutingConfig"):
            await request.call("lambda", "UpdateAlias", **self._wanted(request))
        if request.changes("ProvisionedConcurrencyConfig"):
            await self._provision(request)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there("lambda", "DeleteAlias", **taken(request.properties, ("FunctionName", "Name")))

    def _wanted(self, request: Request) -> dict[str, Any]:
        properties = request.properties
        weights = properties.get("RoutingConfig", {}).get("AdditionalVersionWeights", [])
        return {
            **taken(properties, ("FunctionName", "Name", "FunctionVersion")),
            "Description": properties.get("Description", ""),
            "RoutingConfig": {
                "AdditionalVersionWeights": {item["FunctionVersion"]: item["FunctionWeight"] for item in weights}
            },
        }

    async def _provision(self, request: Request) -> None:
        config = request.properties.get("ProvisionedConcurrencyConfig")
        alias = {"FunctionName": request.properties["FunctionName"], "Qualifier": request.properties["Name"]}
        if config is not None:
            await request.call("lambda", "PutProvisionedConcurrencyConfig", **alias, **config)
        elif request.had("ProvisionedConcurrencyConfig"):
            await request.call_if_there("lambda", "DeleteProvisionedConcurrencyConfig", **alias)


class Permission(ResourceType):
    type = "AWS::Lambda::Permission"
    emulated = frozenset(
        {"Action", "EventSourceToken", "FunctionName", "FunctionUrlAuthType", "InvokedViaFunctionUrl", "Principal"}
        | {"PrincipalOrgID", "SourceAccount", "SourceArn"}
    )
    _statement = Name(property="Id", longest=100)

    async def create(self, request: Request) -> Attributes:
        statement = request.named(self._statement)
        rest = taken(request.properties, sorted(self.emulated - {"FunctionName"}))
        await request.call("lambda", "AddPermission", StatementId=statement, **self._target(request), **rest)
        request.made(statement)
        return {"Id": statement}

    async def delete(self, request: Request) -> None:
        await request.call_if_there(
            "lambda", "RemovePermission", StatementId=request.physical_id, **self._target(request)
        )

    def _target(self, request: Request) -> dict[str, str]:
        """Take the qualifier out of an alias's or version's ARN: the policy is the qualifier's own."""
        function = str(request.properties["FunctionName"])
        parts = function.split(":")
        if len(parts) == _ARN_PARTS_WITH_QUALIFIER:
            return {"FunctionName": ":".join(parts[:-1]), "Qualifier": parts[-1]}
        return {"FunctionName": function}


TYPES: Final = (Function(), Version(), Alias(), Permission())
