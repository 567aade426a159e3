"""A fault made into an answer: as AWS answers it, or as the API's own gateway response says.

A response of the fault's type comes before ``DEFAULT_4XX`` and ``DEFAULT_5XX``; only those that were customised count
("Gateway responses in API Gateway"). The template is chosen by what the client accepts.
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.gateway.apis.gateway_response import DEFAULT_TEMPLATES, GatewayResponse
from pytest_rollbacklab.localaws.gateway.deployed.integrations import LambdaProxy
from pytest_rollbacklab.localaws.gateway.deployed.media_types import media_type_of
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.mapping import mapped_value, rendered
from pytest_rollbacklab.localaws.http import HttpResponse

__all__ = ["fault_answer"]

_JSON = "application/json"
_HEADER = "gatewayresponse.header."
_SERVER_ERROR = 500


def fault_answer(exchange: Exchange, fault: Fault) -> HttpResponse:
    """Return the answer to a request that a fault ended."""
    trace = (("X-Amzn-Trace-Id", exchange.trace.bare),) if _came_to_a_function(exchange, fault) else ()
    own = (("x-amzn-ErrorType", fault.error_type), *trace)
    response = _customised(exchange, fault)
    if response is None:
        return HttpResponse(status=fault.status, body=fault.body, headers=(("Content-Type", _JSON), *own))
    content_type, body = _body(exchange, fault, response)
    headers = tuple(
        (name.removeprefix(_HEADER), value)
        for name, expression in response.parameters.items()
        if (value := mapped_value(exchange, expression)) is not None
    )
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers = (("Content-Type", content_type), *headers)
    status = fault.status if response.status_code is None else int(response.status_code)
    return HttpResponse(status=status, body=body, headers=(*headers, *own))


def _customised(exchange: Exchange, fault: Fault) -> GatewayResponse | None:
    responses = exchange.live.deployment.api.gateway_responses
    if not responses:
        return None
    default = "DEFAULT_5XX" if fault.status >= _SERVER_ERROR else "DEFAULT_4XX"
    return responses.get(fault.response_type) or responses.get(default)


def _body(exchange: Exchange, fault: Fault, response: GatewayResponse) -> tuple[str, bytes]:
    """Return content type and body; AWS's own where the template was left alone."""
    templates = response.templates
    if templates == DEFAULT_TEMPLATES:
        return _JSON, fault.body
    accepted = (media_type_of(part) for part in (exchange.request.header("accept") or "").split(","))
    content_type = next((kind for kind in accepted if kind in templates), None)
    if content_type is None:
        content_type = _JSON if _JSON in templates else next(iter(templates))
    return content_type, rendered(exchange, templates[content_type]).encode()


def _came_to_a_function(exchange: Exchange, fault: Fault) -> bool:
    route = exchange.route
    return route is not None and isinstance(route.integration, LambdaProxy) and fault.integration_error is not None
