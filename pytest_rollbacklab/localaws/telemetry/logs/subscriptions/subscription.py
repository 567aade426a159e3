"""A subscription filter: PutSubscriptionFilter's parameters, read and checked, and how it is shown.

The destination is a Lambda function of the same account and region; Kinesis, Firehose and logical destinations are
refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.telemetry.logs.faults import invalid, required
from pytest_rollbacklab.localaws.telemetry.logs.metric_filters.metric_filter import check_filter_name
from pytest_rollbacklab.localaws.telemetry.logs.patterns import compile_pattern
from pytest_rollbacklab.localaws.telemetry.refusals import constraint_broken, not_emulated

__all__ = ["SubscriptionFilter", "read_subscription"]

_FUNCTION = re.compile(
    r"arn:aws:lambda:([a-z0-9-]+):(\d{12}):function:([A-Za-z0-9_-]{1,64})(?::([A-Za-z0-9$_-]{1,128}))?"
)
_OTHERS = {"kinesis": "a Kinesis stream", "firehose": "a Firehose stream", "logs": "a logical destination"}
_DISTRIBUTIONS = ("Random", "ByLogStream")
_NOT_EMULATED = ("applyOnTransformedLogs", "fieldSelectionCriteria", "emitSystemFields")


@dataclass(frozen=True, kw_only=True, slots=True)
class SubscriptionFilter:
    """One filter of a group."""

    name: str
    pattern: str
    destination: str
    """The function's ARN as it was given."""
    function: str
    qualifier: str | None
    distribution: str
    created_ms: int

    def show(self, group: str) -> dict[str, Any]:
        return {
            "filterName": self.name,
            "logGroupName": group,
            "filterPattern": self.pattern,
            "destinationArn": self.destination,
            "distribution": self.distribution,
            "applyOnTransformedLogs": False,
            "creationTime": self.created_ms,
        }


def read_subscription(params: Mapping[str, Any], scope: Scope, *, now_ms: int) -> SubscriptionFilter:
    """Return the filter that a PutSubscriptionFilter call asks for.

    Args:
        scope: The caller's.

    Raises:
        ServiceError: InvalidParameterException or AccessDeniedException, as recorded where it was; NotImplemented for
            another destination.
    """
    for option in _NOT_EMULATED:
        if params.get(option):
            raise not_emulated(f"{option} of PutSubscriptionFilter", "Leave it out.")
    name, pattern, arn = (
        check_filter_name(params),
        required(params, "filterPattern"),
        required(params, "destinationArn"),
    )
    compile_pattern(pattern)
    distribution = params.get("distribution") or "ByLogStream"
    if distribution not in _DISTRIBUTIONS:
        constraint = f"Member must satisfy enum value set: [{', '.join(_DISTRIBUTIONS)}]"
        raise invalid(constraint_broken(distribution, "distribution", constraint))
    function, qualifier = _read_destination(arn, params, scope)
    group = required(params, "logGroupName")
    if group == f"/aws/lambda/{function}":
        raise not_emulated(
            f"the subscription of {function} to its own log group {group}, which would feed itself without end",
            "Subscribe another function.",
        )
    return SubscriptionFilter(
        name=name,
        pattern=pattern,
        destination=arn,
        function=function,
        qualifier=qualifier,
        distribution=distribution,
        created_ms=now_ms,
    )


def _read_destination(arn: str, params: Mapping[str, Any], scope: Scope) -> tuple[str, str | None]:
    found = _FUNCTION.fullmatch(arn)
    if found is None:
        vendor = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if vendor in ("kinesis", "firehose") and not params.get("roleArn"):
            raise invalid(f"destinationArn for vendor {vendor} cannot be used without roleArn")
        if vendor in _OTHERS:
            raise not_emulated(f"{_OTHERS[vendor]} as a destination ({arn})", "Subscribe a Lambda function.")
        raise invalid(f"Invalid destinationArn: {arn}")
    if found[2] != scope.account_id or found[1] != scope.region:
        raise ServiceError(
            "AccessDeniedException",
            "Cross-account lambda invocation passing is not allowed. You must use DestinationPolicies to create cross"
            " account lambda triggers.",
        )
    if params.get("roleArn"):
        raise invalid("destinationArn for vendor lambda cannot be used with roleArn")
    return found[3], found[4]
