"""One request's evidence: answer, access log, execution log, function log and metrics, joined by the request's id.

The chain is API Gateway's request id (the answer's ``x-amzn-RequestId``), under which the access log and the execution
log know the request; these name Lambda's own id of the invocation; under that one the function's log knows it. Where no
log names it, the only invocation at the time of the call is taken, and that is said. What is missing is worded in
``missing_links``; where a request is known by an id alone, ``tracing`` finds out what it was. On AWS logs come seconds
to minutes late, so ``collect`` waits while something may still come; where all is there it does not.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pytest_rollbacklab.errors import WaitTimeout
from pytest_rollbacklab.model import AccessLogLine, Answer, Evidence, LogLine
from pytest_rollbacklab.observe import execution_log, invocations, lambda_logs, tracing
from pytest_rollbacklab.observe.access_log_lines import read
from pytest_rollbacklab.observe.missing_links import Asked, Found, Switches, links, missing_links
from pytest_rollbacklab.observe.request_metrics import read_request_metrics
from pytest_rollbacklab.observe.resources import StageResources
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.wait import wait_for

__all__ = ["collect", "find"]

_SKEW = timedelta(seconds=5)  # how far this machine's clock may be ahead of AWS's
_CLOSE = timedelta(seconds=1)  # where the time alone joins, clocks have to agree better than that


def collect(target: Target, resources: StageResources, answer: Answer, *, timeout_s: float = 0.0) -> Evidence:
    """Collect what a request left behind.

    Args:
        answer: What came back; its request id is what everything is joined by.
        timeout_s: Seconds to wait for logs that are written but not yet readable; 0 for none, as on the local AWS.
    """
    switches = _read_switches(target, resources)
    asked = Asked(
        request_id=answer.request_id,
        answer=answer,
        status=answer.status,
        since=answer.sent_at - _SKEW,
        span=(answer.sent_at, answer.sent_at + timedelta(milliseconds=answer.latency_ms)),
    )
    last: list[Found] = []

    def look() -> Found | None:
        last[:] = [_look(target, resources, asked, switches)]
        return last[0] if last[0].is_whole(switches, asked) else None

    try:
        found = wait_for("the request's logs", look, timeout_s=timeout_s, check=target.check)
    except WaitTimeout:
        found = last[0]
    return _evidence(target, resources, asked, switches, found)


def find(target: Target, resources: StageResources, request_id: str, *, around: datetime | None = None) -> Evidence:
    """Find what a request left behind by an id alone; what cannot be found is named in the evidence.

    Args:
        request_id: API Gateway's, or Lambda's of the invocation.
        around: When it was made, to within a quarter of an hour; None to look from now backwards.
    """
    switches = _read_switches(target, resources)
    has_access_log = switches.access_log_format is not None
    trace = tracing.trace(target, resources, request_id, around=around, has_access_log=has_access_log)
    asked = tracing.asked(request_id, trace)
    if trace is None or trace.gateway_request_id is not None:
        found = Found(untimed=True) if trace is None else _look(target, resources, asked, switches)
    else:
        lines = lambda_logs.of_request(target, trace.function_name, request_id, since=asked.since, until=asked.until)
        found = Found(lambda_request_id=request_id, function_lines=lines)
    return _evidence(target, resources, asked, switches, found)


def _read_switches(target: Target, resources: StageResources) -> Switches:
    stage = target.client("apigateway").get_stage(restApiId=resources.rest_api_id, stageName=resources.api_stage)
    settings = stage.get("accessLogSettings") or {}
    levels = {method.get("loggingLevel", "OFF") for method in stage.get("methodSettings", {}).values()}
    return Switches(
        access_log_format=settings.get("format") if ":log-group:" in settings.get("destinationArn", "") else None,
        execution_level=next((level for level in ("INFO", "ERROR") if level in levels), "OFF"),
    )


def _look(target: Target, resources: StageResources, asked: Asked, switches: Switches) -> Found:
    request_id = asked.request_id
    if request_id is None:
        return Found()
    access = _access_log(target, resources, asked) if switches.access_log_format else None
    execution = (
        execution_log.of_request(target, resources, request_id, since=asked.since, until=asked.until)
        if switches.execution_level != "OFF"
        else ()
    )
    found = Found(access_log=access, execution_log=execution)
    lambda_id = _lambda_request_id(access, execution)
    if lambda_id is not None:
        lines = _function_log(target, resources, execution, lambda_id, asked)
        return dataclasses.replace(found, lambda_request_id=lambda_id, function_lines=lines)
    if switches.would_name_the_function(access, execution):
        return found
    return _by_time(target, resources, asked, found)


def _access_log(target: Target, resources: StageResources, asked: Asked) -> AccessLogLine | None:
    lines = read(target, resources, since=asked.since, until=asked.until, request_id=asked.request_id)
    return lines[0] if lines else None


def _lambda_request_id(access: AccessLogLine | None, execution: tuple[LogLine, ...]) -> str | None:
    named = access.fields.get("integration.requestId", "-") if access else "-"
    return execution_log.lambda_request_id(execution) if named in ("-", "") else named


def _function_log(
    target: Target, resources: StageResources, execution: tuple[LogLine, ...], lambda_id: str, asked: Asked
) -> tuple[LogLine, ...]:
    """Look in the functions that the execution log names first, then in the stack's others."""
    named = [name for name in execution_log.function_names(execution) if name in resources.functions.values()]
    others = [name for name in resources.functions.values() if name not in named]
    for name in named + others:
        if lines := lambda_logs.of_request(target, name, lambda_id, since=asked.since, until=asked.until):
            return lines
    return ()


def _by_time(target: Target, resources: StageResources, asked: Asked, found: Found) -> Found:
    """Take the only invocation that began while the call was under way, of all the stack's functions."""
    if asked.span is None:
        return dataclasses.replace(found, untimed=True)
    since, until = asked.span[0] - _CLOSE, asked.span[1] + _CLOSE
    candidates = [
        invocation
        for name in resources.functions.values()
        for invocation in invocations.read(target, name, since=since, until=until)
    ]
    if len(candidates) != 1:
        return dataclasses.replace(found, candidates=len(candidates))
    (only,) = candidates
    return dataclasses.replace(found, lambda_request_id=only.request_id, function_lines=only.lines, candidates=1)


def _evidence(target: Target, resources: StageResources, asked: Asked, switches: Switches, found: Found) -> Evidence:
    if asked.span is not None:
        metrics = read_request_metrics(target, resources, asked.span, found.function_lines)
        found = dataclasses.replace(found, metrics=metrics)
    fields = found.access_log.fields if found.access_log else {}
    told_method, told_path = execution_log.request_line(found.execution_log) or (None, None)
    answer = asked.answer
    return Evidence(
        answer=answer,
        access_log=found.access_log,
        execution_log=found.execution_log,
        function_log_lines=found.function_lines,
        lambda_request_id=found.lambda_request_id,
        missing=missing_links(resources, asked, switches, found),
        request_id=asked.request_id,
        at=asked.span[0] if asked.span else None,
        method=answer.method if answer else fields.get("httpMethod", told_method),
        path=fields.get("path", told_path or (urlsplit(answer.url).path if answer else None)),
        status=asked.status or execution_log.status(found.execution_log),
        metrics=found.metrics or {},
        links=links(resources, asked, switches, found),
    )
