"""Provisioned concurrency: environments that are initialised before anybody asks, and kept so.

Each version or alias that is provisioned has a fleet of its own, of the version that it leads to now. When that changes
(an alias is moved), another fleet is made and the old one ends; an environment that ends is replaced. Who does not find
an idle environment here is served on demand, by ``pool``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.function import Function
from pytest_rollbacklab.localaws.lambdas.control.provisioned_operations import Progress
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry, find_version
from pytest_rollbacklab.localaws.lambdas.environment import Deployed, Environment, Machine
from pytest_rollbacklab.localaws.lambdas.forks import ForkServerError

__all__ = ["Provisions"]

logger = logging.getLogger(__name__)

_Place = tuple[Scope, str, str]


@dataclass(slots=True, eq=False)
class _Fleet:
    deployed: Deployed
    wanted: int = 0
    making: int = 0
    idle: list[Environment] = field(default_factory=list)
    busy: set[Environment] = field(default_factory=set)
    failed: bool = False

    @property
    def missing(self) -> int:
        return 0 if self.failed else self.wanted - self.making - len(self.idle) - len(self.busy)


class Provisions:
    """The environments that are kept ready.

    Args:
        registry: The functions, with what is asked for.
        machine: What environments are made with.
    """

    def __init__(self, *, registry: Registry, machine: Machine) -> None:
        self._registry = registry
        self._machine = machine
        self._fleets: dict[_Place, _Fleet] = {}
        self._owners: dict[Environment, _Fleet] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False

    def start(self) -> None:
        """Make ready what was asked for before."""
        self._running = True
        for function in self._registry.everything():
            self.changed(function)

    async def close(self) -> None:
        """End everything."""
        self._running = False
        for place in list(self._fleets):
            self._drop(place)
        while self._tasks:
            await asyncio.wait(self._tasks)

    def changed(self, function: Function) -> None:
        """Take notice of a function that was made, changed or removed."""
        if not self._running:
            return
        standing = self._registry.find(function.scope, function.name) is function
        asked = function.provisioned if standing else {}
        places = [place for place in self._fleets if place[:2] == (function.scope, function.name)]
        for place in places:
            if place[2] not in asked:
                self._drop(place)
        for qualifier, provisioned in asked.items():
            self._fit((function.scope, function.name, qualifier), function, provisioned.wanted)

    def progress(self, function: Function, qualifier: str) -> Progress:
        """Say how far the environments of a qualifier are."""
        fleet = self._fleets.get((function.scope, function.name, qualifier))
        if fleet is None:
            return Progress(ready=0, idle=0, failed=False)
        return Progress(ready=len(fleet.idle) + len(fleet.busy), idle=len(fleet.idle), failed=fleet.failed)

    def take(self, function: Function, qualifier: str | None) -> Environment | None:
        """Return an idle environment of what is invoked, or None; give it back afterwards."""
        fleet = self._fleets.get((function.scope, function.name, qualifier or ""))
        while fleet is not None and fleet.idle:
            environment = fleet.idle.pop()
            if environment.is_usable:
                fleet.busy.add(environment)
                return environment
            self._end(environment)
            self._fill(fleet)
        return None

    def give_back(self, environment: Environment) -> None:
        """Take an environment back; one that cannot be used again is replaced."""
        fleet = self._owners[environment]
        fleet.busy.discard(environment)
        if environment.is_usable and fleet in self._fleets.values():
            fleet.idle.append(environment)
        else:
            self._end(environment)
            self._fill(fleet)

    def _fit(self, place: _Place, function: Function, wanted: int) -> None:
        try:
            version = find_version(function, place[2])
        except ServiceError:  # the version or the alias is gone
            self._drop(place)
            return
        fleet = self._fleets.get(place)
        if fleet is not None and fleet.deployed.version.build != version.build:
            self._drop(place)
            fleet = None
        if fleet is None:
            fleet = self._fleets[place] = _Fleet(Deployed(scope=function.scope, name=function.name, version=version))
        fleet.failed = fleet.failed and fleet.wanted == wanted
        fleet.wanted = wanted
        while fleet.missing < 0 and fleet.idle:
            self._end(fleet.idle.pop())
        self._fill(fleet)

    def _fill(self, fleet: _Fleet) -> None:
        if not self._running or fleet not in self._fleets.values():
            return
        for _ in range(fleet.missing):
            fleet.making += 1
            self._in_background(self._make(fleet))

    async def _make(self, fleet: _Fleet) -> None:
        environment = Environment(fleet.deployed, self._machine, initialization_type="provisioned-concurrency")
        self._owners[environment] = fleet
        try:
            await environment.open()
        except (ForkServerError, ServiceError) as error:
            logger.warning("%s could not be provisioned: %s", fleet.deployed.name, error)
        fleet.making -= 1
        if environment.is_usable and self._running and fleet in self._fleets.values() and fleet.missing > 0:
            fleet.idle.append(environment)
            return
        fleet.failed = fleet.failed or not environment.is_usable
        self._end(environment)

    def _drop(self, place: _Place) -> None:
        fleet = self._fleets.pop(place, None)
        if fleet is None:
            return
        for environment in fleet.idle:
            self._end(environment)
        fleet.idle.clear()
        for environment in fleet.busy:
            environment.retired = True
            if not self._running:
                environment.kill()

    def _end(self, environment: Environment) -> None:
        self._owners.pop(environment, None)
        environment.kill()
        self._in_background(environment.close())

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
