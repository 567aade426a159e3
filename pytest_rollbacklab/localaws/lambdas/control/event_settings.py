"""What becomes of a function's events (Event invocations): retries, age, destinations; and the operations that say so.

A setting belongs to a function, a version or an alias, and is looked up when an event ends, under the qualifier that it
was invoked by. Sending is ``events.delivery``'s work. Destinations are SQS queues, SNS topics and functions; S3 and
EventBridge are refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.lambdas.control.constraints import Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter, not_found, validation
from pytest_rollbacklab.localaws.lambdas.control.function import EventSettings, Function
from pytest_rollbacklab.localaws.lambdas.control.names import LATEST, parse_function_name
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others
from pytest_rollbacklab.localaws.lambdas.control.paging import page
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry

__all__ = ["EventSettingOperations"]

_SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
_MEMBERS = ("FunctionName", "Qualifier", *_SETTINGS)
_DESTINATION = (
    r"^$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:"
    r"((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)"
)
_REFUSED_DESTINATIONS = {"events": "an EventBridge bus", "s3": "an S3 bucket"}


class EventSettingOperations:
    """PutFunctionEventInvokeConfig and its family.

    Args:
        registry: The functions.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "PutFunctionEventInvokeConfig": self.put,
            "UpdateFunctionEventInvokeConfig": self.update,
            "GetFunctionEventInvokeConfig": self.get,
            "DeleteFunctionEventInvokeConfig": self.delete,
            "ListFunctionEventInvokeConfigs": self.list,
        }

    def put(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Set everything anew; what is not given is AWS's default (PutFunctionEventInvokeConfig)."""
        function, qualifier = self._addressed(call, params)
        return self._set(function, qualifier, EventSettings(), params)

    def update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Change what is given (UpdateFunctionEventInvokeConfig)."""
        function, qualifier = self._addressed(call, params)
        return self._set(function, qualifier, _found(function, qualifier), params)

    def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell the settings (GetFunctionEventInvokeConfig)."""
        function, qualifier = self._addressed(call, params)
        return _describe(function, qualifier, _found(function, qualifier))

    def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Go back to AWS's defaults (DeleteFunctionEventInvokeConfig)."""
        function, qualifier = self._addressed(call, params)
        _found(function, qualifier)
        function.event_settings = {name: kept for name, kept in function.event_settings.items() if name != qualifier}
        return {}

    def list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell the settings of a function and of its versions and aliases (ListFunctionEventInvokeConfigs)."""
        function, _ = self._registry.named_by(call, params["FunctionName"])
        piece, more = page(sorted(function.event_settings.items()), params, key=lambda entry: entry[0])
        return {"FunctionEventInvokeConfigs": [_describe(function, *entry) for entry in piece]} | more

    def _addressed(self, call: Call, params: Mapping[str, Any]) -> tuple[Function, str]:
        refuse_others(params, supported=_MEMBERS)
        name = parse_function_name(call.scope, params["FunctionName"], params.get("Qualifier"), action=call.operation)
        function = self._registry.find(call.scope, name.name)
        qualifier = name.qualifier or LATEST
        if function is None or (qualifier not in function.aliases and function.version(qualifier) is None):
            raise not_found("The function doesn't exist.")
        return function, qualifier

    def _set(
        self, function: Function, qualifier: str, settings: EventSettings, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        _check(params)
        destinations = params.get("DestinationConfig")
        changes: dict[str, Any] = {"modified": datetime.now(UTC)}
        if destinations is not None:
            changes["on_success"] = self._destination(function, destinations, "OnSuccess")
            changes["on_failure"] = self._destination(function, destinations, "OnFailure")
        if params.get("MaximumRetryAttempts") is not None:
            changes["retries"] = params["MaximumRetryAttempts"]
        if params.get("MaximumEventAgeInSeconds") is not None:
            changes["age_limit_s"] = params["MaximumEventAgeInSeconds"]
        settings = replace(settings, **changes)
        function.event_settings = {**function.event_settings, qualifier: settings}
        return _describe(function, qualifier, settings)

    def _destination(self, function: Function, destinations: Mapping[str, Any], which: str) -> str | None:
        arn: str | None = (destinations.get(which) or {}).get("Destination")
        if not arn:
            return None
        service = arn.split(":")[2]
        if service == "lambda":
            name = arn.split(":")[6] if arn.count(":") >= 6 else ""
            if name == function.name:
                raise invalid_parameter("You can't specify the function as a destination for itself.")
            if self._registry.find(function.scope, name) is None:
                raise invalid_parameter(f"The destination ARN {arn} is invalid.")
        elif service in _REFUSED_DESTINATIONS:
            raise invalid_parameter(
                f"{_REFUSED_DESTINATIONS[service]} as a destination (DestinationConfig.{which}.Destination={arn}) is "
                "not emulated by this local AWS. Name an SQS queue, an SNS topic or a function."
            )
        elif service not in ("sqs", "sns"):
            told = ", ".join(_told(destinations, side) for side in ("OnSuccess", "OnFailure"))
            raise invalid_parameter(f"The provided destination config DestinationConfig({told}) is invalid.")
        return arn


def _check(params: Mapping[str, Any]) -> None:
    if all(params.get(member) is None for member in _SETTINGS):
        raise invalid_parameter("You must specify at least one of error handling or destination setting.")
    violations = Violations()
    violations.between("maximumRetryAttempts", params.get("MaximumRetryAttempts"), 0, 2)
    violations.between("maximumEventAgeInSeconds", params.get("MaximumEventAgeInSeconds"), 60, 21600)
    violations.check()
    destinations = params.get("DestinationConfig") or {}
    for which in ("OnSuccess", "OnFailure"):
        arn = (destinations.get(which) or {}).get("Destination")
        if arn and not re.fullmatch(_DESTINATION, arn):
            member = f"destinationConfig.{which[0].lower()}{which[1:]}.destination"
            wanted = f"Member must satisfy regular expression pattern: {_DESTINATION}"
            raise validation([f"Value '{arn}' at '{member}' failed to satisfy constraint: {wanted}"])


def _told(destinations: Mapping[str, Any], which: str) -> str:
    arn = (destinations.get(which) or {}).get("Destination")
    member = f"{which[0].lower()}{which[1:]}"
    return f"{member}={which}(destination={arn})" if arn else f"{member}=null"


def _found(function: Function, qualifier: str) -> EventSettings:
    settings = function.event_settings.get(qualifier)
    if settings is None:
        raise not_found(f"The function {function.arn(qualifier)} doesn't have an EventInvokeConfig")
    return settings


def _describe(function: Function, qualifier: str, settings: EventSettings) -> dict[str, Any]:
    described: dict[str, Any] = {
        "FunctionArn": function.arn(qualifier),
        "LastModified": settings.modified,
        "DestinationConfig": {
            "OnSuccess": {"Destination": settings.on_success} if settings.on_success else {},
            "OnFailure": {"Destination": settings.on_failure} if settings.on_failure else {},
        },
    }
    if settings.retries is not None:
        described["MaximumRetryAttempts"] = settings.retries
    if settings.age_limit_s is not None:
        described["MaximumEventAgeInSeconds"] = settings.age_limit_s
    return described
