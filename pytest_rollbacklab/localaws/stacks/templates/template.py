"""A template as values: its sections checked for their form, nothing evaluated.

A template that still has a transform in front of it (SAM) is looked at only as far as ``declared_transforms`` and
``resource_members`` do; everything else is for the processed one. Sections and attributes that AWS has and this engine
has not are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.refusals import invalid, not_emulated
from pytest_rollbacklab.localaws.stacks.templates.intrinsics import text_at
from pytest_rollbacklab.localaws.stacks.templates.parameters import ParameterDefinition, read_parameters

__all__ = [
    "SAM",
    "OutputDefinition",
    "ResourceDefinition",
    "Template",
    "declared_transforms",
    "read_template",
    "resource_members",
]

SAM: Final = "AWS::Serverless-2016-10-31"

_SECTIONS: Final = frozenset(
    {"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Resources"}
    | {"Outputs", "Transform", "Rules", "Hooks", "Globals"}
)
_SECTIONS_NOT_EMULATED: Final = ("Rules", "Hooks", "Globals")
_ATTRIBUTES: Final = frozenset(
    {"Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy", "UpdateReplacePolicy"}
)
_ATTRIBUTES_NOT_EMULATED: Final = frozenset({"CreationPolicy", "UpdatePolicy"})
_DELETION_POLICIES: Final = frozenset({"Delete", "Retain", "RetainExceptOnCreate"})
_MOST_RESOURCES: Final = 500  # "CloudFormation quotas" in its user guide


@dataclass(frozen=True, kw_only=True, slots=True)
class ResourceDefinition:
    """A member of Resources; properties and metadata may hold intrinsic functions."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    metadata: Any = None
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputDefinition:
    """A member of Outputs; value and export name may hold intrinsic functions."""

    key: str
    value: Any
    description: str | None = None
    export_name: Any = None
    condition: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A processed template."""

    description: str | None
    version: str | None
    metadata: Any
    parameters: Mapping[str, ParameterDefinition]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    resources: Mapping[str, ResourceDefinition]
    outputs: tuple[OutputDefinition, ...]


def declared_transforms(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names under Transform.

    Raises:
        ServiceError: one of them is not SAM's; macros are refused by name.
    """
    declared = document.get("Transform", ())
    names = tuple(declared) if isinstance(declared, (list, tuple)) else (declared,)
    for name in names:
        if name != SAM:
            raise not_emulated(
                f"the transform {name['Name'] if isinstance(name, Mapping) and 'Name' in name else name!r}"
            )
    return names


def read_template(document: Mapping[str, Any]) -> Template:
    """Check a document's form and make it a template.

    Raises:
        ServiceError: ``ValidationError`` in AWS's words.
    """
    unknown = [section for section in document if section not in _SECTIONS]
    if unknown:
        raise invalid(f"Invalid template property or properties [{', '.join(unknown)}]")
    for section in _SECTIONS_NOT_EMULATED:
        if document.get(section):
            raise not_emulated(f"the template section {section!r}")
    return Template(
        description=text_at(document, "Description", ""),
        version=text_at(document, "AWSTemplateFormatVersion", ""),
        metadata=document.get("Metadata"),
        parameters=read_parameters(_section(document, "Parameters")),
        mappings=_mappings(_section(document, "Mappings")),
        conditions=_section(document, "Conditions"),
        resources={name: _resource(name, member) for name, member in resource_members(document).items()},
        outputs=tuple(_output(key, output) for key, output in _section(document, "Outputs").items()),
    )


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name, {})
    if not isinstance(section, Mapping):
        raise invalid(f"Template format error: {name} must be an object.")
    return section


def _mappings(section: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, mapping in section.items():
        if not isinstance(mapping, Mapping) or not all(isinstance(keys, Mapping) for keys in mapping.values()):
            raise invalid(f"Template format error: Every Mappings member {name} must be a map")
        values = (value for keys in mapping.values() for value in keys.values())
        if any(isinstance(value, Mapping) for value in values):
            raise invalid("Template format error: Every Mappings attribute must be a String or a List.")
    return section


def resource_members(document: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """Return the members of Resources, of a template as it is written or processed.

    Raises:
        ServiceError: there are none or too many, or one is no object with a Type.
    """
    section = _section(document, "Resources")
    if not section:
        raise invalid("Template format error: At least one Resources member must be defined.")
    if len(section) > _MOST_RESOURCES:
        raise invalid(
            f"Template format error: Number of resources, {len(section)}, is greater than maximum allowed, "
            f"{_MOST_RESOURCES}"
        )
    for logical_id, member in section.items():
        _check_member(logical_id, member)
    return section


def _check_member(logical_id: str, member: Any) -> None:
    if not isinstance(member, Mapping):
        raise invalid("Template format error: Any Resources member must be an object.")
    if not logical_id.isalnum():
        raise invalid(f"Template format error: Resource name {logical_id} is non alphanumeric.")
    where = f"[/Resources/{logical_id}"
    if not isinstance(member.get("Type"), str):
        raise invalid(f"Template format error: {where}] Every Resources object must contain a Type member.")
    if not isinstance(member.get("Properties", {}), Mapping):
        raise invalid(f"Template format error: {where}/Properties] Properties must be an object.")


def _resource(logical_id: str, member: Mapping[str, Any]) -> ResourceDefinition:
    kind = member["Type"]
    _refuse_attributes(logical_id, member)
    return ResourceDefinition(
        logical_id=logical_id,
        type=kind,
        properties=member.get("Properties", {}),
        metadata=member.get("Metadata"),
        depends_on=_dependencies(logical_id, member.get("DependsOn", [])),
        condition=_condition(f"/Resources/{logical_id}", member),
        deletion_policy=_policy(member, "DeletionPolicy", kind),
        update_replace_policy=_policy(member, "UpdateReplacePolicy", kind),
    )


def _refuse_attributes(logical_id: str, member: Mapping[str, Any]) -> None:
    for attribute in member:
        if attribute in _ATTRIBUTES_NOT_EMULATED:
            raise not_emulated(f"{attribute} (of the resource {logical_id})")
        if attribute not in _ATTRIBUTES:
            raise invalid(f"Invalid template resource property '{attribute}'")


def _dependencies(logical_id: str, value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise invalid(
            f"Template format error: DependsOn must be a string or list of strings. [/Resources/{logical_id}]"
        )
    return tuple(names)


def _condition(path: str, member: Mapping[str, Any]) -> str | None:
    condition = member.get("Condition")
    if condition is not None and not isinstance(condition, str):
        raise invalid(f"Template format error: Every Condition member must be a string. [{path}/Condition]")
    return condition


def _policy(member: Mapping[str, Any], attribute: str, kind: str) -> str:
    policy = member.get(attribute, "Delete")
    if policy == "Snapshot":
        # AWS's answer for every type that cannot be snapshot; there is none here that can.
        raise invalid(f"Template error: resource type {kind} does not support deletion policy Snapshot")
    if not isinstance(policy, str) or policy not in _DELETION_POLICIES:
        raise invalid(f"Template format error: Unrecognized {attribute} {policy}")
    return policy


def _output(key: str, member: Any) -> OutputDefinition:
    if not isinstance(member, Mapping) or "Value" not in member:
        raise invalid("Template format error: Every Outputs member must contain a Value object")
    export = member.get("Export")
    if export is not None and not (isinstance(export, Mapping) and export.get("Name")):
        raise invalid(
            f"Template format error: Output {key} is malformed. The Name field of every Export member must be "
            "specified."
        )
    return OutputDefinition(
        key=key,
        value=member["Value"],
        description=text_at(member, "Description", f"/Outputs/{key}"),
        export_name=export["Name"] if export else None,
        condition=_condition(f"/Outputs/{key}", member),
    )
