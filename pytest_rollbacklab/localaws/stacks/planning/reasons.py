"""Why a property changes, as far as it can be known before the update.

What cannot be known is the id or an attribute of a resource that is yet to be made. Told as CloudFormation's recorded
change sets have it:

- an expression that was rewritten, or a difference that no reference explains: DirectModification, Static
- a parameter's new value: ParameterReference, Static, and with it DirectModification, Dynamic
- a Ref or Fn::GetAtt to what will be replaced: ResourceReference or ResourceAttribute, Static
- an Fn::GetAtt to what is updated in place, whose value may stay as it is: ResourceAttribute, Dynamic
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.stacks.planning.changes import Change, Detail, Evaluation, Replacement
from pytest_rollbacklab.localaws.stacks.registry import Recreation
from pytest_rollbacklab.localaws.stacks.state.stack import Resource, Stack
from pytest_rollbacklab.localaws.stacks.state.values import attribute_of
from pytest_rollbacklab.localaws.stacks.templates.blueprint import Blueprint
from pytest_rollbacklab.localaws.stacks.templates.evaluation import Evaluator
from pytest_rollbacklab.localaws.stacks.templates.intrinsics import text_of
from pytest_rollbacklab.localaws.stacks.templates.references import references
from pytest_rollbacklab.localaws.stacks.templates.template import ResourceDefinition

__all__ = ["NOT_KNOWN", "NotKnownYetError", "Preview"]

NOT_KNOWN: Final = object()
"""Stands for a value that is only known when a resource has been made; equal to nothing."""


class NotKnownYetError(Exception):
    """An expression needs a value that is not known yet."""


class Preview:
    """A stack seen from before its update.

    Args:
        changes: What is known to change so far; it grows while the plan is made.
    """

    def __init__(
        self, stack: Stack, blueprint: Blueprint, changes: Mapping[str, Change], imported: Callable[[str], str]
    ) -> None:
        self._stack = stack
        self._changes = changes
        self.old = stack.deployment.blueprint if stack.deployment else None
        self.new_parameters = _new_parameters(self.old, blueprint)
        self.evaluator: Evaluator = blueprint.evaluator(
            ref=lambda name: self._resource(name).physical_id,
            attribute=self._attribute,
            imported=imported,
        )

    def text(self, expression: Any) -> str | None:
        """Evaluate an output's value or name.

        Raises:
            NotKnownYetError: it depends on something that is yet to be made.
        """
        return None if expression is None else text_of(self.evaluator.evaluate(expression))

    def reasons(self, definition: ResourceDefinition, name: str, recreation: Recreation) -> list[Detail]:
        """Explain why a property changes."""
        expression = definition.properties.get(name)
        rewritten = self._old_expression(definition.logical_id, name) != expression
        mentioned = references(expression)
        parameters = [item.name for item in mentioned if item.name in self.new_parameters]
        reasons = [_detail(name, recreation)] if rewritten else []
        reasons += [_detail(name, recreation, "ParameterReference", parameter) for parameter in parameters]
        if parameters and not rewritten:
            reasons.append(_detail(name, recreation, evaluation="Dynamic"))
        for item in mentioned:
            identity = self._replacement(item.name)
            if identity != "False" and item.name in self._stack.resources:
                source = "ResourceReference" if item.attribute is None else "ResourceAttribute"
                evaluation: Evaluation = "Static" if identity == "True" else "Dynamic"
                reasons.append(_detail(name, recreation, source, item.entity, evaluation))
        return reasons or [_detail(name, recreation)]

    def doubts(self, definition: ResourceDefinition, name: str, recreation: Recreation) -> list[Detail]:
        """Name the attributes of changing resources that an unchanged property hangs on."""
        if not self._changes:
            return []
        return [
            _detail(name, recreation, "ResourceAttribute", item.entity, "Dynamic")
            for item in references(definition.properties.get(name))
            if item.attribute is not None and item.name in self._changes
        ]

    def _resource(self, name: str) -> Resource:
        if self._replacement(name) != "False":
            raise NotKnownYetError
        return self._stack.resources[name]

    def _attribute(self, name: str, attribute: str) -> Any:
        resource = self._resource(name)
        try:
            return attribute_of(resource, attribute)
        except ServiceError:
            if name in self._changes:
                # The update may bring it.
                raise NotKnownYetError from None
            raise

    def _replacement(self, name: str) -> Replacement:
        """Tell whether a resource will be another physical one."""
        change = self._changes.get(name)
        if change is None:
            return "False"
        return "True" if change.action == "Add" else change.replacement or "False"

    def _old_expression(self, logical_id: str, name: str) -> Any:
        definition = self.old.resources.get(logical_id) if self.old else None
        return definition.properties.get(name) if definition else None


def _new_parameters(old: Blueprint | None, new: Blueprint) -> frozenset[str]:
    if old is None:
        return frozenset()
    return frozenset(
        name
        for name, parameter in new.parameters.items()
        if name in old.parameters and old.parameters[name].resolved != parameter.resolved
    )


def _detail(
    name: str,
    recreation: Recreation,
    source: str = "DirectModification",
    causing_entity: str | None = None,
    evaluation: Evaluation = "Static",
) -> Detail:
    return Detail(
        attribute="Properties",
        name=name,
        recreation=recreation,
        evaluation=evaluation,
        source=source,
        causing_entity=causing_entity,
    )
