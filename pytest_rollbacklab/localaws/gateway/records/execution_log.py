"""The execution log: what the gateway did with a request, line by line, in API Gateway's words.

The lines are those of apigw-test-invoke-method-log in AWS's recordings, with the request's id before each as in
CloudWatch, and those that only CloudWatch has around them. At ERROR there is what went wrong and the status; at INFO
there is the way too; with data tracing, what was sent and received. A line ends at 1,024 characters. A request that
came to no method leaves nothing here: the access log has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl

from pytest_rollbacklab.localaws.gateway.apis.stage import MethodSetting
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange, FunctionCall
from pytest_rollbacklab.localaws.http import HttpResponse

__all__ = ["execution_log"]

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
        yield _received_body(call)
    yield from exchange.fault.said
    yield f"Method completed with status: {exchange.answer.status}"


def _at_info(exchange: Exchange, *, data_trace: bool) -> Iterator[str]:
    assert exchange.route is not None
    yield from _beginning(exchange, exchange.route)
    if data_trace:
        yield from _request(exchange)
        yield from _endpoint(exchange)
    if exchange.fault is not None:
        yield from exchange.fault.said
    else:
        if data_trace:
            yield from _response(exchange.answer)
        yield "Successfully completed execution"
    yield f"Method completed with status: {exchange.answer.status}"
    if exchange.call is not None and exchange.call.known_request_id is not None:
        yield f"AWS Integration Endpoint RequestId : {exchange.call.known_request_id}"


def _beginning(exchange: Exchange, route: Route) -> Iterator[str]:
    yield f"Extended Request Id: {exchange.extended_request_id}"
    stage = f"{exchange.live.api_id}/{exchange.live.stage.name}"
    yield f"Verifying Usage Plan for request: {exchange.request_id}. API Key:  API Stage: {stage}"
    yield (
        f"API Key  authorized because method '{route.http_method} {route.resource_path}' does not require API Key. "
        "Request will not contribute to throttle or quota limits"
    )
    yield f"Usage Plan check succeeded for API Key  and API Stage {stage}"
    yield f"Starting execution for request: {exchange.request_id}"
    yield f"HTTP Method: {exchange.request.method}, Resource Path: {exchange.path}"


def _request(exchange: Exchange) -> Iterator[str]:
    request = exchange.request
    yield f"Method request path: {_shown(exchange.path_parameters)}"
    yield f"Method request query string: {_shown(dict(parse_qsl(request.raw_query, keep_blank_values=True)))}"
    yield f"Method request headers: {_pairs(request.headers)}"
    yield f"Method request body before transformations: {request.body.decode('utf-8', 'replace')}"


def _endpoint(exchange: Exchange) -> Iterator[str]:
    call = exchange.call
    if call is None:
        return
    yield f"Endpoint request URI: {call.function.invoke_url}"
    yield f"Endpoint request headers: {_shown(_endpoint_headers(exchange, call))}"
    yield f"Endpoint request body after transformations: {call.event.decode()}"
    yield f"Sending request to {call.function.invoke_url}"
    if call.invoke_status is None:
        return
    yield f"Received response. Status: {call.invoke_status}, Integration latency: {call.latency_ms} ms"
    if call.payload is not None:
        yield f"Endpoint response headers: {_shown(_endpoint_answer_headers(exchange, call))}"
        yield _received_body(call)


def _response(answer: HttpResponse) -> Iterator[str]:
    yield f"Method response body after transformations: {answer.body.decode('utf-8', 'replace')}"
    yield f"Method response headers: {_pairs(answer.headers)}"


def _endpoint_headers(exchange: Exchange, call: FunctionCall) -> dict[str, str]:
    return {
        "x-amzn-lambda-integration-tag": exchange.request_id,
        "x-amzn-apigateway-api-id": exchange.live.api_id,
        "X-Amz-Source-Arn": call.source_arn,
        "Accept": "application/json",
        "User-Agent": f"AmazonAPIGateway_{exchange.live.api_id}",
    }


def _endpoint_answer_headers(exchange: Exchange, call: FunctionCall) -> dict[str, str]:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(call.payload or b""))}
    headers["x-amzn-RequestId"] = call.request_id
    if call.function_failed:
        headers["X-Amz-Function-Error"] = "Unhandled"
    headers["X-Amz-Executed-Version"] = call.executed_version or ""
    headers["X-Amzn-Trace-Id"] = exchange.trace.whole
    return headers


def _received_body(call: FunctionCall) -> str:
    return f"Endpoint response body before transformations: {(call.payload or b'').decode('utf-8', 'replace')}"


def _shown(members: Mapping[str, str]) -> str:
    return _pairs(members.items())


def _pairs(members: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}={value}" for name, value in members) + "}"


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} [TRUNCATED]"
