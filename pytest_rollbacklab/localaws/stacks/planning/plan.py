"""What a deployment would change: found out before anything is touched, and what a change set shows.

Properties are compared resolved, as the last operation left them against what the template yields now, so that a
parameter's new value counts and another spelling of the same value does not. ``reasons`` explains each difference.
The execution does not follow this plan blindly: it compares again, with everything known by then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.stacks.planning.changes import Change, Detail, addition, modification, removal
from pytest_rollbacklab.localaws.stacks.planning.desired import with_stack_tags
from pytest_rollbacklab.localaws.stacks.planning.reasons import NOT_KNOWN, NotKnownYetError, Preview
from pytest_rollbacklab.localaws.stacks.refusals import invalid
from pytest_rollbacklab.localaws.stacks.registry import schema_of
from pytest_rollbacklab.localaws.stacks.state.stack import Deployment, Resource, Stack
from pytest_rollbacklab.localaws.stacks.templates.template import ResourceDefinition

__all__ = ["Plan", "make_plan"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Every change, by logical id."""

    changes: Mapping[str, Change]
    stack_changes: bool
    """Whether the outputs or the stack's tags change."""

    @property
    def is_empty(self) -> bool:
        return not self.changes and not self.stack_changes


def make_plan(stack: Stack, deployment: Deployment, imported: Callable[[str], str]) -> Plan:
    """Compare a stack with what a deployment wants of it.

    Raises:
        ServiceError: ``ValidationError``: the type of a resource would change, or an expression does not evaluate.
    """
    blueprint = deployment.blueprint
    _refuse_other_types(stack, blueprint.resources)
    planner = _Planner(stack, deployment, imported)
    for logical_id in blueprint.graph.order():
        planner.look_at(blueprint.resources[logical_id])
    changes = dict(planner.changes)
    for logical_id, resource in stack.resources.items():
        if logical_id not in blueprint.resources and resource.status != "DELETE_COMPLETE":
            changes[logical_id] = removal(resource)
    tags_change = stack.deployment is not None and stack.deployment.tags != deployment.tags
    return Plan(changes=changes, stack_changes=tags_change or planner.outputs_change())


def _refuse_other_types(stack: Stack, definitions: Mapping[str, ResourceDefinition]) -> None:
    other = [
        name
        for name, resource in stack.resources.items()
        if name in definitions and definitions[name].type != resource.type
    ]
    if other:
        raise invalid(
            "Update of resource type is not permitted. The new template modifies resource type of the following "
            f"resources: [{', '.join(other)}]"
        )


class _Planner:
    def __init__(self, stack: Stack, deployment: Deployment, imported: Callable[[str], str]) -> None:
        self._stack = stack
        self._tags = deployment.tags
        self._blueprint = deployment.blueprint
        self.changes: dict[str, Change] = {}
        self._preview = Preview(stack, deployment.blueprint, self.changes, imported)
        self._nothing_else_changed = (
            stack.deployment is not None
            and stack.status.endswith("_COMPLETE")
            and stack.deployment.tags == deployment.tags
            and stack.deployment.blueprint.template.mappings == deployment.blueprint.template.mappings
        )

    def look_at(self, definition: ResourceDefinition) -> None:
        """Find out what happens to one resource; all that it refers to have been looked at."""
        resource = self._stack.resources.get(definition.logical_id)
        if resource is None or not resource.stands:
            self.changes[definition.logical_id] = addition(definition)
        elif not self._is_obviously_the_same(definition):
            details = [*self._property_details(definition, resource), *self._other_details(definition, resource)]
            if details:
                self.changes[definition.logical_id] = modification(definition, resource, details)

    def outputs_change(self) -> bool:
        """Tell whether an output changes; one that is not known yet has a change behind it."""
        try:
            wanted = [
                (item.key, self._preview.text(item.value), item.description, self._preview.text(item.export_name))
                for item in self._blueprint.outputs
            ]
        except NotKnownYetError:
            return True
        return wanted != [(item.key, item.value, item.description, item.export_name) for item in self._stack.outputs]

    def _is_obviously_the_same(self, definition: ResourceDefinition) -> bool:
        """Spare the evaluation of what is written as before and refers to nothing that changes."""
        old = self._preview.old
        mentioned = self._blueprint.references[definition.logical_id]
        return (
            self._nothing_else_changed
            and old is not None
            and old.resources.get(definition.logical_id) == definition
            and not any(item.name in self.changes or item.name in self._preview.new_parameters for item in mentioned)
        )

    def _property_details(self, definition: ResourceDefinition, resource: Resource) -> list[Detail]:
        schema = schema_of(definition.type)
        wanted = self._wanted(definition)
        details: list[Detail] = []
        for name in sorted({*wanted, *(name for state in resource.may_have for name in state)}):
            after, before = wanted.get(name), resource.properties.get(name)
            if any(state.get(name) != after for state in resource.may_have):
                recreation = schema.recreation(name, before, after) if schema else "Never"
                details += self._preview.reasons(definition, name, recreation)
            else:
                recreation = schema.recreation(name, before, NOT_KNOWN) if schema else "Never"
                details += self._preview.doubts(definition, name, recreation)
        return details

    def _wanted(self, definition: ResourceDefinition) -> dict[str, Any]:
        """Return the properties as far as they are known."""
        schema = schema_of(definition.type)
        wanted: dict[str, Any] = {}
        for name, expression in definition.properties.items():
            try:
                value = self._preview.evaluator.evaluate(expression)
                wanted[name] = schema.fit({name: value})[0][name] if schema else value
            except NotKnownYetError:
                wanted[name] = NOT_KNOWN
        if schema and wanted.get(schema.tags) is not NOT_KNOWN:
            return dict(with_stack_tags(wanted, schema, self._tags))
        return wanted

    def _other_details(self, definition: ResourceDefinition, resource: Resource) -> list[Detail]:
        try:
            metadata_changes = self._preview.evaluator.evaluate(definition.metadata) != resource.metadata
        except NotKnownYetError:
            metadata_changes = True
        changed = {
            "Metadata": metadata_changes,
            "DeletionPolicy": definition.deletion_policy != resource.deletion_policy,
            "UpdateReplacePolicy": definition.update_replace_policy != resource.update_replace_policy,
        }
        return [Detail(attribute=attribute) for attribute, changes in changed.items() if changes]
