"""API Gateway: resources and methods, for APIs that are written without a definition.

A method is put anew, whole, when anything of it changes: callers see only what is deployed, so nobody sees it missing
in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.resources.patches import lower_camel
from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Request, ResourceType, taken
from pytest_rollbacklab.localaws.stacks.templates.intrinsics import text_of

__all__ = ["TYPES"]

_METHOD: Final = (
    "ApiKeyRequired",
    "AuthorizationScopes",
    "AuthorizationType",
    "AuthorizerId",
    "OperationName",
    "RequestModels",
    "RequestParameters",
    "RequestValidatorId",
)


class Resource(ResourceType):
    type = "AWS::ApiGateway::Resource"
    emulated = frozenset({"ParentId", "PathPart", "RestApiId"})

    async def create(self, request: Request) -> Attributes:
        made = await request.call("apigateway", "CreateResource", **_camel(request.properties, sorted(self.emulated)))
        request.made(made["id"])
        return {"ResourceId": made["id"]}

    async def delete(self, request: Request) -> None:
        await request.call_if_there(
            "apigateway",
            "DeleteResource",
            restApiId=request.properties["RestApiId"],
            resourceId=request.physical_id,
        )


class Method(ResourceType):
    type = "AWS::ApiGateway::Method"
    emulated = frozenset({*_METHOD, "HttpMethod", "Integration", "MethodResponses", "ResourceId", "RestApiId"})

    async def create(self, request: Request) -> Attributes:
        target = self._target(request.properties)
        wanted = {"authorizationType": "NONE", **_camel(request.properties, _METHOD)}
        await request.call("apigateway", "PutMethod", **target, **_with_truths(wanted, "requestParameters"))
        request.made("|".join(target.values()))
        for response in request.properties.get("MethodResponses", ()):
            wanted = _with_truths(_camel(response, response), "responseParameters")
            await request.call("apigateway", "PutMethodResponse", **target, **wanted)
        await self._integrate(request, target)
        return {}

    async def update(self, request: Request) -> Attributes:
        await self.delete(request)
        await self.create(request)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there("apigateway", "DeleteMethod", **self._target(request.properties))

    async def _integrate(self, request: Request, target: Mapping[str, str]) -> None:
        integration = request.properties.get("Integration")
        if not integration:
            return
        own = _camel(integration, [name for name in integration if name != "IntegrationResponses"])
        if "tlsConfig" in own:
            own["tlsConfig"] = _camel(own["tlsConfig"], own["tlsConfig"])
        await request.call("apigateway", "PutIntegration", **target, **own)
        for response in integration.get("IntegrationResponses", ()):
            await request.call("apigateway", "PutIntegrationResponse", **target, **_camel(response, response))

    def _target(self, properties: Mapping[str, Any]) -> dict[str, str]:
        return _camel(properties, ("RestApiId", "ResourceId", "HttpMethod"))


def _camel(properties: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {lower_camel(name): value for name, value in taken(properties, names).items()}


def _with_truths(wanted: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Make truths of a method's parameters, which say whether each is required."""
    if name not in wanted:
        return dict(wanted)
    return {**wanted, name: {key: text_of(value) == "true" for key, value in wanted[name].items()}}


TYPES: Final = (Resource(), Method())
