"""What is missing of a request's evidence: which link, where it was looked for, and why it may be missing.

A pure function of what was found and of what the stage is set to write. The reasons are those that an engineer would
look for first: a log that is off, one that is late, a function that never ran because the call was refused on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pytest_rollbacklab.model import AccessLogLine, Answer, LogLine
from pytest_rollbacklab.observe import execution_log
from pytest_rollbacklab.observe.access_log_format import line_format
from pytest_rollbacklab.observe.resources import StageResources

__all__ = ["Asked", "Found", "Switches", "links", "missing_links"]

_REPORT = "REPORT RequestId: "
_REASONS = ("integrationErrorMessage", "error.message", "integration.error")
_THROTTLED = "Rate Exceeded"
_FIRST_FAILURE = 400
_UNNAMED = "no log of the gateway names it"
_NO_ID = "the request's id: the answer has no x-amzn-RequestId header, so API Gateway did not make it"
_NO_ANSWER = "the answer: only the request's id is known; status, method and path are what the logs say"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The request whose evidence is wanted: what is known of it before its logs are read."""

    request_id: str | None
    """API Gateway's own; None when there is none, or only Lambda's is known."""
    given_id: str | None = None
    """What was looked for when no answer is in hand: API Gateway's id or Lambda's."""
    answer: Answer | None = None
    status: int | None = None
    since: datetime | None = None
    """Before which nothing of it can have been written."""
    until: datetime | None = None
    span: tuple[datetime, datetime] | None = None
    """When it was sent and answered, as far as that is known."""

    @property
    def absence(self) -> str:
        """Why a log that is on may have no line of it."""
        if self.given_id is None:
            return "it has not come yet"
        return f"no line names {self.given_id}: it has not come yet, it is gone, or the request was another stage's"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What was found of one request."""

    access_log: AccessLogLine | None = None
    execution_log: tuple[LogLine, ...] = ()
    lambda_request_id: str | None = None
    function_lines: tuple[LogLine, ...] = ()
    candidates: int | None = None
    """How many invocations there were at the time of the call, where no log named the one; None where one did."""
    untimed: bool = False
    """Whether no log named the invocation, and none told the time of the call."""
    metrics: Mapping[str, float] | None = None
    """None when the time of the call is not known."""

    def is_whole(self, switches: Switches, asked: Asked) -> bool:
        """Say whether nothing more can be expected to come."""
        if switches.access_log_format and self.access_log is None:
            return False
        if switches.logs_execution_of(asked) and not execution_log.is_whole(self.execution_log):
            return False
        if self.lambda_request_id is None:
            named = switches.would_name_the_function(self.access_log, self.execution_log)
            return named or not switches.any_log or (self.candidates or 0) > 1
        return self.throttled or any(line.message.startswith(_REPORT) for line in self.function_lines)

    @property
    def reason(self) -> str | None:
        """Why no function ran or why it failed, as far as the gateway says it."""
        fields = self.access_log.fields if self.access_log else {}
        said = (fields[name] for name in _REASONS if fields.get(name, "-") not in ("-", ""))
        return execution_log.failure(self.execution_log) or next(said, None)

    @property
    def throttled(self) -> bool:
        """Whether Lambda refused the call, so that no function ran although it has an id."""
        return not self.function_lines and _THROTTLED in (self.reason or "")


@dataclass(frozen=True, kw_only=True, slots=True)
class Switches:
    """What the stage is set to write."""

    access_log_format: str | None
    """None when access logs are off, or go where they cannot be read back."""
    execution_level: str
    """INFO, ERROR or OFF."""

    @property
    def any_log(self) -> bool:
        return self.access_log_format is not None or self.execution_level != "OFF"

    def logs_execution_of(self, asked: Asked) -> bool:
        failed = asked.status is None or asked.status >= _FIRST_FAILURE
        return self.execution_level == "INFO" or (self.execution_level == "ERROR" and failed)

    def would_name_the_function(self, access: AccessLogLine | None, execution: tuple[LogLine, ...]) -> bool:
        """Say whether what has come would name Lambda's id if a function had been called."""
        variables = line_format(self.access_log_format).variables if self.access_log_format else ()
        if access is not None and "integration.requestId" in variables:
            return True
        return self.execution_level == "INFO" and execution_log.is_whole(execution)


def missing_links(resources: StageResources, asked: Asked, switches: Switches, found: Found) -> tuple[str, ...]:
    """Return a sentence for each link of the chain of logs that is not there; none when it is whole."""
    if asked.request_id is None and asked.answer is not None:
        return (_NO_ID,)
    return (
        *_access_log(resources, asked, switches, found),
        *_execution_log(resources, asked, switches, found),
        *_invocation(resources, asked, found),
    )


def links(resources: StageResources, asked: Asked, switches: Switches, found: Found) -> Mapping[str, str | None]:
    """Return for each kind of evidence None when it is there, else a sentence that says why it is not."""
    logs: dict[str, Iterator[str]] = {
        "access log": _access_log(resources, asked, switches, found),
        "execution log": _execution_log(resources, asked, switches, found),
        "function log": iter(()) if found.function_lines else _invocation(resources, asked, found),
    }
    nameless = asked.request_id is None and asked.answer is not None
    return {
        "answer": None if asked.answer is not None else _NO_ANSWER,
        **{name: _NO_ID if nameless else next(sentences, None) for name, sentences in logs.items()},
        "metrics": next(_metrics(resources, found), None),
    }


def _access_log(resources: StageResources, asked: Asked, switches: Switches, found: Found) -> Iterator[str]:
    if found.access_log is None:
        off = switches.access_log_format is None
        why = "access logs are off (switch them on: enable_access_logs())" if off else asked.absence
        yield f"the access-log line: stage {resources.api_stage} of API {resources.rest_api_id}: {why}"


def _execution_log(resources: StageResources, asked: Asked, switches: Switches, found: Found) -> Iterator[str]:
    if found.execution_log:
        return
    why = asked.absence
    if switches.execution_level == "OFF":
        why = "execution logging is off (enable_access_logs() switches it on, too)"
    elif not switches.logs_execution_of(asked):
        why = "at the level ERROR only requests that failed are logged"
    yield f"the execution log: {execution_log.group_of(resources)}: {why}"


def _invocation(resources: StageResources, asked: Asked, found: Found) -> Iterator[str]:
    functions = ", ".join(resources.functions.values()) or "none"
    if found.untimed:
        yield f"Lambda's id of the invocation: {_UNNAMED}; no log tells when {asked.given_id} was made, either"
    elif found.candidates is not None:
        yield f"Lambda's id of the invocation: {_UNNAMED}; {_by_time(found.candidates, functions)}"
    elif found.lambda_request_id is None:
        because = f": {found.reason}" if found.reason else " (refused, answered by a mock, or its log is not there yet)"
        yield f"Lambda's id of the invocation: by the gateway's logs no function was called{because}"
    elif found.throttled:
        yield f"the function's log: the call was throttled, and a throttled call runs nothing: {found.reason}"
    elif not found.function_lines:
        looked = f"no line of request {found.lambda_request_id} in the logs of {functions}"
        yield f"the function's log: {looked}: it has not come yet, or another stack's function was called"


def _by_time(candidates: int, functions: str) -> str:
    if candidates == 1:
        return "the only invocation at the time of the call was taken for it"
    return f"at the time of the call there were {candidates or 'no'} invocations of {functions}"


def _metrics(resources: StageResources, found: Found) -> Iterator[str]:
    if found.metrics is None:
        yield "the metrics: nothing tells when the request was made"
    elif not found.metrics.get("Count"):
        where = f"stage {resources.api_stage} of API {resources.rest_api_id}"
        yield f"the metrics: {where}: AWS/ApiGateway has no Count at the time of the call: it has not come yet"
