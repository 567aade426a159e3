"""A REST API as one immutable value: its settings, and the tree of its resources.

An edit makes a new value and leaves the old one alone. That is why a deployment is a true snapshot without a copy,
and why an import that fails half-way changes nothing. What may be edited how is ``resource_tree``'s business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pytest_rollbacklab.localaws.gateway.apis.authorizer import Authorizer
from pytest_rollbacklab.localaws.gateway.apis.gateway_response import GatewayResponse
from pytest_rollbacklab.localaws.gateway.apis.method import Integration, Method
from pytest_rollbacklab.localaws.gateway.apis.validator import RequestValidator
from pytest_rollbacklab.localaws.gateway.refusals import not_found

__all__ = ["Resource", "RestApi"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A path of an API."""

    id: str
    path: str
    """From the root: ``/notes/{id}``."""
    parent_id: str | None
    """None for the root."""
    path_part: str | None
    """The last segment; None for the root."""
    methods: Mapping[str, Method] = field(default_factory=dict)
    """By HTTP method."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RestApi:
    """A REST API as it is being edited; nobody sees it before it is deployed."""

    id: str
    name: str
    created_at: datetime
    root_resource_id: str
    resources: Mapping[str, Resource]
    """By id."""
    description: str | None = None
    version: str | None = None
    binary_media_types: tuple[str, ...] = ()
    endpoint_type: str = "EDGE"
    ip_address_type: str = "ipv4"
    tags: Mapping[str, str] = field(default_factory=dict)
    api_key_source: str = "HEADER"
    """Where the key of a request is: ``HEADER``, or ``AUTHORIZER`` for what the authorizer says."""
    policy: str | None = None
    """The resource policy, every resource written in full."""
    authorizers: Mapping[str, Authorizer] = field(default_factory=dict)
    """By id."""
    validators: Mapping[str, RequestValidator] = field(default_factory=dict)
    """By id."""
    gateway_responses: Mapping[str, GatewayResponse] = field(default_factory=dict)
    """By type; those that were customised."""

    def resource(self, resource_id: str) -> Resource:
        """Return a resource.

        Raises:
            ServiceError: NotFoundException, as recorded.
        """
        resource = self.resources.get(resource_id)
        if resource is None:
            raise not_found("Invalid Resource identifier specified")
        return resource

    def method(self, resource_id: str, http_method: str) -> Method:
        """Return a method of a resource.

        Raises:
            ServiceError: NotFoundException, as recorded.
        """
        method = self.resource(resource_id).methods.get(http_method.upper())
        if method is None:
            raise not_found("Invalid Method identifier specified")
        return method

    def integration(self, resource_id: str, http_method: str) -> Integration:
        """Return a method's integration.

        Raises:
            ServiceError: NotFoundException, as recorded.
        """
        integration = self.method(resource_id, http_method).integration
        if integration is None:
            raise not_found("Invalid Integration identifier specified")
        return integration

    def authorizer(self, authorizer_id: str) -> Authorizer:
        """Return an authorizer.

        Raises:
            ServiceError: NotFoundException.
        """
        authorizer = self.authorizers.get(authorizer_id)
        if authorizer is None:
            raise not_found("Invalid Authorizer identifier specified")
        return authorizer

    def validator(self, validator_id: str) -> RequestValidator:
        """Return a request validator.

        Raises:
            ServiceError: NotFoundException.
        """
        validator = self.validators.get(validator_id)
        if validator is None:
            raise not_found("Invalid Request Validator identifier specified")
        return validator

    @property
    def methods(self) -> list[tuple[Resource, Method]]:
        """Every method, with where it is."""
        return [(resource, method) for resource in self.resources.values() for method in resource.methods.values()]

    def with_resource(self, resource: Resource) -> RestApi:
        """Return the API with a resource added, or put in the place of the one of its id."""
        return replace(self, resources={**self.resources, resource.id: resource})

    def with_method(self, resource_id: str, method: Method) -> RestApi:
        """Return the API with a method put on a resource."""
        resource = self.resource(resource_id)
        return self.with_resource(replace(resource, methods={**resource.methods, method.http_method: method}))

    def without_method(self, resource_id: str, http_method: str) -> RestApi:
        """Return the API without a method."""
        resource = self.resource(resource_id)
        methods = {name: method for name, method in resource.methods.items() if name != http_method.upper()}
        return self.with_resource(replace(resource, methods=methods))
