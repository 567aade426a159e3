"""All REST APIs: by account and region for whoever manages them, by their id alone for whoever calls them.

An API's record is the one place that changes: its present value, its deployments, its stages. Whatever changes a stage
goes through ``put_stage``, so that the data plane's view of it is always the present one, and whatever changes at all
goes through the record's methods, which tell whoever keeps it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pytest_rollbacklab.localaws.api import Scope, Scoped
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.apis.stage import Stage
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment
from pytest_rollbacklab.localaws.gateway.execution.live_stage import LiveStage
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_found

__all__ = ["ACCOUNT", "Account", "ApiRecord", "Registry", "Told"]

Told = Callable[[Scope, str], None]
"""Told what changed: ``ACCOUNT``, ``api/API``, ``deployment/API/DEPLOYMENT``."""

ACCOUNT = "account"


def _nobody(_scope: Scope, _what: str) -> None:
    """Be told of a change that nobody keeps."""


class ApiRecord:
    """One API with all that belongs to it.

    Args:
        scope: Whose it is.
        api: As it was created.
    """

    def __init__(self, *, scope: Scope, api: RestApi) -> None:
        self.scope = scope
        self.told: Told = _nobody
        """Set when it is in the registry."""
        self.number = 0
        """Its place in the order in which the APIs were added."""
        self._api = api
        self._deployments: dict[str, Deployment] = {}
        self._live: dict[str, LiveStage] = {}

    @property
    def api(self) -> RestApi:
        """As it is being edited."""
        return self._api

    @api.setter
    def api(self, api: RestApi) -> None:
        self._api = api
        self.told(self.scope, f"api/{api.id}")

    @property
    def deployments(self) -> Mapping[str, Deployment]:
        """By id, oldest first."""
        return MappingProxyType(self._deployments)

    @property
    def live(self) -> Mapping[str, LiveStage]:
        """The stages by name, as they answer."""
        return self._live

    @property
    def stages(self) -> list[Stage]:
        return [live.stage for live in self.live.values()]

    def deployment(self, deployment_id: str) -> Deployment:
        """Return a deployment.

        Raises:
            ServiceError: NotFoundException.
        """
        deployment = self.deployments.get(deployment_id)
        if deployment is None:
            raise not_found("Invalid Deployment identifier specified")
        return deployment

    def stage(self, name: str) -> Stage:
        """Return a stage.

        Raises:
            ServiceError: NotFoundException.
        """
        live = self.live.get(name)
        if live is None:
            raise not_found("Invalid stage identifier specified")
        return live.stage

    def put_stage(self, stage: Stage) -> None:
        """Make a stage what it shall be from the next request on.

        Raises:
            ServiceError: BadRequestException: it points at no deployment of this API (as recorded).
        """
        deployment = self._deployments.get(stage.deployment_id)
        canary = self._deployments.get(stage.canary.deployment_id) if stage.canary else None
        if deployment is None or (stage.canary is not None and canary is None):
            raise bad_request("Deployment id does not exist")
        self._live[stage.name] = LiveStage(scope=self.scope, stage=stage, deployment=deployment, canary=canary)
        self.told(self.scope, f"api/{self._api.id}")

    def remove_stage(self, name: str) -> None:
        del self._live[name]
        self.told(self.scope, f"api/{self._api.id}")

    def put_deployment(self, deployment: Deployment) -> None:
        self._deployments[deployment.id] = deployment
        self.told(self.scope, f"deployment/{self._api.id}/{deployment.id}")
        self.told(self.scope, f"api/{self._api.id}")

    def remove_deployment(self, deployment_id: str) -> None:
        del self._deployments[deployment_id]
        self.told(self.scope, f"deployment/{self._api.id}/{deployment_id}")
        self.told(self.scope, f"api/{self._api.id}")


@dataclass(slots=True)
class Account:
    """What is set for all APIs of an account and region."""

    cloudwatch_role_arn: str | None = None
    """The role that logs are written with; without one, none can be switched on."""
    records: dict[str, ApiRecord] = field(default_factory=dict)
    """By API id."""


class Registry:
    """Every account's APIs.

    Args:
        told: Told what changes, and where.
    """

    def __init__(self, told: Told = _nobody) -> None:
        self._told = told
        self._numbers = itertools.count(1)
        self._accounts = Scoped(lambda _: Account())
        self._by_id: dict[str, ApiRecord] = {}

    def account(self, scope: Scope) -> Account:
        return self._accounts.of(scope)

    def allow_logs(self, scope: Scope, role_arn: str | None) -> None:
        """Set the role that an account's logs are written with."""
        self.account(scope).cloudwatch_role_arn = role_arn
        self._told(scope, ACCOUNT)

    def add(self, record: ApiRecord) -> None:
        record.number = next(self._numbers)
        self._list(record)
        self._told(record.scope, f"api/{record.api.id}")

    def put_back(self, record: ApiRecord) -> None:
        """Add an API that was here before, in its place; nobody is told."""
        self._list(record)
        records = self.account(record.scope).records
        ordered = sorted(records.items(), key=lambda item: item[1].number)
        records.clear()
        records.update(ordered)
        self._numbers = itertools.count(max(record.number + 1, next(self._numbers)))

    def _list(self, record: ApiRecord) -> None:
        self.account(record.scope).records[record.api.id] = record
        self._by_id[record.api.id] = record
        record.told = self._told

    def remove(self, record: ApiRecord) -> None:
        """Forget an API; from the next request on there is none of its id."""
        del self.account(record.scope).records[record.api.id]
        del self._by_id[record.api.id]
        self._told(record.scope, f"api/{record.api.id}")
        for deployment_id in record.deployments:
            self._told(record.scope, f"deployment/{record.api.id}/{deployment_id}")

    def record(self, scope: Scope, api_id: str) -> ApiRecord:
        """Return an API of an account.

        Raises:
            ServiceError: NotFoundException, as recorded.
        """
        record = self.account(scope).records.get(api_id)
        if record is None:
            raise not_found(f"Invalid API identifier specified {scope.account_id}:{api_id}")
        return record

    def record_of_resource(self, scope: Scope, api_id: str) -> ApiRecord:
        """Return an API of which a resource is wanted: without the API, the resource is what is missed (as recorded).

        Raises:
            ServiceError: NotFoundException.
        """
        record = self.account(scope).records.get(api_id)
        if record is None:
            raise not_found("Invalid Resource identifier specified")
        return record

    def find(self, api_id: str) -> ApiRecord | None:
        """Return the API of an id, whosever it is."""
        return self._by_id.get(api_id)
