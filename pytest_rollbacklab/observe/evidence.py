"""One request's evidence: answer, access log, execution log and function log, joined by the request's id.

The chain is API Gateway's request id (the answer's ``x-amzn-RequestId``), under which the access log and the execution
log know the request; these name Lambda's own id of the invocation; under that one the function's log knows it. Where no
log names it, the only invocation at the time of the call is taken, and that is said. What is missing is worded in
``missing_links``. On AWS logs come seconds to minutes late, so this waits while something may still come; where all is
there it does not.
"""

from __future__ import annotations

from datetime import timedelta

from pytest_rollbacklab.errors import WaitTimeout
from pytest_rollbacklab.model import AccessLogLine, Answer, Evidence, LogLine
from pytest_rollbacklab.observe import access_logs, execution_log, invocations, lambda_logs
from pytest_rollbacklab.observe.missing_links import Found, Switches, missing_links
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.wait import wait_for

__all__ = ["collect"]

_SKEW = timedelta(seconds=5)  # how far this machine's clock may be ahead of AWS's
_CLOSE = timedelta(seconds=1)  # where the time alone joins, clocks have to agree better than that


def collect(target: Target, resources: StageResources, answer: Answer, *, timeout_s: float = 0.0) -> Evidence:
    """Collect what a request left behind.

    Args:
        answer: What came back; its request id is what everything is joined by.
        timeout_s: Seconds to wait for logs that are written but not yet readable; 0 for none, as on the local AWS.
    """
    switches = _read_switches(target, resources)
    last: list[Found] = []

    def look() -> Found | None:
        last[:] = [_look(target, resources, answer, switches)]
        return last[0] if last[0].is_whole(switches, answer) else None

    try:
        found = wait_for("the request's logs", look, timeout_s=timeout_s, check=target.check)
    except WaitTimeout:
        found = last[0]
    return Evidence(
        answer=answer,
        access_log=found.access_log,
        execution_log=found.execution_log,
        function_log_lines=found.function_lines,
        lambda_request_id=found.lambda_request_id,
        missing=missing_links(resources, answer, switches, found),
    )


def _read_switches(target: Target, resources: StageResources) -> Switches:
    stage = target.client("apigateway").get_stage(restApiId=resources.rest_api_id, stageName=resources.api_stage)
    settings = stage.get("accessLogSettings") or {}
    levels = {method.get("loggingLevel", "OFF") for method in stage.get("methodSettings", {}).values()}
    return Switches(
        access_log_format=settings.get("format") if ":log-group:" in settings.get("destinationArn", "") else None,
        execution_level=next((level for level in ("INFO", "ERROR") if level in levels), "OFF"),
    )


def _look(target: Target, resources: StageResources, answer: Answer, switches: Switches) -> Found:
    request_id, since = answer.request_id, answer.sent_at - _SKEW
    if request_id is None:
        return Found()
    access = _access_log(target, resources, answer) if switches.access_log_format else None
    execution = (
        execution_log.of_request(target, resources, request_id, since=since)
        if switches.execution_level != "OFF"
        else ()
    )
    lambda_id = _lambda_request_id(access, execution)
    if lambda_id is not None:
        lines = _function_log(target, resources, execution, lambda_id, answer)
        return Found(access_log=access, execution_log=execution, lambda_request_id=lambda_id, function_lines=lines)
    if switches.would_name_the_function(access, execution):
        return Found(access_log=access, execution_log=execution)
    return _by_time(target, resources, answer, Found(access_log=access, execution_log=execution))


def _access_log(target: Target, resources: StageResources, answer: Answer) -> AccessLogLine | None:
    lines = access_logs.read(target, resources, since=answer.sent_at - _SKEW, request_id=answer.request_id)
    return lines[0] if lines else None


def _lambda_request_id(access: AccessLogLine | None, execution: tuple[LogLine, ...]) -> str | None:
    named = access.fields.get("integration.requestId", "-") if access else "-"
    return execution_log.lambda_request_id(execution) if named in ("-", "") else named


def _function_log(
    target: Target, resources: StageResources, execution: tuple[LogLine, ...], lambda_id: str, answer: Answer
) -> tuple[LogLine, ...]:
    """Look in the functions that the execution log names first, then in the stack's others."""
    named = [name for name in execution_log.function_names(execution) if name in resources.functions.values()]
    others = [name for name in resources.functions.values() if name not in named]
    for name in named + others:
        if lines := lambda_logs.of_request(target, name, lambda_id, since=answer.sent_at - _SKEW):
            return lines
    return ()


def _by_time(target: Target, resources: StageResources, answer: Answer, found: Found) -> Found:
    """Take the only invocation that began while the call was under way, of all the stack's functions."""
    since, until = answer.sent_at - _CLOSE, answer.sent_at + timedelta(milliseconds=answer.latency_ms) + _CLOSE
    candidates = [
        invocation
        for name in resources.functions.values()
        for invocation in invocations.read(target, name, since=since, until=until)
    ]
    if len(candidates) != 1:
        return Found(access_log=found.access_log, execution_log=found.execution_log, candidates=len(candidates))
    return Found(
        access_log=found.access_log,
        execution_log=found.execution_log,
        lambda_request_id=candidates[0].request_id,
        function_lines=candidates[0].lines,
        candidates=1,
    )
