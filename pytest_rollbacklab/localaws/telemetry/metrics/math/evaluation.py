"""Expressions computed: from the series of a request's metrics to those of its expressions."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.telemetry.metrics.faults import validation_error
from pytest_rollbacklab.localaws.telemetry.metrics.math.functions import FUNCTIONS, Span
from pytest_rollbacklab.localaws.telemetry.metrics.math.syntax import (
    Array,
    Binary,
    FunctionCall,
    Id,
    Node,
    Number,
    Text,
)
from pytest_rollbacklab.localaws.telemetry.metrics.math.values import OPERATORS, TimeSeries, Value, combine

__all__ = ["evaluate"]

_WORDS = ("REPEAT", "LINEAR")


def evaluate(identity: str, node: Node, known: Mapping[str, Value], span: Span) -> list[TimeSeries]:
    """Return the time series that an expression comes to; none where there is nothing to compute it from.

    Args:
        identity: The query's id.
        known: What the ids that it names came to.
        span: The window, and the metrics of the request.

    Raises:
        ServiceError: ValidationError: it takes what it is not for, or comes to a number.
    """
    value = value_of(identity, node, known, span)
    if value is None:
        return []
    if isinstance(value, TimeSeries):
        return [value]
    if isinstance(value, list):
        return value
    raise validation_error(f"The expression of '{identity}' must return a time series or an array of time series.")


def value_of(identity: str, node: Node, known: Mapping[str, Value], span: Span) -> Value | None:
    """Return what a node comes to; None where there is no value, such as the average of nothing."""
    try:
        return _value(node, known, span)
    except TypeError as error:
        raise _fault(identity, str(error)) from error
    except ArithmeticError:
        return None


def _value(node: Node, known: Mapping[str, Value], span: Span) -> Value:
    match node:
        case Number(value=number):
            return number
        case Text(value=text):
            return text
        case Id(name=name):
            return known.get(name, name)
        case Array(members=members):
            return [one for member in members for one in _listed(_value(member, known, span))]
        case Binary(sign=sign, left=left, right=right):
            return combine(OPERATORS[sign], _value(left, known, span), _value(right, known, span))
        case FunctionCall(function=function, arguments=arguments):
            return FUNCTIONS[function](span, [_value(argument, known, span) for argument in arguments])


def _listed(value: Value) -> list[TimeSeries]:
    if isinstance(value, list):
        return value
    if isinstance(value, TimeSeries):
        return [value]
    raise TypeError("an array holds time series")


def _fault(identity: str, why: str) -> ServiceError:
    return validation_error(f"Error in expression '{identity}': {why}.")
