"""The lines of an execution log about an authorizer: what it was asked, and what it said.

Lines and their order are those of AWS's logs as users of AWS have published them.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rollbacklab.localaws.gateway.execution.exchange import AuthorizerCall, Exchange
from pytest_rollbacklab.localaws.gateway.execution.masking import masked

__all__ = ["authorizer_lines"]

_GOOD = 200


def authorizer_lines(exchange: Exchange, call: AuthorizerCall, *, data_trace: bool) -> Iterator[str]:
    """Return the lines about an authorizer; why it let nobody in is the fault's to say."""
    yield f"Starting authorizer: {call.authorizer_id} for request: {exchange.request_id}"
    if call.identity is not None:
        yield f"Incoming identity: {masked(call.identity)}"
    if data_trace and call.function is not None and call.event is not None:
        yield f"Endpoint request URI: {call.function.invoke_url}"
        yield f"Endpoint request body after transformations: {call.event.decode()}"
        yield f"Sending request to {call.function.invoke_url}"
        if call.payload is not None:
            yield f"Authorizer result body before parsing: {call.payload.decode('utf-8', 'replace')}"
    if call.status == _GOOD:
        if call.claims is None:
            yield f"Using valid authorizer policy for principal: {masked(call.principal_id or '')}"
        yield "Successfully completed authorizer execution"
