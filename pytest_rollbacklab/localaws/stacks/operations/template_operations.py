"""The operations on templates: GetTemplate, GetTemplateSummary, ValidateTemplate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation, Scope
from pytest_rollbacklab.localaws.stacks.operations.options import refuse_options
from pytest_rollbacklab.localaws.stacks.refusals import invalid, stack_with_id_does_not_exist
from pytest_rollbacklab.localaws.stacks.registry import schema_of
from pytest_rollbacklab.localaws.stacks.state.stack import Deployment
from pytest_rollbacklab.localaws.stacks.templates.blueprint import draw, pseudo_parameters
from pytest_rollbacklab.localaws.stacks.templates.capabilities import AUTO_EXPAND, reason, required_capabilities
from pytest_rollbacklab.localaws.stacks.templates.document import parse
from pytest_rollbacklab.localaws.stacks.templates.intrinsics import text_at
from pytest_rollbacklab.localaws.stacks.templates.parameters import Parameter, ParameterDefinition, read_parameters
from pytest_rollbacklab.localaws.stacks.templates.sources import template_text
from pytest_rollbacklab.localaws.stacks.templates.template import declared_transforms, read_template, resource_members
from pytest_rollbacklab.localaws.stacks.work.engine import Engine

__all__ = ["TemplateOperations"]


class TemplateOperations:
    """Nothing here touches a stack."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def operations(self) -> Mapping[str, Operation]:
        return {
            "GetTemplate": self.get_template,
            "GetTemplateSummary": self.get_template_summary,
            "ValidateTemplate": self.validate_template,
        }

    def get_template(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's GetTemplate; the processed template unless the original is asked for."""
        text, deployment = self._deployed(call, params)
        processed = params.get("TemplateStage", "Processed") == "Processed"
        return {
            "TemplateBody": deployment.processed if processed and deployment else text,
            "StagesAvailable": ["Original", "Processed"] if deployment else ["Original"],
        }

    def _deployed(self, call: Call, params: Mapping[str, Any]) -> tuple[str, Deployment | None]:
        store, name = self._engine.store(call.scope), params.get("StackName")
        if params.get("ChangeSetName"):
            if not name and not params["ChangeSetName"].startswith("arn:"):
                raise invalid("StackName is a required parameter.")
            change_set = store.find_change_set(params["ChangeSetName"], name)
            return change_set.template_text, change_set.deployment
        if not name:
            raise invalid("StackName is required if ChangeSetName is not specified.")
        stack = store.find(name)
        if stack is None:
            raise stack_with_id_does_not_exist(name)
        if not stack.template_text:
            raise invalid(f"Stack [{name}] has no template yet: it is in {stack.status}.")
        return stack.template_text, stack.deployment

    async def get_template_summary(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's GetTemplateSummary, of a template or of a stack's."""
        refuse_options("GetTemplateSummary", params)
        document = parse(await self._named(call, params))
        resources = resource_members(document)
        types = list(dict.fromkeys(str(member["Type"]) for member in resources.values()))
        metadata = {"Metadata": json.dumps(document["Metadata"])} if "Metadata" in document else {}
        version = text_at(document, "AWSTemplateFormatVersion", "") or "2010-09-09"
        return {
            "Parameters": [_parameter(item, full=True) for item in _parameters(document).values()],
            "ResourceTypes": types,
            "Version": version,
            "ResourceIdentifierSummaries": [_identifiers(kind, resources) for kind in types],
            **metadata,
            **_declared(document),
        }

    async def _named(self, call: Call, params: Mapping[str, Any]) -> str:
        name = params.get("StackName")
        if not name:
            return await template_text(self._engine.aws, call.scope, params, None)
        stack = self._engine.store(call.scope).find(name)
        if stack is None:
            raise stack_with_id_does_not_exist(name)
        if stack.status == "REVIEW_IN_PROGRESS":
            raise invalid("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
        return stack.template_text

    async def validate_template(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Follow the API reference's ValidateTemplate.

        References and types are checked where every parameter has a default; without values the conditions, and so
        what is in force, are not known. A template with a transform is only checked for what the transform leaves.
        """
        document = parse(await template_text(self._engine.aws, call.scope, params, None))
        definitions = _parameters(document)
        resource_members(document)
        if not declared_transforms(document):
            template = read_template(document)
            if all(item.default is not None for item in definitions.values()):
                draw(template, _defaults(definitions), _placeholders(call.scope))
        parameters = [_parameter(item, full=False) for item in definitions.values()]
        return {"Parameters": parameters, **_declared(document)}


def _parameters(document: Mapping[str, Any]) -> dict[str, ParameterDefinition]:
    section = document.get("Parameters", {})
    return read_parameters(section if isinstance(section, Mapping) else {})


def _defaults(definitions: Mapping[str, ParameterDefinition]) -> dict[str, Parameter]:
    return {
        name: Parameter(definition=item, value=item.default or "", resolved=item.default or "")
        for name, item in definitions.items()
    }


def _placeholders(scope: Scope) -> dict[str, Any]:
    return pseudo_parameters(scope, "stack", "stack")


def _parameter(definition: ParameterDefinition, *, full: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"ParameterKey": definition.name, "NoEcho": definition.no_echo}
    if definition.default is not None:
        shown["DefaultValue"] = definition.default
    if definition.description is not None:
        shown["Description"] = definition.description
    if full:
        shown["ParameterType"] = definition.type
        shown["ParameterConstraints"] = (
            {"AllowedValues": list(definition.allowed_values)} if definition.allowed_values else {}
        )
    return shown


def _declared(document: Mapping[str, Any]) -> dict[str, Any]:
    declared: dict[str, Any] = {}
    if description := text_at(document, "Description", ""):
        declared["Description"] = description
    capabilities = required_capabilities(document)
    if capabilities:
        declared["CapabilitiesReason"] = reason(document)
    if transforms := list(declared_transforms(document)):
        declared["DeclaredTransforms"] = transforms
        declared.setdefault(
            "CapabilitiesReason", f"The following resource(s) require capabilities: [{', '.join(transforms)}]"
        )
        capabilities = [*capabilities, AUTO_EXPAND]
    return {**declared, "Capabilities": capabilities} if capabilities else declared


def _identifiers(kind: str, resources: Mapping[str, Any]) -> dict[str, Any]:
    schema = schema_of(kind)
    return {
        "ResourceType": kind,
        "LogicalResourceIds": [name for name, member in resources.items() if member["Type"] == kind],
        **({"ResourceIdentifiers": list(schema.identifiers)} if schema else {}),
    }
