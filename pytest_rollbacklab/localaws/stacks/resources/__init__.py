"""Every resource type that is emulated, by AWS's name; one module a service.

A type is added by writing its class into its service's module, naming the module here, and running
``tools/registry_schemas.py`` for its schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pytest_rollbacklab.localaws.stacks.resources import (
    apigateway,
    apigateway_methods,
    apigateway_stages,
    cloudformation,
    cloudwatch,
    cognito_identity_pools,
    cognito_user_pools,
    dynamodb,
    iam,
    lambda_,
    logs,
    s3,
)
from pytest_rollbacklab.localaws.stacks.resources.resource_type import ResourceType

__all__ = ["TYPES"]

_SERVICES: Final = (
    apigateway,
    apigateway_methods,
    apigateway_stages,
    cloudformation,
    cloudwatch,
    cognito_identity_pools,
    cognito_user_pools,
    dynamodb,
    iam,
    lambda_,
    logs,
    s3,
)

TYPES: Final[Mapping[str, ResourceType]] = {
    resource_type.type: resource_type for service in _SERVICES for resource_type in service.TYPES
}
