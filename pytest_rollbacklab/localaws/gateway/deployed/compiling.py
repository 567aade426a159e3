"""Compile an API into routes: what a deployment does, and where it is refused.

Everything that can be known before the first request is found out here: functions are named, mocks are rendered,
and what the local AWS does not emulate is refused by name, with where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pytest_rollbacklab.localaws.gateway.apis.function_uri import FunctionUri
from pytest_rollbacklab.localaws.gateway.apis.method import Integration, Method
from pytest_rollbacklab.localaws.gateway.apis.policy import compiled_policy
from pytest_rollbacklab.localaws.gateway.apis.rest_api import Resource, RestApi
from pytest_rollbacklab.localaws.gateway.deployed.authorizers import compile_authorizer
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment
from pytest_rollbacklab.localaws.gateway.deployed.integrations import (
    BrokenIntegration,
    DeployedIntegration,
    LambdaProxy,
)
from pytest_rollbacklab.localaws.gateway.deployed.media_types import BinaryMediaTypes
from pytest_rollbacklab.localaws.gateway.deployed.mocks import compile_mock
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route, Routes
from pytest_rollbacklab.localaws.gateway.deployed.url_proxies import compile_url_proxy
from pytest_rollbacklab.localaws.gateway.refusals import bad_request

__all__ = ["compile_route", "deployment_of"]

_HEADER = "integration.request.header."
_RESERVED_HEADERS = frozenset(
    {
        "authorization",
        "connection",
        "content-length",
        "expect",
        "proxy-authenticate",
        "te",
        "transfer-encoding",
        "x-amzn-apigateway-api-id",
        "x-amzn-trace-id",
    }
)
"""Mapping one of these fails each request, although AWS_PROXY applies no mapping (as recorded:
apigw-header-remapping-AWS_PROXY)."""


def deployment_of(
    api: RestApi, *, deployment_id: str, created_at: datetime, description: str | None = None
) -> Deployment:
    """Return a deployment of an API as it is now.

    Raises:
        ServiceError: the API has no methods, a method has no integration, or something of it is not emulated.
    """
    routes = [compile_route(api, resource, method) for resource, method in api.methods]
    if not routes:
        raise bad_request("The REST API doesn't contain any methods")
    return Deployment(
        id=deployment_id,
        created_at=created_at,
        description=description,
        api=api,
        routes=Routes(routes),
        binary_media_types=BinaryMediaTypes(api.binary_media_types),
        policy=compiled_policy(api.policy),
    )


def compile_route(api: RestApi, resource: Resource, method: Method) -> Route:
    """Return a method of an API, ready to answer.

    Raises:
        ServiceError: it has no integration, or something of it is not emulated.
    """
    authorizer = api.authorizers.get(method.authorizer_id or "")
    return Route(
        resource_id=resource.id,
        resource_path=resource.path,
        http_method=method.http_method,
        signed=method.authorization_type == "AWS_IAM",
        integration=_integration(resource, method),
        authorizer=None if authorizer is None else compile_authorizer(authorizer, scopes=method.authorization_scopes),
        api_key_required=method.api_key_required,
        required=tuple(_required(api, method)),
    )


def _required(api: RestApi, method: Method) -> Iterator[str]:
    validator = api.validators.get(method.request_validator_id or "")
    if validator is not None and validator.validates_parameters:
        yield from (name for name, required in method.request_parameters.items() if required)


def _integration(resource: Resource, method: Method) -> DeployedIntegration:
    integration = method.integration
    if integration is None:
        raise bad_request("No integration defined for method")
    if integration.type == "MOCK":
        return compile_mock(integration, where=f"{method.http_method} {resource.path}")
    if integration.type == "HTTP_PROXY":
        return compile_url_proxy(integration)
    return _lambda_proxy(integration)


def _lambda_proxy(integration: Integration) -> DeployedIntegration:
    if integration.http_method != "POST":
        # As recorded (apigw-proxy-non-post-integration-method): the URI is Lambda's, and Lambda is invoked by POST.
        return BrokenIntegration(reason="Unable to determine service/operation name to be authorized")
    for parameter in integration.request_parameters:
        if parameter.startswith(_HEADER) and parameter.removeprefix(_HEADER).lower() in _RESERVED_HEADERS:
            return BrokenIntegration(reason=f"{parameter.removeprefix(_HEADER)} header already present")
    assert integration.uri is not None  # PutIntegration sees to it
    return LambdaProxy(uri=FunctionUri.parse(integration.uri), timeout_s=integration.timeout_ms / 1000)
