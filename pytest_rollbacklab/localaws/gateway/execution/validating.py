"""Whether everything is there that a method's request validator wants ("Request validation for REST APIs").

A required parameter must be there and not be empty. Bodies are not looked at: that would need models.
"""

from __future__ import annotations

from pytest_rollbacklab.localaws.gateway.execution import caller_faults
from pytest_rollbacklab.localaws.gateway.execution.authorizers.identity_sources import request_value
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange

__all__ = ["validate"]


async def validate(exchange: Exchange) -> None:
    """Let a request pass that has its method's required parameters.

    Raises:
        Fault: 400: it has not.
    """
    assert exchange.route is not None
    if not exchange.route.required:
        return
    missing = [name.split(".", 3)[3] for name in exchange.route.required if not request_value(exchange, name)]
    if missing:
        raise caller_faults.missing_parameters(missing)
