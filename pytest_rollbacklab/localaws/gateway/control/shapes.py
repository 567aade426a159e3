"""The gateway's values in AWS's shapes, without what is empty, as AWS answers them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.gateway.apis.method import Integration, IntegrationResponse, Method, MethodResponse
from pytest_rollbacklab.localaws.gateway.apis.rest_api import Resource, RestApi
from pytest_rollbacklab.localaws.gateway.apis.stage import Canary, MethodSetting, Stage
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment

__all__ = [
    "deployment_shape",
    "given",
    "integration_response_shape",
    "integration_shape",
    "method_response_shape",
    "method_shape",
    "resource_shape",
    "rest_api_shape",
    "stage_shape",
]


def rest_api_shape(api: RestApi, *, with_tags: bool = True) -> dict[str, Any]:
    """Return an API.

    Args:
        with_tags: Whether tags are told even when there are none, as they are of a single API that was there before.
    """
    shape = given(
        id=api.id,
        name=api.name,
        description=api.description,
        createdDate=api.created_at,
        version=api.version,
        binaryMediaTypes=list(api.binary_media_types),
        apiKeySource=api.api_key_source,
        endpointConfiguration={"types": [api.endpoint_type], "ipAddressType": api.ip_address_type},
        policy=_escaped(api.policy),
        tags=dict(api.tags),
        rootResourceId=api.root_resource_id,
    )
    shape["disableExecuteApiEndpoint"] = False
    return {**shape, "tags": dict(api.tags)} if with_tags else shape


def resource_shape(resource: Resource, *, with_methods: bool = False) -> dict[str, Any]:
    """Return a resource, with its methods whole or by name alone."""
    methods = {name: method_shape(method) if with_methods else {} for name, method in resource.methods.items()}
    return given(
        id=resource.id,
        parentId=resource.parent_id,
        pathPart=resource.path_part,
        path=resource.path,
        resourceMethods=methods,
    )


def method_shape(method: Method) -> dict[str, Any]:
    """Return a method with its responses and its integration."""
    shape = given(
        httpMethod=method.http_method,
        authorizationType=method.authorization_type,
        authorizerId=method.authorizer_id,
        authorizationScopes=list(method.authorization_scopes),
        requestValidatorId=method.request_validator_id,
        operationName=method.operation_name,
        requestParameters=dict(method.request_parameters),
        requestModels=dict(method.request_models),
        methodResponses={status: method_response_shape(response) for status, response in method.responses.items()},
    )
    shape["apiKeyRequired"] = method.api_key_required
    if method.integration is not None:
        shape["methodIntegration"] = integration_shape(method.integration)
    return shape


def method_response_shape(response: MethodResponse) -> dict[str, Any]:
    return given(
        statusCode=response.status_code,
        responseParameters=dict(response.response_parameters),
        responseModels=dict(response.response_models),
    )


def integration_shape(integration: Integration) -> dict[str, Any]:
    shape = given(
        type=integration.type,
        httpMethod=integration.http_method,
        uri=integration.uri,
        requestParameters=dict(integration.request_parameters),
        requestTemplates=dict(integration.request_templates),
        passthroughBehavior=integration.passthrough_behavior,
        contentHandling=integration.content_handling,
        timeoutInMillis=integration.timeout_ms,
        cacheNamespace=integration.cache_namespace,
        integrationResponses={
            status: integration_response_shape(response) for status, response in integration.responses.items()
        },
    )
    shape["cacheKeyParameters"] = list(integration.cache_key_parameters)
    return shape


def integration_response_shape(response: IntegrationResponse) -> dict[str, Any]:
    shape = given(
        statusCode=response.status_code,
        responseParameters=dict(response.response_parameters),
        responseTemplates=dict(response.response_templates),
        contentHandling=response.content_handling,
    )
    if response.selection_pattern is not None:
        shape["selectionPattern"] = response.selection_pattern
    return shape


def deployment_shape(deployment: Deployment, *, with_summary: bool = False) -> dict[str, Any]:
    """Return a deployment.

    Args:
        with_summary: Whether with the methods that it froze.
    """
    shape = given(id=deployment.id, description=deployment.description, createdDate=deployment.created_at)
    if with_summary:
        shape["apiSummary"] = {
            resource.path: {
                name: {"authorizationType": method.authorization_type, "apiKeyRequired": method.api_key_required}
                for name, method in resource.methods.items()
            }
            for resource in deployment.api.resources.values()
            if resource.methods
        }
    return shape


def stage_shape(stage: Stage) -> dict[str, Any]:
    shape = given(
        deploymentId=stage.deployment_id,
        stageName=stage.name,
        description=stage.description,
        cacheClusterStatus="NOT_AVAILABLE",
        variables=dict(stage.variables),
        documentationVersion=stage.documentation_version,
        tags=dict(stage.tags),
        createdDate=stage.created_at,
        lastUpdatedDate=stage.updated_at,
    )
    if stage.access_log is not None:
        shape["accessLogSettings"] = given(
            destinationArn=stage.access_log.destination_arn, format=stage.access_log.format
        )
    if stage.canary is not None:
        shape["canarySettings"] = canary_shape(stage.canary)
    settings = {key: _setting_shape(setting) for key, setting in stage.method_settings.items()}
    return {**shape, "cacheClusterEnabled": False, "tracingEnabled": False, "methodSettings": settings}


def canary_shape(canary: Canary) -> dict[str, Any]:
    shape = given(deploymentId=canary.deployment_id, stageVariableOverrides=dict(canary.overrides))
    return {**shape, "percentTraffic": canary.percent, "useStageCache": False}


def _escaped(policy: str | None) -> str | None:
    """Return a policy as AWS answers it: as it would stand within a JSON text."""
    return None if policy is None else json.dumps(policy)[1:-1]


def _setting_shape(setting: MethodSetting) -> Mapping[str, Any]:
    shape: dict[str, Any] = {
        "metricsEnabled": setting.metrics_enabled,
        "dataTraceEnabled": setting.data_trace_enabled,
        "throttlingBurstLimit": 5000 if setting.burst_limit is None else setting.burst_limit,
        "throttlingRateLimit": 10000.0 if setting.rate_limit is None else setting.rate_limit,
        "cachingEnabled": False,
        "cacheTtlInSeconds": 300,
        "cacheDataEncrypted": False,
        "requireAuthorizationForCacheControl": True,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    }
    return shape if setting.logging_level is None else {**shape, "loggingLevel": setting.logging_level}


def given(**members: Any) -> dict[str, Any]:
    """Return members without those that are empty."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}
