"""The properties that a resource is to have, resolved and checked against its type.

CloudFormation checks a resource's properties when its turn comes, not when the template is handed in; what is wrong is
the resource's failure, and rolls back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_rollbacklab.localaws.stacks.failures import ResourceFailureError
from pytest_rollbacklab.localaws.stacks.registry import Schema, schema_of
from pytest_rollbacklab.localaws.stacks.resources import TYPES
from pytest_rollbacklab.localaws.stacks.resources.resource_type import ResourceType
from pytest_rollbacklab.localaws.stacks.templates.evaluation import Evaluator
from pytest_rollbacklab.localaws.stacks.templates.template import ResourceDefinition

__all__ = ["desired", "differing", "with_stack_tags"]


def desired(definition: ResourceDefinition, evaluator: Evaluator, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return a resource's properties as its type is to bring them about.

    Args:
        tags: The stack's own, which go to every resource that takes tags.

    Raises:
        ResourceFailureError: the type, or one of the properties, is not emulated or not AWS's.
        ServiceError: an expression does not evaluate.
    """
    resource_type, schema = TYPES.get(definition.type), schema_of(definition.type)
    if resource_type is None or schema is None:
        raise ResourceFailureError(f"The local AWS does not emulate resources of the type {definition.type}.")
    evaluated = evaluator.evaluate(definition.properties)
    properties, complaints = schema.fit(with_stack_tags(evaluated, schema, tags))
    if complaints:
        listed = "\n".join(complaints)
        raise ResourceFailureError(
            f"Properties validation failed for resource {definition.logical_id} with message:\n{listed}"
        )
    _refuse_not_emulated(resource_type, properties)
    return properties


def with_stack_tags(properties: Mapping[str, Any], schema: Schema, tags: Mapping[str, str]) -> Mapping[str, Any]:
    """Add the stack's tags to the property that holds a resource's, if there is one; the resource's own win."""
    name = schema.tags
    if not name or not tags:
        return properties
    own = properties.get(name, {} if schema.tags_are_a_map else [])
    if isinstance(own, Mapping):
        return {**properties, name: {**tags, **own}}
    keys = {tag.get("Key") for tag in own}
    return {**properties, name: [*own, *({"Key": key, "Value": tags[key]} for key in tags if key not in keys)]}


def differing(wanted: Mapping[str, Any], *standing: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the properties that are not as wanted in every one of the given states."""
    return frozenset(
        name
        for state in standing
        for name in {*wanted, *state}
        if (name in wanted) != (name in state) or wanted.get(name) != state.get(name)
    )


def _refuse_not_emulated(resource_type: ResourceType, properties: Mapping[str, Any]) -> None:
    names = [name for name in properties if name not in resource_type.emulated]
    names += [path for path in sorted(resource_type.not_emulated) if any(_at(properties, path.split("/")))]
    if names:
        listed = ", ".join(names)
        raise ResourceFailureError(f"The local AWS does not emulate these properties of {resource_type.type}: {listed}")


def _at(value: Any, path: list[str]) -> Iterator[bool]:
    """Yield True for each place of a path that is filled; lists on the way are gone through."""
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield True
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _at(value[path[0]], path[1:])
