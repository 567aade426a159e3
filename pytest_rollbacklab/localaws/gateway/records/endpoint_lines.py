"""The lines of an execution log about an integration: what was sent to it, and what it answered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange, FunctionCall, UrlCall
from pytest_rollbacklab.localaws.gateway.execution.masking import redacted

__all__ = ["endpoint_lines", "pairs", "received_body", "shown"]


def endpoint_lines(exchange: Exchange) -> Iterator[str]:
    """Return the lines about the integration that was called; none when none was."""
    if exchange.call is not None:
        yield from _of_function(exchange, exchange.call)
    elif exchange.url_call is not None:
        yield from _of_url(exchange.url_call)


def _of_function(exchange: Exchange, call: FunctionCall) -> Iterator[str]:
    yield f"Endpoint request URI: {call.function.invoke_url}"
    yield f"Endpoint request headers: {shown(_endpoint_headers(exchange, call))}"
    yield f"Endpoint request body after transformations: {call.event.decode()}"
    yield f"Sending request to {call.function.invoke_url}"
    if call.invoke_status is None:
        return
    yield f"Received response. Status: {call.invoke_status}, Integration latency: {call.latency_ms} ms"
    if call.payload is not None:
        yield f"Endpoint response headers: {shown(_endpoint_answer_headers(exchange, call))}"
        yield received_body(call)


def _of_url(call: UrlCall) -> Iterator[str]:
    yield f"Endpoint request URI: {call.url}"
    yield f"Endpoint request headers: {pairs(redacted(call.headers))}"
    yield f"Endpoint request body after transformations: {call.body.decode('utf-8', 'replace')}"
    yield f"Sending request to {call.url}"
    if call.status is None:
        return
    yield f"Received response. Status: {call.status}, Integration latency: {call.latency_ms} ms"
    yield f"Endpoint response headers: {pairs(call.answer_headers)}"
    yield f"Endpoint response body before transformations: {call.answer_body.decode('utf-8', 'replace')}"


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


def received_body(call: FunctionCall) -> str:
    """Return the line about what a function answered."""
    return f"Endpoint response body before transformations: {(call.payload or b'').decode('utf-8', 'replace')}"


def shown(members: Mapping[str, str]) -> str:
    """Return members as AWS writes them: ``{name=value}``."""
    return pairs(members.items())


def pairs(members: Iterable[tuple[str, str]]) -> str:
    """Return pairs as AWS writes them."""
    return "{" + ", ".join(f"{name}={value}" for name, value in members) + "}"
