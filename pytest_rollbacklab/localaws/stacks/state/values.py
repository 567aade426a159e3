"""What Ref and Fn::GetAtt yield of the resources of a stack as they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_rollbacklab.localaws.stacks.refusals import invalid
from pytest_rollbacklab.localaws.stacks.state.exports import exported
from pytest_rollbacklab.localaws.stacks.state.stack import Resource, Stack
from pytest_rollbacklab.localaws.stacks.templates.blueprint import Blueprint
from pytest_rollbacklab.localaws.stacks.templates.evaluation import Evaluator

__all__ = ["attribute_of", "importer", "standing"]


def attribute_of(resource: Resource, attribute: str) -> Any:
    """Return an attribute: what the type gives out, or a property of that name (AWS has both).

    Raises:
        ServiceError: the resource has neither.
    """
    if attribute in resource.attributes:
        return resource.attributes[attribute]
    value: Any = resource.properties
    for part in attribute.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise invalid(
                f"Fn::GetAtt: the resource {resource.logical_id} of type {resource.type} has no attribute {attribute}"
            )
        value = value[part]
    return value


def importer(stacks: Mapping[str, Stack]) -> Callable[[str], str]:
    """Return what Fn::ImportValue means among these stacks."""

    def imported(name: str) -> str:
        found = exported(stacks.values()).get(name)
        if found is None:
            raise invalid(f"No export named {name} found.")
        return found[1].value

    return imported


def standing(stack: Stack, blueprint: Blueprint, imported: Callable[[str], str]) -> Evaluator:
    """Return an evaluator over the resources as they are at the moment of asking."""
    return blueprint.evaluator(
        ref=lambda name: stack.resources[name].physical_id,
        attribute=lambda name, attribute: attribute_of(stack.resources[name], attribute),
        imported=imported,
    )
