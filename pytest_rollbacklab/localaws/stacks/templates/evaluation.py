"""What expressions yield.

Where references lead is the caller's to say: an ``Evaluator`` is given what ``Ref``, ``Fn::GetAtt`` and
``Fn::ImportValue`` mean, be it the resources that stand, or a guess at those that are to be.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.refusals import invalid
from pytest_rollbacklab.localaws.stacks.templates.intrinsics import (
    JOIN,
    PLACEHOLDER,
    SELECT,
    SPLIT,
    attribute_argument,
    check,
    function_of,
    sub_names,
    text_of,
)

__all__ = ["Evaluator"]

_ESCAPED: Final = re.compile(r"\$\{!([^{}]*)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluator:
    """Turns expressions into values."""

    ref: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    imported: Callable[[str], str]
    mappings: Mapping[str, Any]
    region: str

    def evaluate(self, expression: Any) -> Any:
        """Return the value of an expression.

        Raises:
            ServiceError: a function cannot be evaluated, in AWS's words.
        """
        call = function_of(expression)
        if call is not None:
            check(*call)
            return _FUNCTIONS[call[0]](self, call[1])
        if isinstance(expression, dict):
            return {key: self.evaluate(value) for key, value in expression.items()}
        if isinstance(expression, list):
            return [self.evaluate(value) for value in expression]
        return expression

    def named(self, name: str) -> str:
        """Return what ``${name}`` or ``${name.attribute}`` in an Fn::Sub yields."""
        resource, dot, attribute = name.partition(".")
        value = self.attribute(resource, attribute) if dot and not name.startswith("AWS::") else self.ref(name)
        return ",".join(value) if isinstance(value, list) else text_of(value)


def _sub(evaluator: Evaluator, argument: Any) -> str:
    _, text, own = sub_names(argument)
    values = {name: text_of(evaluator.evaluate(value)) for name, value in own.items()}

    def replacement(found: re.Match[str]) -> str:
        name = found[1].strip()
        return values[name] if name in values else evaluator.named(name)

    return _ESCAPED.sub(r"${\1}", PLACEHOLDER.sub(replacement, text))


def _join(evaluator: Evaluator, argument: Any) -> str:
    values = evaluator.evaluate(argument[1])
    if not isinstance(values, list) or any(isinstance(value, (Mapping, list)) for value in values):
        raise invalid(JOIN)
    return str(argument[0]).join(text_of(value) for value in values)


def _select(evaluator: Evaluator, argument: Any) -> Any:
    index, values = int(evaluator.evaluate(argument[0])), evaluator.evaluate(argument[1])
    if not isinstance(values, list):
        raise invalid(SELECT)
    if index >= len(values):
        raise invalid(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return values[index]


def _split(evaluator: Evaluator, argument: Any) -> list[str]:
    value = evaluator.evaluate(argument[1])
    if not isinstance(value, str):
        raise invalid(SPLIT)
    return list(value.split(argument[0]))


def _find_in_map(evaluator: Evaluator, argument: Any) -> Any:
    name, first, second = (text_of(evaluator.evaluate(key)) for key in argument)
    try:
        return evaluator.mappings[name][first][second]
    except KeyError:
        raise invalid(f"Template error: Unable to get mapping for {name}::{first}::{second}") from None


def _base64(evaluator: Evaluator, argument: Any) -> str:
    return base64.b64encode(text_of(evaluator.evaluate(argument)).encode()).decode()


def _availability_zones(evaluator: Evaluator, argument: Any) -> list[str]:
    region = evaluator.evaluate(argument) or evaluator.region
    return [f"{region}{zone}" for zone in "abc"]


_FUNCTIONS: Final[Mapping[str, Callable[[Evaluator, Any], Any]]] = {
    "Ref": lambda evaluator, argument: evaluator.ref(argument),
    "Fn::GetAtt": lambda evaluator, argument: evaluator.attribute(*attribute_argument(argument)),
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": _base64,
    "Fn::GetAZs": _availability_zones,
    "Fn::ImportValue": lambda evaluator, argument: evaluator.imported(text_of(evaluator.evaluate(argument))),
}
