"""All REST APIs: by account and region for whoever manages them, by their id alone for whoever calls them.

An API's record is the one place that changes: its present value, its deployments, its stages. Whatever changes a stage
goes through ``put_stage``, so that the data plane's view of it is always the present one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_rollbacklab.localaws.api import Scope, Scoped
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.apis.stage import Stage
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment
from pytest_rollbacklab.localaws.gateway.execution.live_stage import LiveStage
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_found

__all__ = ["Account", "ApiRecord", "Registry"]


class ApiRecord:
    """One API with all that belongs to it.

    Args:
        scope: Whose it is.
        api: As it was created.
    """

    def __init__(self, *, scope: Scope, api: RestApi) -> None:
        self.scope = scope
        self.api = api
        """As it is being edited."""
        self.deployments: dict[str, Deployment] = {}
        self.live: dict[str, LiveStage] = {}
        """The stages by name, as they answer."""

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
        deployment = self.deployments.get(stage.deployment_id)
        if deployment is None:
            raise bad_request("Deployment id does not exist")
        self.live[stage.name] = LiveStage(scope=self.scope, stage=stage, deployment=deployment)


@dataclass(slots=True)
class Account:
    """What is set for all APIs of an account and region."""

    cloudwatch_role_arn: str | None = None
    """The role that logs are written with; without one, none can be switched on."""
    records: dict[str, ApiRecord] = field(default_factory=dict)
    """By API id."""


class Registry:
    """Every account's APIs."""

    def __init__(self) -> None:
        self._accounts = Scoped(lambda _: Account())
        self._by_id: dict[str, ApiRecord] = {}

    def account(self, scope: Scope) -> Account:
        return self._accounts.of(scope)

    def add(self, record: ApiRecord) -> None:
        self.account(record.scope).records[record.api.id] = record
        self._by_id[record.api.id] = record

    def remove(self, record: ApiRecord) -> None:
        """Forget an API; from the next request on there is none of its id."""
        del self.account(record.scope).records[record.api.id]
        del self._by_id[record.api.id]

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
