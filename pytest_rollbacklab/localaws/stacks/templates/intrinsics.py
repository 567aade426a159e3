"""The intrinsic functions: how a call of one is known, and the form that its argument must have.

An expression is what a template holds in place of a value: plain data in which a mapping of one key, the name of a
function, stands for what the function yields. ``evaluation`` says what that is; ``Fn::If`` and the conditions are
taken away before, by ``conditions``. Functions that AWS has and this has not are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.refusals import invalid, not_emulated

__all__ = [
    "JOIN",
    "PLACEHOLDER",
    "SELECT",
    "SPLIT",
    "attribute_argument",
    "check",
    "function_of",
    "sub_names",
    "text_at",
    "text_of",
]

_NOT_EMULATED: Final = frozenset(
    {"Fn::Cidr", "Fn::Transform", "Fn::ForEach", "Fn::Length", "Fn::ToJsonString", "Fn::GetStackOutput"}
    | {"Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll"}
)
_SUPPORTED: Final = (
    "Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, "
    "Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Sub"
)
_CONDITIONAL: Final = frozenset({"Fn::If", "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or"})
PLACEHOLDER: Final = re.compile(r"\$\{([^!{}][^{}]*)\}")
_FIND_IN_MAP_KEYS: Final = 3
JOIN: Final = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings "
    "to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
)
SELECT: Final = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
SPLIT: Final = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
    "split or a function that returns a string to be split."
)


def function_of(expression: Any) -> tuple[str, Any] | None:
    """Return the function and its argument when the expression is a call of one."""
    if not isinstance(expression, dict) or len(expression) != 1:
        return None
    ((name, argument),) = expression.items()
    return (name, argument) if name == "Ref" or name.startswith("Fn::") else None


def text_of(value: Any) -> str:
    """Write a scalar as CloudFormation does where text is wanted."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def text_at(member: Mapping[str, Any], name: str, path: str) -> str | None:
    """Return a member that must be text, or None when it is not given.

    Raises:
        ServiceError: it is an object or a list.
    """
    value = member.get(name)
    if isinstance(value, (dict, list)):
        raise invalid(f"Template format error: {name} must be a string. [{path}/{name}]")
    return None if value is None else text_of(value)


def attribute_argument(argument: Any) -> tuple[str, str]:
    """Split the argument of Fn::GetAtt into resource and attribute.

    Raises:
        ServiceError: it does not name both.
    """
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2 or not all(isinstance(part, str) and part for part in parts):
        raise invalid(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute"
        )
    return parts[0], ".".join(parts[1:])


def sub_names(argument: Any) -> tuple[list[str], str, Mapping[str, Any]]:
    """Return the names in an Fn::Sub that are not its own, its text and its own names.

    Raises:
        ServiceError: it is neither a text nor a text with a mapping.
    """
    text, own = (argument, {}) if isinstance(argument, str) else _sub_with_names(argument)
    names = [name.strip() for name in PLACEHOLDER.findall(text)]
    return [name for name in names if name not in own], text, own


def _sub_with_names(argument: Any) -> tuple[str, Mapping[str, Any]]:
    match argument:
        case [str() as text, dict() as own]:
            return text, own
        case [str() as text]:
            return text, {}
    raise invalid(
        "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as "
        "first argument, and an optional second argument to specify a mapping of values to replace in the string"
    )


def _is_call(value: Any) -> bool:
    return function_of(value) is not None


def _check_join(argument: Any) -> None:
    match argument:
        case [str(), values] if isinstance(values, list) or _is_call(values):
            return
    raise invalid(JOIN)


def _check_select(argument: Any) -> None:
    match argument:
        case [index, values] if (isinstance(values, list) or _is_call(values)) and (
            _is_call(index) or text_of(index).isdigit()
        ):
            return
    raise invalid(SELECT)


def _check_split(argument: Any) -> None:
    match argument:
        case [str(), value] if isinstance(value, str) or _is_call(value):
            return
    raise invalid(SPLIT)


def _check_find_in_map(argument: Any) -> None:
    if not isinstance(argument, list) or len(argument) != _FIND_IN_MAP_KEYS:
        raise invalid(
            "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the "
            "attribute for return value"
        )


def _check_base64(argument: Any) -> None:
    if not isinstance(argument, str) and not _is_call(argument):
        raise invalid("Template error: every Fn::Base64 object must have a String-typed value.")


def _check_nothing(_argument: Any) -> None:
    """Leave it to the evaluation: any value will do."""


def _check_ref(argument: Any) -> None:
    if not isinstance(argument, str) or not argument:
        raise invalid("Template error: every Ref object must have a single String value.")


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Ref": _check_ref,
    "Fn::GetAtt": attribute_argument,
    "Fn::Sub": sub_names,
    "Fn::Join": _check_join,
    "Fn::Select": _check_select,
    "Fn::Split": _check_split,
    "Fn::FindInMap": _check_find_in_map,
    "Fn::Base64": _check_base64,
    "Fn::GetAZs": _check_nothing,
    "Fn::ImportValue": _check_nothing,
}


def check(name: str, argument: Any) -> None:
    """Check the form of one function's argument.

    Raises:
        ServiceError: in AWS's words; a function that is not emulated, or that there is not, is named.
    """
    if name in _NOT_EMULATED or name in _CONDITIONAL:
        where = " outside of Conditions" if name in _CONDITIONAL else ""
        raise not_emulated(f"the intrinsic function {name}{where}")
    if name not in _CHECKS:
        raise invalid(
            f"Template Error: Encountered unsupported function: {name} Supported functions are: [{_SUPPORTED}]"
        )
    _CHECKS[name](argument)
