"""Whether a request may pass: who signed it, and whether their policies allow the call.

A method without authorization lets everyone pass. One with AWS_IAM wants a signature over the request as it was sent,
and a policy that allows ``execute-api:Invoke`` on it ("Control access to a REST API with IAM permissions"). A caller of
another account would need a resource policy, which there is none of here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.execution.exchange import Caller, Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.neighbours import FindsCredentials, Policies
from pytest_rollbacklab.localaws.identity import sigv4
from pytest_rollbacklab.localaws.identity.credentials import Principal

__all__ = ["Authorizer"]

_SERVICE = "execute-api"


class Authorizer:
    """The gateway's doorkeeper.

    Args:
        credentials: The keys that signatures are made with.
        policies: What their owners may do.
        clock: The time, epoch seconds.
    """

    def __init__(self, *, credentials: FindsCredentials, policies: Policies, clock: Callable[[], float]) -> None:
        self._credentials = credentials
        self._policies = policies
        self._clock = clock

    async def admit(self, exchange: Exchange) -> None:
        """Let a routed request pass.

        Raises:
            Fault: 403: it is not signed, or not by whom it says, or they may not; 500: nobody can tell.
        """
        assert exchange.route is not None
        if not exchange.route.signed:
            return
        verified = self._verify(exchange)
        exchange.authenticate_status = 403 if isinstance(verified, sigv4.Refusal) else 200
        if isinstance(verified, sigv4.Refusal):
            raise Fault.of_refusal(verified)
        credentials = verified.credentials
        exchange.caller = Caller(principal=credentials.principal, access_key=credentials.access_key_id)
        exchange.authorize_status = 403
        await self._allow(exchange, credentials.principal)
        exchange.authorize_status = 200

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

    def _verify(self, exchange: Exchange) -> sigv4.Verified | sigv4.Refusal:
        return sigv4.verify(
            exchange.request,
            service=_SERVICE,
            region=exchange.scope.region,
            find=self._credentials.find,
            now=datetime.fromtimestamp(self._clock(), UTC),
        )

    async def _allow(self, exchange: Exchange, principal: Principal) -> None:
        request = exchange.request
        context = {"aws:SourceIp": request.source_ip, "aws:UserAgent": request.header("user-agent") or ""}
        try:
            decision = await self._policies.allows(principal, f"{_SERVICE}:Invoke", exchange.arn, context)
        except ServiceError as error:
            raise Fault.not_evaluated(error) from error
        if not decision.allowed or principal.account_id != exchange.scope.account_id:
            raise Fault.access_denied(
                caller=principal.arn, resource=exchange.arn, explicitly=not decision.allowed and decision.explicit_deny
            )
