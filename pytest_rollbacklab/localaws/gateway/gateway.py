"""The gateway composed: API Gateway's operations, and the APIs that answer.

``service`` manages APIs, ``handle`` is what their callers meet; between them stands the registry. The data plane never
sees an API that is being edited, only what was deployed.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable

from pytest_rollbacklab.localaws.api import Aws, Scope, Service
from pytest_rollbacklab.localaws.gateway.chain import Chain
from pytest_rollbacklab.localaws.gateway.control.account import AccountOperations
from pytest_rollbacklab.localaws.gateway.control.api_keys import ApiKeyOperations
from pytest_rollbacklab.localaws.gateway.control.authorizer_trials import AuthorizerTrialOperations
from pytest_rollbacklab.localaws.gateway.control.authorizers import AuthorizerOperations
from pytest_rollbacklab.localaws.gateway.control.deployments import DeploymentOperations
from pytest_rollbacklab.localaws.gateway.control.exports import ExportOperations
from pytest_rollbacklab.localaws.gateway.control.gateway_responses import GatewayResponseOperations
from pytest_rollbacklab.localaws.gateway.control.imports import ImportOperations
from pytest_rollbacklab.localaws.gateway.control.integrations import IntegrationOperations
from pytest_rollbacklab.localaws.gateway.control.methods import MethodOperations
from pytest_rollbacklab.localaws.gateway.control.resources import ResourceOperations
from pytest_rollbacklab.localaws.gateway.control.rest_apis import RestApiOperations
from pytest_rollbacklab.localaws.gateway.control.stages import StageOperations
from pytest_rollbacklab.localaws.gateway.control.tags import TagOperations
from pytest_rollbacklab.localaws.gateway.control.trials import TrialOperations
from pytest_rollbacklab.localaws.gateway.control.usage_plans import UsagePlanOperations
from pytest_rollbacklab.localaws.gateway.control.validators import ValidatorOperations
from pytest_rollbacklab.localaws.gateway.execution.authorizers.functions import FunctionAuthorizers
from pytest_rollbacklab.localaws.gateway.execution.authorizers.user_pools import JwksOf, UserPoolAuthorizers
from pytest_rollbacklab.localaws.gateway.execution.authorizing import Doorkeeper
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.execution.faults import Fault
from pytest_rollbacklab.localaws.gateway.execution.forwarding import Forwarding
from pytest_rollbacklab.localaws.gateway.execution.functions import Functions
from pytest_rollbacklab.localaws.gateway.execution.metering import Metering
from pytest_rollbacklab.localaws.gateway.execution.trace import Trace
from pytest_rollbacklab.localaws.gateway.execution.urls import Urls
from pytest_rollbacklab.localaws.gateway.kept import KeptApis
from pytest_rollbacklab.localaws.gateway.neighbours import FindsCredentials, Lambdas, Policies, Telemetry
from pytest_rollbacklab.localaws.gateway.records.recorder import Recorder
from pytest_rollbacklab.localaws.gateway.usage.book import UsageBook
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper, Part

__all__ = ["Gateway"]


class Gateway:
    """API Gateway: its API, and the APIs that were made with it.

    Args:
        aws: Where IAM is, for the account's role.
        lambdas: The functions behind APIs.
        telemetry: Where requests are logged and measured.
        credentials: The keys that requests are signed with.
        policies: What their owners may call.
        endpoint: Says the local AWS's address, once it has one.
        jwks_of: Gives a user pool's public keys.
        clock: The time, epoch seconds.
        chance: A number from 0 to 1, 1 excluded, at random: which requests are the canary's.
        keeper: Hears of every change.
    """

    def __init__(
        self,
        *,
        aws: Aws,
        lambdas: Lambdas,
        telemetry: Telemetry,
        credentials: FindsCredentials,
        policies: Policies,
        endpoint: Callable[[], str],
        jwks_of: JwksOf,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
        keeper: Keeper | None = None,
    ) -> None:
        keeper = keeper or Forgetful()
        kept, book = KeptApis(keeper), UsageBook(keeper)
        self.parts: tuple[Part, ...] = (kept, book)
        self._clock = clock
        self._chance = chance
        self._registry = registry = kept.registry
        forwarding = Forwarding(endpoint)
        authorizers = FunctionAuthorizers(lambdas=lambdas, forwarding=forwarding, clock=clock)
        user_pools = UserPoolAuthorizers(jwks_of=jwks_of, clock=clock)
        self._urls = Urls()
        self._chain = Chain(
            doorkeeper=Doorkeeper(
                credentials=credentials,
                policies=policies,
                functions=authorizers,
                user_pools=user_pools,
                clock=clock,
            ),
            metering=Metering(book=book, clock=clock),
            functions=Functions(lambdas=lambdas, forwarding=forwarding),
            urls=self._urls,
            recorder=Recorder(telemetry),
        )
        self.service = Service(
            name="apigateway",
            operations={
                **RestApiOperations(registry=registry, book=book, clock=clock).operations,
                **ImportOperations(registry=registry, clock=clock).operations,
                **ResourceOperations(registry=registry).operations,
                **MethodOperations(registry=registry).operations,
                **IntegrationOperations(registry=registry).operations,
                **DeploymentOperations(registry=registry, clock=clock).operations,
                **StageOperations(registry=registry, book=book, clock=clock).operations,
                **AccountOperations(registry=registry, aws=aws).operations,
                **TagOperations(registry=registry, book=book).operations,
                **ExportOperations(registry=registry).operations,
                **TrialOperations(registry=registry, chain=self._chain, clock=clock).operations,
                **AuthorizerTrialOperations(
                    registry=registry, functions=authorizers, user_pools=user_pools, clock=clock
                ).operations,
                **AuthorizerOperations(registry=registry, functions=authorizers).operations,
                **ValidatorOperations(registry=registry).operations,
                **GatewayResponseOperations(registry=registry).operations,
                **ApiKeyOperations(book=book, clock=clock).operations,
                **UsagePlanOperations(registry=registry, book=book, clock=clock).operations,
            },
        )

    async def handle(self, request: HttpRequest, *, api_id: str, stage: str, path: str) -> HttpResponse:
        """Answer a call of a deployed API. Errors are answers too: nothing is raised.

        Args:
            request: Exactly as it was sent.
            stage: The stage's name, the first part of the path on AWS.
            path: What was sent below the stage, percent-encoding untouched; begins with a slash.
        """
        record = self._registry.find(api_id)
        if record is None:
            return _no_api(api_id)
        live = record.live.get(stage)
        if live is None:
            return _no_stage()
        now = self._clock()
        exchange = Exchange(
            request=request,
            live=live.pick(self._chance),
            sent_path=path,
            path="/" + path.lstrip("/"),
            received_at=now,
            trace=Trace.of(request.header("x-amzn-trace-id"), now=now),
        )
        return await self._chain.run(exchange)

    async def close(self) -> None:
        """Close the connections to integrations' URLs."""
        await self._urls.close()

    def owner(self, api_id: str) -> Scope | None:
        """Return whose an API is; None when there is none of this id."""
        record = self._registry.find(api_id)
        return record.scope if record is not None else None


def _no_api(api_id: str) -> HttpResponse:
    """Answer a call of an API that there is not. On AWS its name would not even resolve."""
    message = f"there is no REST API {api_id!r} here; GetRestApis lists those of an account and region"
    return _json(404, "NotFoundException", json.dumps({"message": message}).encode())


def _no_stage() -> HttpResponse:
    fault = Fault.forbidden()
    return _json(fault.status, fault.error_type, fault.body)


def _json(status: int, error_type: str, body: bytes) -> HttpResponse:
    headers = (("Content-Type", "application/json"), ("x-amzn-ErrorType", error_type))
    return HttpResponse(status=status, body=body, headers=headers)
