"""One request's evidence: answer, access log, execution log and function log, joined by the request's id.

The chain is API Gateway's request id (the answer's ``x-amzn-RequestId``), under which the access log and the execution
log know the request; the execution log and the access log name Lambda's own id of the invocation; under that one the
function's log knows it. A link that is missing is named, with where it was looked for and why it may be missing. On
AWS logs come seconds to minutes late, so this waits while something may still come; where all is there it does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from pytest_rollbacklab.errors import WaitTimeout
from pytest_rollbacklab.model import AccessLogLine, Answer, Evidence, LogLine
from pytest_rollbacklab.observe import access_logs, lambda_logs
from pytest_rollbacklab.observe.log_events import read_events
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.wait import wait_for

__all__ = ["collect"]

_SKEW = timedelta(seconds=5)
_LAMBDA_REQUEST_ID = re.compile(r"Lambda request id: ([0-9a-f-]{36})|x-amzn-RequestId=([0-9a-f-]{36})")
_FUNCTION = re.compile(r":function:([A-Za-z0-9_-]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Switches:
    """What the stage is set to write."""

    access_logs: bool
    execution_logs: bool

    @property
    def any(self) -> bool:
        return self.access_logs or self.execution_logs


def collect(target: Target, resources: StageResources, answer: Answer, *, timeout_s: float = 0.0) -> Evidence:
    """Collect what a request left behind.

    Args:
        answer: What came back; its request id is what everything is joined by.
        timeout_s: Seconds to wait for logs that are written but not yet readable; 0 for none, as on the local AWS.
    """
    switches = _switches(target, resources)
    last: list[Evidence] = []

    def look() -> Evidence | None:
        last[:] = [_look(target, resources, answer, switches)]
        return last[0] if not last[0].missing or not switches.any else None

    try:
        return wait_for("the request's logs", look, timeout_s=timeout_s, check=target.check)
    except WaitTimeout:
        return last[0]


def _look(target: Target, resources: StageResources, answer: Answer, switches: _Switches) -> Evidence:
    request_id, since = answer.request_id, answer.sent_at - _SKEW
    if request_id is None:
        return _empty(answer, "the request's id: the answer has no x-amzn-RequestId, so API Gateway did not make it")
    access = _access_log(target, resources, request_id, since) if switches.access_logs else None
    execution = _execution_log(target, resources, request_id, since) if switches.execution_logs else ()
    lambda_id = _lambda_request_id(access, execution)
    function_lines = _function_log(target, resources, execution, lambda_id, since) if lambda_id else ()
    return Evidence(
        answer=answer,
        access_log=access,
        execution_log=execution,
        function_log_lines=function_lines,
        lambda_request_id=lambda_id,
        missing=tuple(_missing(resources, switches, access, execution, lambda_id, function_lines)),
    )


def _empty(answer: Answer, missing: str) -> Evidence:
    return Evidence(
        answer=answer,
        access_log=None,
        execution_log=(),
        function_log_lines=(),
        lambda_request_id=None,
        missing=(missing,),
    )


def _switches(target: Target, resources: StageResources) -> _Switches:
    stage = target.client("apigateway").get_stage(restApiId=resources.rest_api_id, stageName=resources.api_stage)
    levels = {settings.get("loggingLevel", "OFF") for settings in stage.get("methodSettings", {}).values()}
    return _Switches(access_logs="accessLogSettings" in stage, execution_logs=bool(levels - {"OFF"}))


def _access_log(target: Target, resources: StageResources, request_id: str, since: datetime) -> AccessLogLine | None:
    lines = access_logs.read(target, resources, since=since, request_id=request_id)
    return next((line for line in lines if request_id in line.raw), None)


def execution_group(resources: StageResources) -> str:
    """Return the group that API Gateway writes a stage's execution log to."""
    return f"API-Gateway-Execution-Logs_{resources.rest_api_id}/{resources.api_stage}"


def _execution_log(target: Target, resources: StageResources, request_id: str, since: datetime) -> tuple[LogLine, ...]:
    return read_events(target, execution_group(resources), since=since, pattern=f'"{request_id}"')


def _lambda_request_id(access: AccessLogLine | None, execution: tuple[LogLine, ...]) -> str | None:
    named = access.fields.get("integration.requestId", "-") if access else "-"
    if named not in ("-", ""):
        return named
    for line in execution:
        if found := _LAMBDA_REQUEST_ID.search(line.message):
            return found[1] or found[2]
    return None


def _function_log(
    target: Target, resources: StageResources, execution: tuple[LogLine, ...], lambda_id: str, since: datetime
) -> tuple[LogLine, ...]:
    """Look in the function that the execution log names first, then in the stack's others."""
    text = "".join(line.message for line in execution)
    named = [name for name in dict.fromkeys(_FUNCTION.findall(text)) if name in resources.functions.values()]
    others = [name for name in resources.functions.values() if name not in named]
    for name in named + others:
        if lines := lambda_logs.of_request(target, name, lambda_id, since=since):
            return lines
    return ()


def _missing(
    resources: StageResources,
    switches: _Switches,
    access: AccessLogLine | None,
    execution: tuple[LogLine, ...],
    lambda_id: str | None,
    function_lines: tuple[LogLine, ...],
) -> list[str]:
    missing = []
    if access is None:
        why = "it has not come yet" if switches.access_logs else "access logs are off"
        missing.append(f"the access-log line: stage {resources.api_stage} of {resources.rest_api_id}: {why}")
    if not execution:
        why = "it has not come yet" if switches.execution_logs else "execution logging is off"
        missing.append(f"the execution log: {execution_group(resources)}: {why}")
    if lambda_id is None:
        why = "no function ran (refused, throttled, not permitted)" if access or execution else "no log names it"
        missing.append(f"Lambda's id of the invocation: {why}")
    elif not function_lines:
        missing.append(f"the function's log: no function of {resources.stack_name} has lines of request {lambda_id}")
    return missing
