"""A metric filter: PutMetricFilter's parameters, read and checked, and how it is shown.

The limits are those of PutMetricFilter's page and of the service quotas: one transformation a filter, three dimensions,
no default value beside dimensions. What it makes of events is ``recorder``'s business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, required
from pytest_rollbacklab.localaws.telemetry.logs.patterns import compile_pattern
from pytest_rollbacklab.localaws.telemetry.logs.patterns.comparison import number_in
from pytest_rollbacklab.localaws.telemetry.logs.patterns.extraction import Extraction, extraction_of
from pytest_rollbacklab.localaws.telemetry.metrics.datum import UNITS
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, not_emulated

__all__ = ["MetricFilter", "Transformation", "check_filter_name", "check_length", "read_metric_filter"]

_MAX_DIMENSIONS = 3
_NAME = re.compile(r"[^:*]*")
_METRIC_NAME = re.compile(r"[^:*$]*")
_LONGEST = {"filterName": 512, "filterNamePrefix": 512, "metricName": 255, "metricNamespace": 255, "metricValue": 100}
_NOT_EMULATED = {
    "applyOnTransformedLogs": "Log transformers are not modelled: leave it out.",
    "fieldSelectionCriteria": "Leave it out: logs of other accounts are not modelled.",
    "emitSystemFieldDimensions": "Leave it out: logs of other accounts are not modelled.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Transformation:
    """What becomes of an event that matches."""

    namespace: str
    name: str
    value: str
    """A number, or a selector."""
    default: float | None
    """What a minute is given that has events, but none that matches."""
    unit: str | None
    dimensions: tuple[tuple[str, str], ...]
    """The dimension's name, and a selector."""

    def show(self) -> dict[str, Any]:
        """Return it as DescribeMetricFilters shows it: what was not set is not there, as recorded."""
        shown: dict[str, Any] = {
            "metricName": self.name,
            "metricNamespace": self.namespace,
            "metricValue": self.value,
            "defaultValue": self.default,
            "unit": self.unit,
            "dimensions": dict(self.dimensions) or None,
        }
        return {name: value for name, value in shown.items() if value is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricFilter:
    """One filter of a group."""

    name: str
    pattern: str
    transformation: Transformation
    created_ms: int

    def show(self, group: str) -> dict[str, Any]:
        return {
            "filterName": self.name,
            "filterPattern": self.pattern,
            "metricTransformations": [self.transformation.show()],
            "creationTime": self.created_ms,
            "logGroupName": group,
            "applyOnTransformedLogs": False,
        }


def read_metric_filter(params: Mapping[str, Any], *, now_ms: int) -> MetricFilter:
    """Return the filter that a PutMetricFilter call asks for.

    Raises:
        ServiceError: InvalidParameterException, as recorded where it was; NotImplemented for what is not emulated.
    """
    for option, mend in _NOT_EMULATED.items():
        if params.get(option):
            raise not_emulated(f"{option} of PutMetricFilter", mend)
    name, pattern = check_filter_name(params), required(params, "filterPattern")
    compile_pattern(pattern)
    transformations = required(params, "metricTransformations")
    if len(transformations) != 1:
        size, side = (1, "less") if transformations else (1, "greater")
        constraint = f"Member must have length {side} than or equal to {size}"
        shown = f"[{', '.join(_java(one) for one in transformations)}]"
        raise invalid(constraint_broken(shown, "metricTransformations", constraint))
    transformation = _read_transformation(transformations[0], extraction_of(pattern))
    return MetricFilter(name=name, pattern=pattern, transformation=transformation, created_ms=now_ms)


def check_filter_name(params: Mapping[str, Any]) -> str:
    """Return ``filterName``.

    Raises:
        ServiceError: InvalidParameterException.
    """
    return _check_name(params, "filterName", _NAME)


def check_length(params: Mapping[str, Any], *members: str) -> None:
    """Refuse members that are too long, as recorded.

    Raises:
        ServiceError: InvalidParameterException.
    """
    for member in members:
        value, longest = params.get(member) or "", _LONGEST[member]
        if len(value) > longest:
            raise invalid(constraint_broken(value, member, f"Member must have length less than or equal to {longest}"))


def _read_transformation(params: Mapping[str, Any], extraction: Extraction) -> Transformation:
    namespace = _check_name(params, "metricNamespace", _METRIC_NAME)
    if namespace.startswith("AWS/"):
        raise invalid("Metric namespaces must not begin with 'AWS/', which is reserved.")
    name = _check_name(params, "metricName", _METRIC_NAME)
    value = required(params, "metricValue")
    check_length(params, "metricValue")
    if number_in(value) is None and not extraction.takes(value):
        raise invalid(f"Invalid metric transformation: the metric value '{value}' is neither a number nor a field.")
    dimensions = _read_dimensions(params.get("dimensions") or {}, extraction)
    default, unit = params.get("defaultValue"), params.get("unit")
    if dimensions and default is not None:
        raise invalid("Invalid metric transformation: dimensions and default value are mutually exclusive properties.")
    if unit is not None and unit not in UNITS:
        raise invalid(constraint_broken(unit, "unit", f"Member must satisfy enum value set: [{', '.join(UNITS)}]"))
    return Transformation(
        namespace=namespace,
        name=name,
        value=value,
        default=None if default is None else float(default),
        unit=unit,
        dimensions=dimensions,
    )


def _read_dimensions(dimensions: Mapping[str, str], extraction: Extraction) -> tuple[tuple[str, str], ...]:
    if len(dimensions) > _MAX_DIMENSIONS:
        constraint = f"Member must have length less than or equal to {_MAX_DIMENSIONS}"
        raise invalid(constraint_broken(f"[{len(dimensions)} dimensions]", "dimensions", constraint))
    for name, selector in dimensions.items():
        if not extraction.takes(selector):
            raise invalid(
                f"Invalid metric transformation: the dimension '{name}' has the value '{selector}', which is no field"
                " of a JSON or space-delimited filter pattern."
            )
    return tuple(dimensions.items())


def _check_name(params: Mapping[str, Any], member: str, allowed: re.Pattern[str]) -> str:
    name = str(required(params, member))
    check_length(params, member)
    if not name and member == "filterName":
        raise invalid(constraint_broken(name, member, "Member must have length greater than or equal to 1"))
    if not allowed.fullmatch(name):
        constraint = f"Member must satisfy regular expression pattern: {allowed.pattern}"
        raise invalid(constraint_broken(name, member, constraint))
    return name


def _java(transformation: Mapping[str, Any]) -> str:
    """Write a transformation as AWS's refusals do."""
    members = ("metricName", "metricNamespace", "metricValue", "defaultValue", "unit", "dimensions")
    written: Sequence[str] = [f"{member}={transformation.get(member, 'null')}" for member in members]
    return f"MetricTransformation({', '.join(written)})"
