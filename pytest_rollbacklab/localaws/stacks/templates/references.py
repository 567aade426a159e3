"""Find what an expression refers to, without evaluating it.

The same walk checks the form of every function, so that a template is refused for it before anything is made, and
refuses dynamic references by name: text with ``{{resolve:`` in it would else reach a service as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.stacks.refusals import not_emulated
from pytest_rollbacklab.localaws.stacks.templates.intrinsics import attribute_argument, check, function_of, sub_names

__all__ = ["Reference", "import_names", "references"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """One mention of a resource, parameter or pseudo parameter."""

    name: str
    attribute: str | None = None
    """For Fn::GetAtt, and for ``${name.attribute}`` in Fn::Sub."""
    by: str = "Ref"
    """The function that mentions it."""

    @property
    def entity(self) -> str:
        """As a change set names it in CausingEntity."""
        return self.name if self.attribute is None else f"{self.name}.{self.attribute}"


def references(expression: Any) -> tuple[Reference, ...]:
    """Return every reference in an expression, each once, in the order in which they stand.

    Raises:
        ServiceError: a function whose argument has not its form, or that is not emulated.
    """
    return tuple(dict.fromkeys(_walk(expression)))


def import_names(expression: Any) -> Iterator[Any]:
    """Yield the argument of every Fn::ImportValue: an expression itself."""
    if isinstance(expression, dict):
        for name, value in expression.items():
            if name == "Fn::ImportValue":
                yield value
            yield from import_names(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from import_names(value)


def _walk(expression: Any) -> Iterator[Reference]:
    call = function_of(expression)
    if call is not None:
        check(*call)
        yield from _of_call(*call)
    elif isinstance(expression, dict):
        for value in expression.values():
            yield from _walk(value)
    elif isinstance(expression, list):
        for value in expression:
            yield from _walk(value)
    elif isinstance(expression, str) and "{{resolve:" in expression:
        raise not_emulated(f"dynamic references ({expression!r})")


def _of_call(name: str, argument: Any) -> Iterator[Reference]:
    if name == "Ref":
        yield Reference(name=argument)
    elif name == "Fn::GetAtt":
        resource, attribute = attribute_argument(argument)
        yield Reference(name=resource, attribute=attribute, by=name)
    elif name == "Fn::Sub":
        free, _, own = sub_names(argument)
        for mentioned in free:
            resource, dot, attribute = mentioned.partition(".")
            is_attribute = bool(dot) and not mentioned.startswith("AWS::")
            yield Reference(name=resource if is_attribute else mentioned, attribute=attribute or None, by=name)
        yield from _walk(own)
    else:
        yield from _walk(argument)
