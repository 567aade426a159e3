"""CreateEventSourceMapping and its family: SQS queues and DynamoDB streams. Other sources are refused by name."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Aws, Call, Operation, Scope, ServiceError
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.lambdas.control.constraints import Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import conflict, invalid_parameter, not_found
from pytest_rollbacklab.localaws.lambdas.control.names import function_arn, parse_function_name, partition
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others
from pytest_rollbacklab.localaws.lambdas.control.paging import page
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry, find_version
from pytest_rollbacklab.localaws.lambdas.events.delivery import scope_of_arn
from pytest_rollbacklab.localaws.lambdas.sources.filtering import check_pattern
from pytest_rollbacklab.localaws.lambdas.sources.source import EventSource

__all__ = ["EventSources"]

_BOTH: Final = (
    "UUID",
    "FunctionName",
    "EventSourceArn",
    "Enabled",
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FunctionResponseTypes",
    "FilterCriteria",
)
_STREAMS: Final = (
    "StartingPosition",
    "MaximumRetryAttempts",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
)
_NO_SUCH: Final = "The resource you requested does not exist."


class EventSources:
    """Every mapping of the cloud, with the operations on them: a ``keeping.Part``.

    Args:
        registry: The functions.
        aws: Reaches SQS and DynamoDB, to see that a source is there.
        keeper: Hears of the changes.
        changed: Told the id of each mapping that is made, changed or removed.
    """

    name = "lambda-event-sources"

    def __init__(self, *, registry: Registry, aws: Aws, keeper: Keeper, changed: Callable[[str], object]) -> None:
        self._registry = registry
        self._aws = aws
        self._keeper = keeper
        self._told = changed
        self._sources: dict[str, EventSource] = {}
        self.results: dict[str, str] = {}
        """By id: how the last batch went."""
        self.operations: Mapping[str, Operation] = {
            "CreateEventSourceMapping": self.create,
            "GetEventSourceMapping": self.get,
            "ListEventSourceMappings": self.list,
            "UpdateEventSourceMapping": self.update,
            "DeleteEventSourceMapping": self.delete,
        }

    def ids(self) -> tuple[str, ...]:
        """The id of every mapping."""
        return tuple(self._sources)

    def find(self, source_id: str) -> EventSource | None:
        return self._sources.get(source_id)

    def put(self, source: EventSource) -> None:
        """Take a mapping's new value."""
        self._sources[source.id] = source
        self._keeper.changed(self, source.scope, source.id)

    def dump(self, scope: Scope, key: str) -> object | None:  # noqa: ARG002 - ids are unique
        """Return a mapping by its id."""
        return self._sources.get(key)

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put a mapping back."""
        if state is not None:
            self._sources[key] = state

    async def create(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Have a function run for what comes from a source (CreateEventSourceMapping)."""
        arn = params.get("EventSourceArn") or ""
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if service not in ("sqs", "dynamodb"):
            named = arn or ", ".join(sorted(member for member in params if member.startswith(("Self", "Amazon"))))
            raise invalid_parameter(
                f"The event source {named} is not emulated by this local AWS. Name an SQS queue or a DynamoDB stream."
            )
        refuse_others(params, supported=_BOTH if service == "sqs" else (*_BOTH, *_STREAMS))
        function, qualifier = self._function(call, params["FunctionName"])
        if any((other.arn, other.function) == (arn, function) for other in self._of(call.scope)):
            raise conflict(
                f'The event source arn (" {arn} ") and function (" {function} ") provided mapping already exists.'
            )
        source = EventSource(
            id=str(uuid.uuid4()),
            scope=call.scope,
            function=function,
            qualifier=qualifier,
            arn=arn,
            batch_size=10 if service == "sqs" else 100,
            enabled=params.get("Enabled", True),
        )
        source = _changed(source, params)
        await self._check_source(source)
        self.put(source)
        self._told(source.id)
        return self._describe(source, state="Creating")

    def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a mapping (GetEventSourceMapping)."""
        return self._describe(self._found(call, params))

    def list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell the mappings of a function or a source (ListEventSourceMappings)."""
        name = params.get("FunctionName")
        wanted = parse_function_name(call.scope, name).name if name else None
        found = [
            source
            for source in sorted(self._of(call.scope), key=lambda source: source.id)
            if (wanted in (None, source.function)) and params.get("EventSourceArn") in (None, source.arn)
        ]
        piece, more = page(found, params, key=lambda source: source.id, most=100)
        return {"EventSourceMappings": [self._describe(source) for source in piece]} | more

    def update(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Change what is given (UpdateEventSourceMapping)."""
        source = self._found(call, params)
        refuse_others(params, supported=_BOTH if source.is_queue else (*_BOTH, *_STREAMS))
        if params.get("FunctionName"):
            function, qualifier = self._function(call, params["FunctionName"])
            source = replace(source, function=function, qualifier=qualifier)
        source = _changed(source, params)
        self.put(source)
        self._told(source.id)
        return self._describe(source, state="Updating")

    def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Stop reading a source (DeleteEventSourceMapping)."""
        source = self._found(call, params)
        del self._sources[source.id]
        self._keeper.changed(self, source.scope, source.id)
        self._told(source.id)
        return self._describe(source, state="Deleting")

    def _of(self, scope: Scope) -> tuple[EventSource, ...]:
        return tuple(source for source in self._sources.values() if source.scope == scope)

    def _found(self, call: Call, params: Mapping[str, Any]) -> EventSource:
        source = self._sources.get(params["UUID"])
        if source is None or source.scope != call.scope:
            raise not_found(_NO_SUCH)
        return source

    def _function(self, call: Call, named: str) -> tuple[str, str | None]:
        name = parse_function_name(call.scope, named, action=call.operation)
        function = self._registry.find(call.scope, name.name)
        if function is None:
            raise invalid_parameter("Function does not exist")
        find_version(function, name.qualifier)
        return name.name, name.qualifier

    async def _check_source(self, source: EventSource) -> None:
        if not source.is_queue:
            try:
                await self._aws.call(
                    scope_of_arn(source.arn), "dynamodbstreams", "DescribeStream", {"StreamArn": source.arn}
                )
            except ServiceError as error:
                raise invalid_parameter(f"Stream not found: {source.arn}") from error
            return
        scope, name = scope_of_arn(source.arn), source.arn.split(":")[5]
        try:
            url = (await self._aws.call(scope, "sqs", "GetQueueUrl", {"QueueName": name}))["QueueUrl"]
            asked = {"QueueUrl": url, "AttributeNames": ["VisibilityTimeout"]}
            told = await self._aws.call(scope, "sqs", "GetQueueAttributes", asked)
        except ServiceError as error:
            raise invalid_parameter(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
                "SQS Error Message: The specified queue does not exist."
            ) from error
        visible_s = int(told["Attributes"]["VisibilityTimeout"])
        function = self._registry.find(source.scope, source.function)
        timeout_s = function.latest.configuration.timeout_s if function else 0
        if visible_s < timeout_s:
            raise invalid_parameter(
                f"Queue visibility timeout: {visible_s} seconds is less than Function timeout: {timeout_s} seconds"
            )

    def _describe(self, source: EventSource, state: str | None = None) -> dict[str, Any]:
        region, account = source.scope.region, source.scope.account_id
        arn = f"arn:{partition(region)}:lambda:{region}:{account}"
        described: dict[str, Any] = {
            "UUID": source.id,
            "EventSourceMappingArn": f"{arn}:event-source-mapping:{source.id}",
            "EventSourceArn": source.arn,
            "FunctionArn": function_arn(source.scope, source.function, source.qualifier),
            "BatchSize": source.batch_size,
            "MaximumBatchingWindowInSeconds": source.window_s,
            "FunctionResponseTypes": ["ReportBatchItemFailures"] if source.reports_failures else [],
            "LastModified": source.modified,
            "State": state or ("Enabled" if source.enabled else "Disabled"),
            "StateTransitionReason": "USER_INITIATED" if source.is_queue else "User action",
        }
        if source.filters:
            described["FilterCriteria"] = {"Filters": [{"Pattern": _text(pattern)} for pattern in source.filters]}
        if not source.is_queue:
            described |= {
                "StartingPosition": source.starting_position,
                "MaximumRetryAttempts": source.retries,
                "MaximumRecordAgeInSeconds": source.age_limit_s,
                "BisectBatchOnFunctionError": source.bisects,
                "ParallelizationFactor": 1,
                "TumblingWindowInSeconds": 0,
                "LastProcessingResult": self.results.get(source.id, "No records processed"),
                "DestinationConfig": {"OnFailure": {"Destination": source.on_failure} if source.on_failure else {}},
            }
        return described


def _changed(source: EventSource, params: Mapping[str, Any]) -> EventSource:
    """Return a mapping with what a request asks for, judged."""
    _check(source, params)
    changes: dict[str, Any] = {"modified": datetime.now(UTC)}
    for member, name in (
        ("BatchSize", "batch_size"),
        ("MaximumBatchingWindowInSeconds", "window_s"),
        ("Enabled", "enabled"),
        ("StartingPosition", "starting_position"),
        ("MaximumRetryAttempts", "retries"),
        ("MaximumRecordAgeInSeconds", "age_limit_s"),
        ("BisectBatchOnFunctionError", "bisects"),
    ):
        if params.get(member) is not None:
            changes[name] = params[member]
    if params.get("FunctionResponseTypes") is not None:
        changes["reports_failures"] = "ReportBatchItemFailures" in params["FunctionResponseTypes"]
    if params.get("FilterCriteria") is not None:
        given = params["FilterCriteria"].get("Filters") or []
        changes["filters"] = tuple(check_pattern(entry["Pattern"]) for entry in given)
    if params.get("DestinationConfig") is not None:
        changes["on_failure"] = _destination(params["DestinationConfig"])
    source = replace(source, **changes)
    if source.is_queue and source.batch_size > 10 and source.window_s < 1:
        raise invalid_parameter(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )
    if not source.is_queue and source.starting_position not in ("TRIM_HORIZON", "LATEST"):
        raise invalid_parameter(
            "1 validation error detected: Value 'null' at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null."
            if source.starting_position is None
            else f"Unsupported starting position for arn type: {source.arn}"
        )
    return source


def _check(source: EventSource, params: Mapping[str, Any]) -> None:
    violations = Violations()
    violations.between("batchSize", params.get("BatchSize"), 1, 10000)
    violations.between("maximumBatchingWindowInSeconds", params.get("MaximumBatchingWindowInSeconds"), 0, 300)
    violations.between("maximumRetryAttempts", params.get("MaximumRetryAttempts"), -1, 10000)
    violations.between("maximumRecordAgeInSeconds", params.get("MaximumRecordAgeInSeconds"), -1, 604800)
    violations.check()
    if len((params.get("FilterCriteria") or {}).get("Filters") or []) > 5:
        raise invalid_parameter("A mapping has 5 filters at most.")
    if source.arn.endswith(".fifo") and params.get("MaximumBatchingWindowInSeconds"):
        raise invalid_parameter("Batching window is not supported for FIFO queues")


def _destination(config: Mapping[str, Any]) -> str | None:
    refuse_others(config, supported=("OnFailure",), prefix="DestinationConfig.")
    arn: str | None = (config.get("OnFailure") or {}).get("Destination") or None
    if arn is not None and arn.split(":")[2:3] not in (["sqs"], ["sns"]):
        raise invalid_parameter(
            f"The destination {arn} is not emulated by this local AWS. Name an SQS queue or an SNS topic."
        )
    return arn


def _text(pattern: Mapping[str, Any]) -> str:
    return json.dumps(pattern, separators=(",", ":"))
