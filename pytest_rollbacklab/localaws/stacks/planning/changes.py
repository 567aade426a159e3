"""One line of a change set: what is to happen to a resource, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pytest_rollbacklab.localaws.stacks.registry import Recreation
from pytest_rollbacklab.localaws.stacks.state.stack import Resource
from pytest_rollbacklab.localaws.stacks.templates.template import ResourceDefinition

__all__ = ["Change", "Detail", "Evaluation", "Replacement", "addition", "modification", "removal"]

Replacement = Literal["True", "False", "Conditional"]
Evaluation = Literal["Static", "Dynamic"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """A reason for which a resource changes."""

    attribute: str
    """Properties, Metadata, DeletionPolicy, UpdateReplacePolicy or Tags."""
    name: str | None = None
    """Of the property."""
    recreation: Recreation = "Never"
    evaluation: Evaluation = "Static"
    """Dynamic when whether the value changes is only known once something else has changed."""
    source: str = "DirectModification"
    causing_entity: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is to happen to one resource."""

    action: Literal["Add", "Modify", "Remove"]
    logical_id: str
    type: str
    physical_id: str = ""
    replacement: Replacement | None = None
    policy_action: str | None = None
    details: tuple[Detail, ...] = ()

    @property
    def scope(self) -> list[str]:
        return sorted({detail.attribute for detail in self.details})


def addition(definition: ResourceDefinition) -> Change:
    return Change(action="Add", logical_id=definition.logical_id, type=definition.type)


def removal(resource: Resource) -> Change:
    return Change(
        action="Remove",
        logical_id=resource.logical_id,
        type=resource.type,
        physical_id=resource.physical_id,
        policy_action="Delete" if resource.deletion_policy == "Delete" else "Retain",
    )


def modification(definition: ResourceDefinition, resource: Resource, details: Iterable[Detail]) -> Change:
    details = tuple(details)
    replacement = _replacement(details)
    retained = "Delete" if definition.update_replace_policy == "Delete" else "Retain"
    return Change(
        action="Modify",
        logical_id=definition.logical_id,
        type=definition.type,
        physical_id=resource.physical_id,
        replacement=replacement,
        policy_action=None if replacement == "False" else f"ReplaceAnd{retained}",
        details=details,
    )


def _replacement(details: Iterable[Detail]) -> Replacement:
    """Decide as "ResourceChange" of the API reference says of RequiresRecreation and Evaluation."""
    needs = {(detail.recreation, detail.evaluation) for detail in details}
    if ("Always", "Static") in needs:
        return "True"
    return "Conditional" if any(recreation != "Never" for recreation, _ in needs) else "False"
