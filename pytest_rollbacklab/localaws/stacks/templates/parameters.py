"""A template's parameters: what it declares, what was given, and what comes of it.

Kept here: the constraints with AWS's words for each, previous and default values, and lists. Values from Parameter
Store are looked up by ``store`` (``AWS::SSM::Parameter::Value<String>``). Other types, EC2's among them, are refused
by name.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.refusals import invalid, not_emulated
from pytest_rollbacklab.localaws.stacks.templates.intrinsics import text_at, text_of

__all__ = ["HIDDEN", "Parameter", "ParameterDefinition", "read_parameters", "resolve_parameters"]

HIDDEN: Final = "****"
"""What is shown in place of a NoEcho value."""

_LISTS: Final = frozenset({"CommaDelimitedList", "List<Number>", "List<String>"})
_NUMBERS: Final = frozenset({"Number", "List<Number>"})
_FROM_STORE: Final = "AWS::SSM::Parameter::Value<String>"
_TYPES: Final = _LISTS | _NUMBERS | {"String", _FROM_STORE}


@dataclass(frozen=True, kw_only=True, slots=True)
class ParameterDefinition:
    """A member of Parameters."""

    name: str
    type: str
    default: str | None = None
    description: str | None = None
    no_echo: bool = False
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str | None = None
    min_length: float | None = None
    max_length: float | None = None
    min_value: float | None = None
    max_value: float | None = None
    constraint_description: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A parameter with its value."""

    definition: ParameterDefinition
    value: str
    """As given, or the default."""
    resolved: str | list[str]
    """What a Ref to it yields."""

    @property
    def shown(self) -> str:
        return HIDDEN if self.definition.no_echo else self.value


def read_parameters(section: Mapping[str, Any]) -> dict[str, ParameterDefinition]:
    """Check the form of the Parameters section.

    Raises:
        ServiceError: ``ValidationError``; a type that is not emulated is named.
    """
    return {name: _definition(name, member) for name, member in section.items()}


def _definition(name: str, member: Any) -> ParameterDefinition:
    if not name.isalnum():
        raise invalid(f"Template format error: Parameter name {name} is non alphanumeric.")
    if not isinstance(member, Mapping) or not isinstance(member.get("Type"), str):
        raise invalid("Template format error: Every Parameters object must contain a Type member.")
    kind = member["Type"]
    if kind.startswith(("AWS::", "List<AWS::")) and kind != _FROM_STORE:
        raise not_emulated(f"the parameter type {kind} (of the parameter {name})")
    if kind not in _TYPES:
        raise invalid(f"Template format error: Unrecognized parameter type: {kind}")
    return ParameterDefinition(
        name=name,
        type=kind,
        default=text_at(member, "Default", f"/Parameters/{name}"),
        description=text_at(member, "Description", f"/Parameters/{name}"),
        no_echo=text_at(member, "NoEcho", f"/Parameters/{name}") == "true",
        allowed_values=_allowed_values(name, member.get("AllowedValues", [])),
        allowed_pattern=_pattern(name, member.get("AllowedPattern")),
        min_length=_number(name, member, "MinLength"),
        max_length=_number(name, member, "MaxLength"),
        min_value=_number(name, member, "MinValue"),
        max_value=_number(name, member, "MaxValue"),
        constraint_description=text_at(member, "ConstraintDescription", f"/Parameters/{name}"),
    )


def _allowed_values(name: str, values: Any) -> tuple[str, ...]:
    if not isinstance(values, list):
        raise invalid(f"Template format error: AllowedValues of the parameter {name} must be a list.")
    return tuple(text_of(value) for value in values)


def _number(name: str, member: Mapping[str, Any], constraint: str) -> float | None:
    try:
        return float(member[constraint]) if constraint in member else None
    except (TypeError, ValueError):
        raise invalid(f"Template format error: {constraint} of the parameter {name} must be a number.") from None


def _pattern(name: str, pattern: Any) -> str | None:
    try:
        return None if pattern is None else re.compile(pattern).pattern
    except (TypeError, re.error) as error:
        raise invalid(
            f"Template format error: AllowedPattern of the parameter {name} is no pattern: {error}"
        ) from error


async def resolve_parameters(
    definitions: Mapping[str, ParameterDefinition],
    given: Sequence[Mapping[str, Any]],
    previous: Mapping[str, str],
    store: Callable[[str], Awaitable[str]],
) -> dict[str, Parameter]:
    """Give every declared parameter its value.

    Args:
        given: As in the API: ParameterKey with ParameterValue or UsePreviousValue.
        previous: The values that the stack stands with.
        store: Looks a name up in Parameter Store.

    Raises:
        ServiceError: ``ValidationError``: one is missing, not declared, or breaks a constraint.
    """
    values = _values(definitions, given, previous)
    missing = [name for name in definitions if name not in values]
    if missing:
        raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
    for name, value in values.items():
        _check(definitions[name], value)
    return {
        name: Parameter(
            definition=definition,
            value=values[name],
            resolved=await store(values[name]) if definition.type == _FROM_STORE else _split(definition, values[name]),
        )
        for name, definition in definitions.items()
    }


def _values(
    definitions: Mapping[str, ParameterDefinition], given: Sequence[Mapping[str, Any]], previous: Mapping[str, str]
) -> dict[str, str]:
    unknown = [item["ParameterKey"] for item in given if item["ParameterKey"] not in definitions]
    if unknown and not definitions:
        raise invalid("Parameter values specified for a template which does not require them.")
    if unknown:
        raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values = {name: definition.default for name, definition in definitions.items() if definition.default is not None}
    for item in given:
        key = item["ParameterKey"]
        if item.get("UsePreviousValue"):
            values[key] = _previous(item, previous)
        elif item.get("ParameterValue") is not None:
            values[key] = item["ParameterValue"]
    return values


def _previous(item: Mapping[str, Any], previous: Mapping[str, str]) -> str:
    key = item["ParameterKey"]
    if item.get("ParameterValue"):
        raise invalid(
            f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty value for a "
            "parameter"
        )
    if key not in previous:
        raise invalid(
            f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a parameter key not "
            "in the previous template"
        )
    return previous[key]


def _split(definition: ParameterDefinition, value: str) -> str | list[str]:
    if definition.type not in _LISTS:
        return value
    return [part.strip() for part in value.split(",")] if value else []


def _check(definition: ParameterDefinition, value: str) -> None:
    broken = _broken_constraint(definition, value)
    if broken is None:
        return
    if definition.constraint_description:
        raise invalid(f"Parameter {definition.name} failed to satisfy constraint: {definition.constraint_description}")
    raise invalid(f"Parameter '{definition.name}' {broken}")


def _broken_constraint(definition: ParameterDefinition, value: str) -> str | None:
    members = [value] if definition.type not in _LISTS else list(_split(definition, value))
    for member in members:
        broken = _broken_number(definition, member) if definition.type in _NUMBERS else _broken_text(definition, member)
        if broken:
            return broken
        if definition.allowed_values and member not in definition.allowed_values:
            return "must be one of AllowedValues"
    return None


def _broken_number(definition: ParameterDefinition, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "must be a number."
    if definition.min_value is not None and number < definition.min_value:
        return f"must be a number not less than {definition.min_value:g}"
    if definition.max_value is not None and number > definition.max_value:
        return f"must be a number not greater than {definition.max_value:g}"
    return None


def _broken_text(definition: ParameterDefinition, value: str) -> str | None:
    if definition.allowed_pattern is not None and not re.fullmatch(definition.allowed_pattern, value):
        return f"must match pattern {definition.allowed_pattern}"
    if definition.min_length is not None and len(value) < definition.min_length:
        return f"must contain at least {definition.min_length:g} characters"
    if definition.max_length is not None and len(value) > definition.max_length:
        return f"must contain at most {definition.max_length:g} characters"
    return None
