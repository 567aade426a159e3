"""What Lambda measures: namespace AWS/Lambda (developer guide, "Types of metrics for Lambda functions").

Each value is recorded for the account as a whole, for the function, for the function as it was invoked (Resource:
``name``, ``name:prod``), and, through an alias, for the version that the alias led to. A throttled request counts as
Throttles and nothing else; an invocation counts its Errors as 0 or 1, which is what makes their average a rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas.neighbours import Metrics

__all__ = ["Measured", "record_event", "record_invocation", "record_throttle"]

_NAMESPACE = "AWS/Lambda"


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What was invoked, and how: what the dimensions are made of."""

    scope: Scope
    function: str
    qualifier: str | None
    """As invoked: a version, an alias, or None."""
    version_through_alias: str | None
    """Which version an alias led to; None when no alias was used."""

    def dimensions(self) -> tuple[Mapping[str, str], ...]:
        function = {"FunctionName": self.function}
        resource = function | {"Resource": f"{self.function}:{self.qualifier}" if self.qualifier else self.function}
        if self.version_through_alias is None:
            return {}, function, resource
        return {}, function, resource, resource | {"ExecutedVersion": self.version_through_alias}


def record_invocation(
    metrics: Metrics, measured: Measured, *, failed: bool, duration_ms: float, concurrency: int
) -> None:
    """Record an invocation that was not throttled.

    Args:
        metrics: CloudWatch.
        measured: What was invoked.
        failed: Whether the function did.
        duration_ms: How long it ran.
        concurrency: How many of the function ran at once, this one included.
    """
    for dimensions in measured.dimensions():
        for name, value, unit in (
            ("Invocations", 1, "Count"),
            ("Errors", int(failed), "Count"),
            ("Duration", duration_ms, "Milliseconds"),
            ("ConcurrentExecutions", concurrency, "Count"),
        ):
            metrics.record(measured.scope, _NAMESPACE, name, dimensions, value, unit)


def record_throttle(metrics: Metrics, measured: Measured) -> None:
    """Record a request that was refused for being one too many."""
    for dimensions in measured.dimensions():
        metrics.record(measured.scope, _NAMESPACE, "Throttles", dimensions, 1, "Count")


def record_event(metrics: Metrics, scope: Scope, function: str, name: str) -> None:
    """Record what happened to an event: ``AsyncEventsReceived``, ``AsyncEventsDropped``, a failed delivery."""
    for dimensions in ({}, {"FunctionName": function}):
        metrics.record(scope, _NAMESPACE, name, dimensions, 1, "Count")
