"""What an authorizer looks at: the values in a request that its identity sources name."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.records.variables import variable_of

__all__ = ["identity_of_sources", "request_value"]

_HEADERS = ("method.request.header.", "method.request.multivalueheader.")
_QUERIES = ("method.request.querystring.", "method.request.multivaluequerystring.")
_PATH = "method.request.path."
_STAGE_VARIABLE = "stageVariables."
_CONTEXT = "context."


def identity_of_sources(exchange: Exchange, sources: Sequence[str]) -> tuple[str, ...] | None:
    """Return the value of each source; None when one is missing or empty."""
    values = tuple(request_value(exchange, source) for source in sources)
    return tuple(value for value in values if value) if all(values) else None


def request_value(exchange: Exchange, expression: str) -> str | None:
    """Return what an expression names in a request: ``method.request.header.Accept``; None when there is no such."""
    for prefix in _HEADERS:
        if expression.startswith(prefix):
            return exchange.request.header(expression.removeprefix(prefix))
    for prefix in _QUERIES:
        if expression.startswith(prefix):
            query = dict(parse_qsl(exchange.request.raw_query, keep_blank_values=True))
            return query.get(expression.removeprefix(prefix))
    if expression.startswith(_PATH):
        return exchange.path_parameters.get(expression.removeprefix(_PATH))
    if expression.startswith(_STAGE_VARIABLE):
        return exchange.live.stage.variables.get(expression.removeprefix(_STAGE_VARIABLE))
    if not expression.startswith(_CONTEXT):
        return None
    value = variable_of(expression.removeprefix(_CONTEXT))(exchange)
    return None if value is None else str(value)
