"""A template under given parameters: what is in force, what refers to what, and in which order it is made.

Everything that can be wrong with a template before anything is made is refused here: types that there are not,
references that lead nowhere, attributes that a type has not, circles. What is left to go wrong is what only a
service can say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.stacks.refusals import invalid
from pytest_rollbacklab.localaws.stacks.registry import exists, schema_of
from pytest_rollbacklab.localaws.stacks.templates.conditions import Conditions
from pytest_rollbacklab.localaws.stacks.templates.evaluation import Evaluator
from pytest_rollbacklab.localaws.stacks.templates.graph import Graph
from pytest_rollbacklab.localaws.stacks.templates.parameters import Parameter
from pytest_rollbacklab.localaws.stacks.templates.references import Reference, references
from pytest_rollbacklab.localaws.stacks.templates.template import OutputDefinition, ResourceDefinition, Template

__all__ = ["Blueprint", "draw", "pseudo_parameters"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Blueprint:
    """What a deployment is to bring about."""

    template: Template
    parameters: Mapping[str, Parameter]
    pseudo: Mapping[str, Any]
    resources: Mapping[str, ResourceDefinition]
    """Those whose condition holds, their expressions reduced."""
    outputs: tuple[OutputDefinition, ...]
    references: Mapping[str, tuple[Reference, ...]]
    """Of each resource's properties and metadata."""
    graph: Graph

    def evaluator(
        self,
        *,
        ref: Callable[[str], Any],
        attribute: Callable[[str, str], Any],
        imported: Callable[[str], str],
    ) -> Evaluator:
        """Return an evaluator: parameters are known, resources are as the caller says."""

        def known_or(name: str) -> Any:
            if name in self.pseudo:
                return self.pseudo[name]
            return self.parameters[name].resolved if name in self.parameters else ref(name)

        return Evaluator(
            ref=known_or,
            attribute=attribute,
            imported=imported,
            mappings=self.template.mappings,
            region=self.pseudo["AWS::Region"],
        )


def pseudo_parameters(scope: Scope, stack_name: str, stack_id: str) -> dict[str, Any]:
    """Return the values of AWS's own parameters ("Pseudo parameters reference")."""
    return {
        "AWS::AccountId": scope.account_id,
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": scope.region,
        "AWS::StackId": stack_id,
        "AWS::StackName": stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }


def draw(template: Template, parameters: Mapping[str, Parameter], pseudo: Mapping[str, Any]) -> Blueprint:
    """Decide the conditions and check everything that refers to something.

    Raises:
        ServiceError: ``ValidationError`` in AWS's words.
    """
    _check_types(template)
    conditions = _conditions(template, parameters, pseudo)
    resources = _resources_in_force(template, conditions)
    outputs = _outputs_in_force(template, conditions)
    mentioned = {name: references([item.properties, item.metadata]) for name, item in resources.items()}
    in_outputs = references([[output.value, output.export_name] for output in outputs])
    known = {*resources, *parameters, *pseudo}
    _check_references(template, resources, known, (item for items in mentioned.values() for item in items), "Resources")
    _check_references(template, resources, known, in_outputs, "Outputs")
    _check_dependencies(template)
    before = {name: [*item.depends_on, *(ref.name for ref in mentioned[name])] for name, item in resources.items()}
    return Blueprint(
        template=template,
        parameters=parameters,
        pseudo=pseudo,
        resources=resources,
        outputs=outputs,
        references=mentioned,
        graph=Graph.of(before),
    )


def _resources_in_force(template: Template, conditions: Conditions) -> dict[str, ResourceDefinition]:
    return {
        name: replace(
            definition,
            properties=conditions.reduce(definition.properties),
            metadata=conditions.reduce(definition.metadata),
        )
        for name, definition in template.resources.items()
        if conditions.holds(definition.condition, f"the Condition of {name}")
    }


def _outputs_in_force(template: Template, conditions: Conditions) -> tuple[OutputDefinition, ...]:
    return tuple(
        replace(output, value=conditions.reduce(output.value), export_name=conditions.reduce(output.export_name))
        for output in template.outputs
        if conditions.holds(output.condition, f"the Condition of {output.key}")
    )


def _conditions(template: Template, parameters: Mapping[str, Parameter], pseudo: Mapping[str, Any]) -> Conditions:
    def ref(name: str) -> Any:
        if name in pseudo:
            return pseudo[name]
        if name in parameters:
            return parameters[name].resolved
        raise invalid(
            f"Template format error: Unresolved dependencies [{name}]. Cannot reference resources in the Conditions "
            "block of the template"
        )

    conditions = Conditions(
        template.conditions,
        Evaluator(
            ref=ref,
            attribute=lambda name, attribute: ref(f"{name}.{attribute}"),
            imported=lambda name: ref(name),
            mappings=template.mappings,
            region=pseudo["AWS::Region"],
        ),
    )
    for name in template.conditions:
        conditions.holds(name, "Conditions")
    return conditions


def _check_types(template: Template) -> None:
    unknown = sorted({item.type for item in template.resources.values() if not exists(item.type)})
    if unknown:
        raise invalid(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")


def _check_references(
    template: Template,
    resources: Mapping[str, ResourceDefinition],
    known: set[str],
    mentioned: Iterable[Reference],
    block: str,
) -> None:
    lost: dict[str, None] = {}
    for reference in mentioned:
        if reference.attribute is not None:
            _check_attribute(template, resources, reference)
        if reference.name not in known:
            lost[reference.name] = None
    if lost:
        raise _unresolved(lost, block)


def _check_attribute(template: Template, resources: Mapping[str, ResourceDefinition], reference: Reference) -> None:
    if reference.name not in template.resources:
        if reference.by == "Fn::Sub":
            raise invalid(
                f"Template error: instance of Fn::Sub references invalid resource attribute {reference.entity}"
            )
        raise invalid(f"Template error: instance of Fn::GetAtt references undefined resource {reference.name}")
    schema = schema_of(template.resources[reference.name].type)
    if schema is not None and reference.name in resources and not schema.has_attribute(reference.attribute or ""):
        raise invalid(
            f"Template error: resource {reference.name} does not support attribute type {reference.attribute} in "
            "Fn::GetAtt"
        )


def _check_dependencies(template: Template) -> None:
    named = dict.fromkeys(first for item in template.resources.values() for first in item.depends_on)
    lost = [first for first in named if first not in template.resources]
    if lost:
        raise _unresolved(lost, "Resources")


def _unresolved(names: Iterable[str], block: str) -> ServiceError:
    return invalid(
        f"Template format error: Unresolved resource dependencies [{', '.join(names)}] in the {block} block of the "
        "template"
    )
