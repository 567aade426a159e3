"""TestInvokeAuthorizer: an authorizer tried as it is being edited, with what a caller would send.

What it says is told as it said it: whether its policy would let a method be called is not looked at, since no method is
named. It is asked each time; what it says is remembered for nobody.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.gateway.control.shapes import given
from pytest_rollbacklab.localaws.gateway.control.trial_requests import TRIED, trial_exchange
from pytest_rollbacklab.localaws.gateway.deployed.authorizers import UserPoolAuthorizer, compile_authorizer
from pytest_rollbacklab.localaws.gateway.deployed.integrations import BrokenIntegration
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route
from pytest_rollbacklab.localaws.gateway.execution.authorizers.functions import FunctionAuthorizers
from pytest_rollbacklab.localaws.gateway.execution.authorizers.user_pools import UserPoolAuthorizers
from pytest_rollbacklab.localaws.gateway.execution.exchange import AuthorizerCall, Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.records.execution_log import authorizer_trial_log
from pytest_rollbacklab.localaws.gateway.refusals import refuse_others
from pytest_rollbacklab.localaws.gateway.registry import Registry

__all__ = ["AuthorizerTrialOperations"]

_GOOD: Final = 200
_OBEYED: Final = ("restApiId", "authorizerId", *TRIED)


class AuthorizerTrialOperations:
    """TestInvokeAuthorizer.

    Args:
        registry: The APIs.
        functions: Asks authorizers' functions.
        user_pools: Verifies tokens.
        clock: The time, epoch seconds.
    """

    def __init__(
        self,
        *,
        registry: Registry,
        functions: FunctionAuthorizers,
        user_pools: UserPoolAuthorizers,
        clock: Callable[[], float],
    ) -> None:
        self._registry = registry
        self._functions = functions
        self._user_pools = user_pools
        self._clock = clock
        self.operations: Mapping[str, Operation] = {"TestInvokeAuthorizer": self._try}

    async def _try(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        refuse_others("TestInvokeAuthorizer", params, _OBEYED)
        api = self._registry.record(call.scope, params["restApiId"]).api
        authorizer = compile_authorizer(api.authorizer(params["authorizerId"]))
        path = (params.get("pathWithQueryString") or "/").partition("?")[0]
        route = Route(
            resource_id=api.root_resource_id,
            resource_path=path,
            http_method="GET",
            signed=False,
            integration=BrokenIntegration(reason="only the authorizer is tried"),
            authorizer=authorizer,
        )
        exchange = trial_exchange(call.scope, api, route, params, at=self._clock())
        try:
            if isinstance(authorizer, UserPoolAuthorizer):
                self._user_pools.verify(exchange, authorizer)
            else:
                await self._functions.ask(exchange, authorizer)
        except Fault as fault:
            exchange.fault = fault
        self._functions.forget(api.id, exchange.live.stage.name)
        assert exchange.authorizer is not None
        return _shape(exchange, exchange.authorizer)


def _shape(exchange: Exchange, said: AuthorizerCall) -> dict[str, Any]:
    return {
        "clientStatus": said.status,
        "log": authorizer_trial_log(exchange, said),
        "latency": said.latency_ms,
        **given(principalId=said.principal_id, policy=_policy(said), claims=dict(said.claims or {})),
    }


def _policy(said: AuthorizerCall) -> str | None:
    """Return the policy that a function answered, as JSON."""
    if said.payload is None or said.status != _GOOD:
        return None
    return json.dumps(json.loads(said.payload)["policyDocument"], separators=(",", ":"))
