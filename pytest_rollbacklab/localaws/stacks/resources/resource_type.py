"""What a resource type is: create, update and delete over its service's own API.

A type is a small stateless class. It is handed a ``Request`` with resolved properties, calls the service as boto3
would, says ``request.made(physical_id)`` as soon as there is something to be found (so that a failure after that is
rolled back by deleting it), and returns the attributes that Fn::GetAtt gives out. It knows nothing of stacks, events
or order.

Rolling back an update is another update, from what was attempted to what was there before, so every update brings
about the given properties from wherever it starts, and may be repeated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.stacks.failures import ServiceRefusalError, is_not_found
from pytest_rollbacklab.localaws.stacks.state.names import physical_name

__all__ = ["Attributes", "Name", "Request", "ResourceType", "taken"]

Attributes = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """The property that names a type's resources, and what a name may be like."""

    property: str
    longest: int
    lower_case: bool = False
    unique: bool = True
    """Whether two cannot have it at once, so that a named one cannot be replaced under its name."""


@dataclass(kw_only=True, slots=True)
class Request:
    """One thing that is asked of a resource type."""

    aws: Aws
    scope: Scope
    stack_name: str
    logical_id: str
    properties: Mapping[str, Any]
    """Resolved, and in the kinds that the registry gives them."""
    made: Callable[[str], None]
    """To be told the physical id as soon as there is something."""
    physical_id: str = ""
    """Of what is to be updated or deleted."""
    before: tuple[Mapping[str, Any], ...] = ()
    """For an update: the properties that may be in force. More than one set when an update failed half way."""
    changed: frozenset[str] = frozenset()
    """For an update: names of the properties whose value may have to change."""
    attributes: Attributes = field(default_factory=dict)
    """For an update: as they were."""
    calls: int = 0
    """How many there have been: without any, nothing can have changed."""

    async def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Call a service.

        Raises:
            ServiceRefusalError: what it answered.
        """
        self.calls += 1
        try:
            return await self.aws.call(self.scope, service, operation, parameters)
        except ServiceError as error:
            raise ServiceRefusalError(service, error) from error

    async def call_if_there(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Call a service to take something away; that it is not there any more is as good.

        Raises:
            ServiceRefusalError: any other answer.
        """
        try:
            return await self.call(service, operation, **parameters)
        except ServiceRefusalError as refusal:
            if is_not_found(refusal.error):
                return {}
            raise

    def named(self, name: Name) -> str:
        """Return the name that the template gives, or one made up as CloudFormation does."""
        given = self.properties.get(name.property)
        if given is not None:
            return str(given)
        return physical_name(self.stack_name, self.logical_id, longest=name.longest, lower_case=name.lower_case)

    def had(self, name: str) -> bool:
        """Tell whether a property may have been given before."""
        return any(name in state for state in self.before)

    def changes(self, *names: str) -> bool:
        """Tell whether one of these properties may have to change."""
        return not self.changed.isdisjoint(names)

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.scope.region}:{self.scope.account_id}:{resource}"


class ResourceType(ABC):
    """A type of AWS's; what it does not override, it has not."""

    type: ClassVar[str]
    emulated: ClassVar[frozenset[str]] = frozenset()
    """The properties that do something here. A resource with any other fails and names it."""
    not_emulated: ClassVar[frozenset[str]] = frozenset()
    """Parts of these that do nothing, as paths without list positions: ``GlobalSecondaryIndexes/WarmThroughput``."""
    name: ClassVar[Name | None] = None

    replaced_for: ClassVar[frozenset[str]] = frozenset()
    """Of the properties that need a new resource only sometimes ("conditional"): those that need one here."""

    @abstractmethod
    async def create(self, request: Request) -> Attributes:
        """Make it."""

    async def update(self, request: Request) -> Attributes:
        """Make it be as the properties say, in place."""
        return request.attributes

    @abstractmethod
    async def delete(self, request: Request) -> None:
        """Take it away; it may be gone already."""


def taken(properties: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return those of the named properties that are given."""
    return {name: properties[name] for name in names if name in properties}
