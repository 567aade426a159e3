"""Conditions: what they come to under the parameters, and templates without them.

After ``Conditions.reduce`` an expression has no Fn::If and no AWS::NoValue any more: the branch that holds stands in
its place. So only what is really in force is ever looked at for references, evaluated and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.refusals import invalid
from pytest_rollbacklab.localaws.stacks.templates.evaluation import Evaluator
from pytest_rollbacklab.localaws.stacks.templates.intrinsics import function_of, text_of

__all__ = ["Conditions"]

_NO_VALUE: Final = object()
_IF_PARTS: Final = 3
_FEWEST, _MOST = 2, 10


class Conditions:
    """The Conditions section under given parameters.

    Args:
        section: The section as it stands in the template.
        evaluator: What Ref and Fn::FindInMap yield there (parameters and pseudo parameters alone).
    """

    def __init__(self, section: Mapping[str, Any], evaluator: Evaluator) -> None:
        self._section = section
        self._evaluator = evaluator
        self._known: dict[str, bool] = {}
        self._asking: list[str] = []

    def holds(self, name: str | None, asked_by: str) -> bool:
        """Tell whether a condition holds; no condition always does.

        Args:
            asked_by: Where it is named, for the error: ``Fn::If``.

        Raises:
            ServiceError: there is no such condition, or it goes in a circle.
        """
        if name is None:
            return True
        if name not in self._section:
            raise invalid(f"Template error: unresolved condition dependency {name} in {asked_by}")
        if name not in self._known:
            self._known[name] = self._evaluate_named(name)
        return self._known[name]

    def _evaluate_named(self, name: str) -> bool:
        if name in self._asking:
            raise invalid(f"Template error: Found circular condition dependency between {', '.join(self._asking)}")
        self._asking.append(name)
        try:
            return self._evaluate(self._section[name])
        finally:
            self._asking.pop()

    def _evaluate(self, expression: Any) -> bool:
        if isinstance(expression, dict) and len(expression) == 1:
            ((name, argument),) = expression.items()
            if name in _LOGIC:
                return _LOGIC[name](self, argument)
        raise invalid(
            "Template format error: Conditions can only be boolean operations on parameters and other conditions"
        )

    def _named(self, argument: Any) -> bool:
        return self.holds(argument, "Condition")

    def _equals(self, argument: Any) -> bool:
        if not isinstance(argument, list) or len(argument) != 2:
            raise invalid("Template error: every Fn::Equals object requires a list of 2 string parameters.")
        left, right = (self._evaluator.evaluate(self.reduce(side)) for side in argument)
        return left == right if isinstance(left, list) or isinstance(right, list) else text_of(left) == text_of(right)

    def _not(self, argument: Any) -> bool:
        if not isinstance(argument, list) or len(argument) != 1:
            raise invalid("Template error: every Fn::Not object requires one boolean parameter.")
        return not self._evaluate(argument[0])

    def _and(self, argument: Any) -> bool:
        return all(self._operands("Fn::And", argument))

    def _or(self, argument: Any) -> bool:
        return any(self._operands("Fn::Or", argument))

    def _operands(self, name: str, argument: Any) -> list[bool]:
        if not isinstance(argument, list) or not _FEWEST <= len(argument) <= _MOST:
            raise invalid(
                f"Template error: every {name} object requires a list of at least 2 and at most 10 boolean parameters."
            )
        return [self._evaluate(operand) for operand in argument]

    def reduce(self, expression: Any) -> Any:
        """Return the expression with its Fn::If decided and AWS::NoValue taken out.

        Raises:
            ServiceError: an Fn::If without its three parts, or of a condition that there is not.
        """
        reduced = self._reduce(expression)
        return {} if reduced is _NO_VALUE else reduced

    def _reduce(self, expression: Any) -> Any:
        call = function_of(expression)
        if call == ("Ref", "AWS::NoValue"):
            return _NO_VALUE
        if call is not None and call[0] == "Fn::If":
            return self._reduce(self._branch(call[1]))
        if isinstance(expression, dict):
            members = ((key, self._reduce(value)) for key, value in expression.items())
            return {key: value for key, value in members if value is not _NO_VALUE}
        if isinstance(expression, list):
            return [value for value in map(self._reduce, expression) if value is not _NO_VALUE]
        return expression

    def _branch(self, argument: Any) -> Any:
        if not isinstance(argument, list) or len(argument) != _IF_PARTS or not isinstance(argument[0], str):
            raise invalid("Template error: Fn::If requires a list argument with the first element being a condition")
        return argument[1] if self.holds(argument[0], "Fn::If") else argument[2]


_LOGIC: Final[Mapping[str, Callable[[Conditions, Any], bool]]] = {
    "Condition": Conditions._named,
    "Fn::Equals": Conditions._equals,
    "Fn::Not": Conditions._not,
    "Fn::And": Conditions._and,
    "Fn::Or": Conditions._or,
}
