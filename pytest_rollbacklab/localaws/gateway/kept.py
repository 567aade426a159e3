"""The APIs as a part of the local AWS that outlives its process: under which key what of them is kept.

An API as it is edited, with its stages, is one key; each of its deployments, which holds a whole API and hardly ever
changes, is one of its own. Routes are not kept: they are compiled from the deployment's API again. Keys may come back
in any order, a stage before its deployment too. Everything of API Gateway is kept; requests under way are not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.apis.stage import Stage
from pytest_rollbacklab.localaws.gateway.deployed.compiling import deployment_of
from pytest_rollbacklab.localaws.gateway.deployed.deployment import Deployment
from pytest_rollbacklab.localaws.gateway.registry import ACCOUNT, ApiRecord, Registry
from pytest_rollbacklab.localaws.keeping import Keeper

__all__ = ["KeptApis"]

_COMPILED: Final = ("binary_media_types", "routes", "policy")
_DEPLOYMENT: Final = tuple(item.name for item in fields(Deployment) if item.name not in _COMPILED)


class KeptApis:
    """Every API and every account's settings: a ``keeping.Part``.

    Args:
        keeper: Hears of the changes.
    """

    name = "apigateway"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self.registry = Registry(self._changed)
        self._incomplete: dict[tuple[Scope, str], _Incomplete] = {}

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return what is behind a key; None when it is gone."""
        kind, *ids = key.split("/")
        account = self.registry.account(scope)
        if kind == ACCOUNT:
            return account.cloudwatch_role_arn
        record = account.records.get(ids[0])
        if record is None:
            return None
        if kind == "api":
            return record.number, record.api, tuple(record.stages), tuple(record.deployments)
        deployment = record.deployments.get(ids[1])
        return None if deployment is None else {name: getattr(deployment, name) for name in _DEPLOYMENT}

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put back what was behind a key; there are no events."""
        kind, *ids = key.split("/")
        if state is None:
            return
        if kind == ACCOUNT:
            self.registry.account(scope).cloudwatch_role_arn = state
            return
        incomplete = self._incomplete.setdefault((scope, ids[0]), _Incomplete())
        if kind == "api":
            incomplete.state = _grown(state)
        else:
            incomplete.deployments[ids[1]] = _deployment(state)
        record = incomplete.record(scope)
        if record is not None:
            self.registry.put_back(record)
            del self._incomplete[scope, ids[0]]

    def _changed(self, scope: Scope, what: str) -> None:
        self._keeper.changed(self, scope, what)


class _Incomplete:
    """An API of which not everything has come back yet."""

    def __init__(self) -> None:
        self.state: tuple[int, RestApi, tuple[Stage, ...], tuple[str, ...]] | None = None
        self.deployments: dict[str, Deployment] = {}

    def record(self, scope: Scope) -> ApiRecord | None:
        """Return the API, once there is everything of it."""
        if self.state is None or not self.deployments.keys() >= set(self.state[3]):
            return None
        number, api, stages, order = self.state
        record = ApiRecord(scope=scope, api=api)
        record.number = number
        for deployment_id in order:
            record.put_deployment(self.deployments[deployment_id])
        for stage in stages:
            record.put_stage(stage)
        return record


def _deployment(state: dict[str, Any]) -> Deployment:
    state = _grown(state)
    return deployment_of(
        state["api"],
        deployment_id=state["id"],
        created_at=state["created_at"],
        description=state["description"],
    )


def _grown(state: Any) -> Any:
    """Give values that an older version wrote what they have come to have since, and return them."""
    if isinstance(state, Mapping):
        for value in state.values():
            _grown(value)
    elif isinstance(state, tuple):
        for value in state:
            _grown(value)
    elif is_dataclass(state):
        for item in fields(state):
            if not hasattr(state, item.name):
                object.__setattr__(state, item.name, _default(item))
            _grown(getattr(state, item.name))
    return state


def _default(item: Field[Any]) -> Any:
    """Return what a member is when nothing is said of it."""
    return item.default if item.default_factory is MISSING else item.default_factory()
