"""The execution log: what the gateway did with a request, line by line, in API Gateway's words.

The lines are those of apigw-test-invoke-method-log in AWS's recordings, with the request's id before each as in
CloudWatch, and those that only CloudWatch has around them. At ERROR there is what went wrong and the status; at INFO
there is the way too; with data tracing, what was sent and received. A line ends at 1,024 characters. A request that
came to no method leaves nothing here: the access log has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from pytest_rollbacklab.localaws.gateway.apis.stage import MethodSetting
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route
from pytest_rollbacklab.localaws.gateway.execution.exchange import AuthorizerCall, Exchange
from pytest_rollbacklab.localaws.gateway.execution.masking import masked, redacted
from pytest_rollbacklab.localaws.gateway.records.authorizer_lines import authorizer_lines
from pytest_rollbacklab.localaws.gateway.records.endpoint_lines import endpoint_lines, pairs, received_body, shown
from pytest_rollbacklab.localaws.http import HttpResponse

__all__ = ["authorizer_trial_log", "execution_log", "trial_log"]

_LONGEST = 1024


def execution_log(exchange: Exchange, setting: MethodSetting) -> list[str]:
    """Return the lines of a request: none when it came to no method, is not logged, or went well at ERROR."""
    if exchange.route is None:
        return []
    if setting.logging_level == "INFO":
        lines = _at_info(exchange, data_trace=setting.data_trace_enabled)
    elif setting.logging_level == "ERROR" and exchange.fault is not None:
        lines = _at_error(exchange, data_trace=setting.data_trace_enabled)
    else:
        return []
    return [f"({exchange.request_id}) {_cut(line)}" for line in lines]


def _at_error(exchange: Exchange, *, data_trace: bool) -> Iterator[str]:
    assert exchange.fault is not None
    call = exchange.call
    if data_trace and call is not None and call.payload is not None and not call.function_failed:
        yield received_body(call)
    yield from exchange.fault.said
    yield f"Method completed with status: {exchange.answer.status}"


def _at_info(exchange: Exchange, *, data_trace: bool) -> Iterator[str]:
    assert exchange.route is not None
    yield f"Extended Request Id: {exchange.extended_request_id}"
    if exchange.authorizer is not None:
        yield from authorizer_lines(exchange, exchange.authorizer, data_trace=data_trace)
    if exchange.was_admitted:
        yield from _metering(exchange, exchange.route)
    if exchange.was_metered:
        yield f"Starting execution for request: {exchange.request_id}"
        yield f"HTTP Method: {exchange.request.method}, Resource Path: {exchange.path}"
        if data_trace:
            yield from _request(exchange)
            yield from endpoint_lines(exchange)
    yield from _outcome(exchange, data_trace=data_trace)
    if exchange.call is not None and exchange.call.known_request_id is not None:
        yield f"AWS Integration Endpoint RequestId : {exchange.call.known_request_id}"


def trial_log(exchange: Exchange) -> str:
    """Return what TestInvokeMethod tells of a request (as recorded: apigw-test-invoke-method-log)."""
    lines = [
        f"Starting execution for request: {exchange.request_id}",
        f"HTTP Method: {exchange.request.method}, Resource Path: {exchange.path}",
        *_request(exchange),
        *endpoint_lines(exchange),
        *_outcome(exchange, data_trace=True),
    ]
    return _stamped(exchange, lines)


def authorizer_trial_log(exchange: Exchange, call: AuthorizerCall) -> str:
    """Return what TestInvokeAuthorizer tells of a request."""
    said = exchange.fault.said if exchange.fault else ()
    return _stamped(exchange, [*authorizer_lines(exchange, call, data_trace=True), *said])


def _stamped(exchange: Exchange, lines: Iterable[str]) -> str:
    stamp = f"{datetime.fromtimestamp(exchange.received_at, UTC):%a %b %d %H:%M:%S UTC %Y} : "
    told = "".join(f"{stamp}{_cut(line)}\n" for line in lines)
    return f"Execution log for request {exchange.request_id}\n{told}"


def _outcome(exchange: Exchange, *, data_trace: bool) -> Iterator[str]:
    if exchange.fault is not None:
        yield from exchange.fault.said
    else:
        if data_trace:
            yield from _response(exchange.answer)
        yield "Successfully completed execution"
    yield f"Method completed with status: {exchange.answer.status}"


def _metering(exchange: Exchange, route: Route) -> Iterator[str]:
    stage, key = exchange.live.place, masked(exchange.api_key.value) if exchange.api_key else ""
    yield f"Verifying Usage Plan for request: {exchange.request_id}. API Key: {key} API Stage: {stage}"
    if not exchange.was_metered:
        return  # the fault says why
    if not route.api_key_required:
        yield (
            f"API Key {key} authorized because method '{route.place}' does not require API Key. "
            "Request will not contribute to throttle or quota limits"
        )
    yield f"Usage Plan check succeeded for API Key {key} and API Stage {stage}"


def _request(exchange: Exchange) -> Iterator[str]:
    request = exchange.request
    if exchange.api_key is not None:
        yield f"API Key: {masked(exchange.api_key.value)}"
    yield f"Method request path: {shown(exchange.path_parameters)}"
    yield f"Method request query string: {shown(dict(parse_qsl(request.raw_query, keep_blank_values=True)))}"
    yield f"Method request headers: {pairs(redacted(request.headers))}"
    yield f"Method request body before transformations: {request.body.decode('utf-8', 'replace')}"


def _response(answer: HttpResponse) -> Iterator[str]:
    yield f"Method response body after transformations: {answer.body.decode('utf-8', 'replace')}"
    yield f"Method response headers: {pairs(answer.headers)}"


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} [TRUNCATED]"
