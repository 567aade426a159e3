"""Whether a request may pass: by its signature, its token, an authorizer's function, and the API's own policy.

A method without authorization lets everyone pass whom the API's policy lets pass. One with AWS_IAM wants a signature
over the request as it was sent, and a policy that allows ``execute-api:Invoke`` on it ("Control access to a REST API
with IAM permissions"). How these go together is in ``resource_policies``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.deployed.authorizers import FunctionAuthorizer, UserPoolAuthorizer
from pytest_rollbacklab.localaws.gateway.execution import caller_faults
from pytest_rollbacklab.localaws.gateway.execution.authorizers.functions import FunctionAuthorizers
from pytest_rollbacklab.localaws.gateway.execution.authorizers.user_pools import UserPoolAuthorizers
from pytest_rollbacklab.localaws.gateway.execution.exchange import Caller, Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.resource_policies import ACTION, Opinion, opinion_of, request_keys
from pytest_rollbacklab.localaws.gateway.neighbours import Decision, FindsCredentials, Policies
from pytest_rollbacklab.localaws.identity import sigv4
from pytest_rollbacklab.localaws.identity.credentials import Principal

__all__ = ["Doorkeeper"]

_SERVICE = "execute-api"
_ANONYMOUS = "anonymous"


class Doorkeeper:
    """Lets requests pass, or not.

    Args:
        credentials: The keys that signatures are made with.
        policies: What their owners may do.
        functions: Authorizers that are functions.
        user_pools: Authorizers that are user pools.
        clock: The time, epoch seconds.
    """

    def __init__(
        self,
        *,
        credentials: FindsCredentials,
        policies: Policies,
        functions: FunctionAuthorizers,
        user_pools: UserPoolAuthorizers,
        clock: Callable[[], float],
    ) -> None:
        self._credentials = credentials
        self._policies = policies
        self._functions = functions
        self._user_pools = user_pools
        self._clock = clock

    async def admit(self, exchange: Exchange) -> None:
        """Let a routed request pass.

        Raises:
            Fault: 401, 403: it is not by whom it says, or they may not; 500: nobody can tell.
        """
        route = exchange.route
        assert route is not None
        if route.signed:
            await self._admit_signed(exchange)
        elif isinstance(route.authorizer, FunctionAuthorizer):
            await self._ask_function(exchange, route.authorizer)
        elif isinstance(route.authorizer, UserPoolAuthorizer):
            self._user_pools.verify(exchange, route.authorizer)
            _admit_anyone(exchange)
        elif exchange.live.deployment.policy is not None:
            _admit_anyone(exchange)
        exchange.was_admitted = True

    def no_route(self, exchange: Exchange) -> Fault:
        """Return the answer to a request that nothing is there for.

        An Authorization header that is no signature at all is complained of even then (as recorded:
        sigv4-not-sigv4-header).
        """
        if exchange.request.header("authorization") is not None:
            refused = self._verify(exchange)
            if isinstance(refused, sigv4.Refusal) and refused.error_type == "IncompleteSignatureException":
                return Fault.of_refusal(refused)
        return Fault.missing_token()

    async def _admit_signed(self, exchange: Exchange) -> None:
        began = time.perf_counter()
        verified = self._verify(exchange)
        exchange.authenticate_latency_ms = round((time.perf_counter() - began) * 1000)
        exchange.authenticate_status = 403 if isinstance(verified, sigv4.Refusal) else 200
        if isinstance(verified, sigv4.Refusal):
            raise Fault.of_refusal(verified)
        credentials = verified.credentials
        exchange.caller = Caller(principal=credentials.principal, access_key=credentials.access_key_id)
        exchange.authorize_status = 403
        began = time.perf_counter()
        try:
            await self._allow(exchange, credentials.principal)
        finally:
            exchange.authorize_latency_ms = round((time.perf_counter() - began) * 1000)
        exchange.authorize_status = 200

    def _verify(self, exchange: Exchange) -> sigv4.Verified | sigv4.Refusal:
        return sigv4.verify(
            exchange.request,
            service=_SERVICE,
            region=exchange.scope.region,
            find=self._credentials.find,
            now=datetime.fromtimestamp(self._clock(), UTC),
        )

    async def _allow(self, exchange: Exchange, principal: Principal) -> None:
        decision = await self._decision(exchange, principal)
        policy = exchange.live.deployment.policy
        own = opinion_of(policy, exchange, principal) if policy is not None else Opinion()
        denied = own.denies or (not decision.allowed and decision.explicit_deny)
        if principal.account_id == exchange.scope.account_id:
            allowed = decision.allowed or own.allows
        else:
            allowed = decision.allowed and own.allows
        if denied or not allowed:
            raise Fault.access_denied(caller=principal.arn, resource=exchange.arn, explicitly=denied)

    async def _decision(self, exchange: Exchange, principal: Principal) -> Decision:
        try:
            return await self._policies.allows(principal, ACTION, exchange.arn, request_keys(exchange))
        except ServiceError as error:
            raise Fault.not_evaluated(error) from error

    async def _ask_function(self, exchange: Exchange, authorizer: FunctionAuthorizer) -> None:
        policy = exchange.live.deployment.policy
        own = opinion_of(policy, exchange, None) if policy is not None else Opinion()
        if own.denies:
            raise Fault.access_denied(caller=_ANONYMOUS, resource=exchange.arn, explicitly=True)
        verdict = await self._functions.ask(exchange, authorizer)
        said = opinion_of(verdict.policy, exchange, None)
        if said.denies or not (said.allows or own.allows):
            assert exchange.authorizer is not None
            exchange.authorizer.status = 403
            raise caller_faults.not_authorized(explicitly=said.denies)


def _admit_anyone(exchange: Exchange) -> None:
    """Let a request pass that the API's policy allows by itself, or when there is none."""
    policy = exchange.live.deployment.policy
    if policy is None:
        return
    own = opinion_of(policy, exchange, None)
    if own.denies or not own.allows:
        raise Fault.access_denied(caller=_ANONYMOUS, resource=exchange.arn, explicitly=own.denies)
