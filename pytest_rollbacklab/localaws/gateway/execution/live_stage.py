"""A stage as the data plane sees it: its deployment and its settings, prepared for being looked at on every request.

Made anew whenever the stage changes, and never changed itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.apis.stage import ANY_METHOD, MethodSetting, Stage
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment
from pytest_rollbacklab.localaws.gateway.deployed.routes import Route

__all__ = ["LiveStage"]

_NOTHING = MethodSetting()


class LiveStage:
    """A stage that answers.

    Args:
        scope: The account and region of its API.
        stage: Its settings.
        deployment: What it points at.
        canary: What its canary points at, when it has one.
    """

    __slots__ = ("_arn", "_default", "_settings", "canary", "deployment", "is_canary", "scope", "stage")

    def __init__(self, *, scope: Scope, stage: Stage, deployment: Deployment, canary: Deployment | None = None) -> None:
        self.scope = scope
        self.stage = stage
        self.deployment = deployment
        self.canary = None if canary is None else self._canary(canary)
        """The same stage as its canary answers."""
        self.is_canary = False
        self._arn = f"arn:aws:execute-api:{scope.region}:{scope.account_id}:{deployment.api.id}/{stage.name}"
        self._default = stage.method_settings.get(ANY_METHOD, _NOTHING)
        self._settings = {_place(key): setting for key, setting in stage.method_settings.items() if key != ANY_METHOD}

    def pick(self, chance: Callable[[], float]) -> LiveStage:
        """Return what answers the next request: this, or for its share of them, the canary.

        Args:
            chance: Gives a number from 0 to 1, 1 excluded, at random.
        """
        if self.canary is None or self.stage.canary is None or chance() * 100 >= self.stage.canary.percent:
            return self
        return self.canary

    @property
    def place(self) -> str:
        """API and stage, as logs tell of them: ``API/STAGE``."""
        return f"{self.api_id}/{self.stage.name}"

    @property
    def api_id(self) -> str:
        return self.deployment.api.id

    @property
    def domain_name(self) -> str:
        """The API's own name in the DNS of AWS."""
        return f"{self.api_id}.execute-api.{self.scope.region}.amazonaws.com"

    def arn(self, method: str, path: str) -> str:
        """Return what a request calls, as policies name it.

        Args:
            path: Begins with a slash.
        """
        return f"{self._arn}/{method}{path}"

    def setting(self, route: Route | None) -> MethodSetting:
        """Return how a request is logged and measured: by its method's own settings, else by every method's."""
        if route is None or not self._settings:
            return self._default
        return self._settings.get((route.resource_path, route.http_method), self._default)

    def _canary(self, deployment: Deployment) -> LiveStage:
        assert self.stage.canary is not None
        variables = {**self.stage.variables, **self.stage.canary.overrides}
        canary = LiveStage(
            scope=self.scope, stage=replace(self.stage, variables=variables, canary=None), deployment=deployment
        )
        canary.is_canary = True
        return canary


def _place(key: str) -> tuple[str, str]:
    """Return resource path and method of a key: ``~1notes~1{id}/GET`` -> ``/notes/{id}``, ``GET``."""
    resource, _, method = key.rpartition("/")
    path = resource.replace("~1", "/").replace("~0", "~")
    return "/" + path.lstrip("/"), method
