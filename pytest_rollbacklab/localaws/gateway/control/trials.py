"""TestInvokeMethod: a method of an API tried as it is being edited, without a deployment, a stage or a caller.

Its function must let the API invoke it all the same, from the stage that AWS calls ``test-invoke-stage``. Nothing is
logged or measured; the execution log is in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.chain import Chain
from pytest_rollbacklab.localaws.gateway.control.trial_requests import TRIED, trial_exchange
from pytest_rollbacklab.localaws.gateway.deployed.compiling import compile_route
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.records.execution_log import trial_log
from pytest_rollbacklab.localaws.gateway.refusals import refuse_others
from pytest_rollbacklab.localaws.gateway.registry import Registry
from pytest_rollbacklab.localaws.http import HttpResponse

__all__ = ["TrialOperations"]

_OBEYED: Final = ("restApiId", "resourceId", "httpMethod", *TRIED)
_HIDDEN: Final = frozenset({"x-amzn-requestid", "x-amz-apigw-id"})
_HIDDEN_OF_FAULTS: Final = _HIDDEN | {"content-type", "x-amzn-trace-id"}


class TrialOperations:
    """TestInvokeMethod.

    Args:
        registry: The APIs.
        chain: Calls the integration.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, registry: Registry, chain: Chain, clock: Callable[[], float]) -> None:
        self._registry = registry
        self._chain = chain
        self._clock = clock
        self.operations: Mapping[str, Operation] = {"TestInvokeMethod": self._try}

    async def _try(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        refuse_others("TestInvokeMethod", params, _OBEYED)
        api = self._registry.record_of_resource(call.scope, params["restApiId"]).api
        resource = api.resource(params["resourceId"])
        route = compile_route(api, resource, api.method(resource.id, params["httpMethod"]))
        exchange = trial_exchange(call.scope, api, route, params, at=self._clock())
        answer = await self._chain.try_out(exchange)
        headers = tuple(_shown(exchange, answer))
        return {
            "status": answer.status,
            "body": answer.body.decode("utf-8", "replace"),
            "headers": dict(headers),
            "multiValueHeaders": _by_name(headers),
            "log": trial_log(exchange),
            "latency": exchange.latency_ms,
        }


def _shown(exchange: Exchange, answer: HttpResponse) -> Iterator[tuple[str, str]]:
    hidden = _HIDDEN if exchange.fault is None else _HIDDEN_OF_FAULTS
    return ((name, value) for name, value in answer.headers if name.lower() not in hidden)


def _by_name(headers: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    return found
