"""The environments of a cloud: an idle one is used again, a missing one is made, an outdated one never serves.

Environments are kept by the build that they run (code and configuration at one moment), so that after an update
nothing old can be taken for the new. The one that became idle last is taken first: the others grow old together and
are ended after some idle minutes, as on AWS. How many there may be is ``throttle``'s decision.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from pytest_rollbacklab.localaws.lambdas.control.function import Version
from pytest_rollbacklab.localaws.lambdas.environment import Deployed, Environment, Machine

__all__ = ["Pool"]

logger = logging.getLogger(__name__)

_IDLE_LIMIT_S = 300.0
_SWEEP_EVERY_S = 30.0


@dataclass(slots=True)
class _Fleet:
    """The environments of one build."""

    idle: list[tuple[float, Environment]] = field(default_factory=list)
    """With when they became so, the last one last."""
    busy: set[Environment] = field(default_factory=set)


class Pool:
    """All environments.

    Args:
        machine: What they are made with.
        idle_limit_s: How long an environment is kept without work.
    """

    def __init__(self, machine: Machine, *, idle_limit_s: float = _IDLE_LIMIT_S) -> None:
        self._machine = machine
        self._idle_limit_s = idle_limit_s
        self._fleets: dict[str, _Fleet] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """How many environments there are."""
        return sum(len(fleet.idle) + len(fleet.busy) for fleet in self._fleets.values())

    async def take(self, deployed: Deployed) -> Environment:
        """Return an environment for one invocation. Give it back afterwards.

        Raises:
            ForkServerError: no process could be started.
            ServiceError: the package turned out to be damaged.
        """
        fleet = self._fleets.setdefault(deployed.version.build, _Fleet())
        while fleet.idle:
            _, environment = fleet.idle.pop()
            if environment.is_usable:
                fleet.busy.add(environment)
                return environment
            self._end(environment)
        environment = Environment(deployed, self._machine)
        fleet.busy.add(environment)
        self._sweep_later()
        try:
            await environment.open()
        except BaseException:
            self.give_back(environment)
            raise
        return environment

    def give_back(self, environment: Environment) -> None:
        """Take an environment back after an invocation: to be used again, or ended when it cannot be."""
        fleet = self._fleets.get(environment.deployed.version.build)
        if fleet is not None:
            fleet.busy.discard(environment)
        if fleet is not None and environment.is_usable:
            fleet.idle.append((asyncio.get_running_loop().time(), environment))
        else:
            self._end(environment)

    def retire(self, version: Version) -> None:
        """End what runs a version: idle environments at once, busy ones after their answer."""
        fleet = self._fleets.pop(version.build, None)
        if fleet is None:
            return
        for _, environment in fleet.idle:
            self._end(environment)
        for environment in fleet.busy:
            environment.retired = True

    async def close(self) -> None:
        """End every environment that there is; returns when they have ended."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        fleets, self._fleets = self._fleets, {}
        for fleet in fleets.values():
            for environment in (*(environment for _, environment in fleet.idle), *fleet.busy):
                self._end(environment)
        while self._ending:
            await asyncio.wait(self._ending)

    def _end(self, environment: Environment) -> None:
        environment.kill()
        self._in_background(environment.close())

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._ending.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("An execution environment could not be cleared away.", exc_info=task.exception())

    def _sweep_later(self) -> None:
        if self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(min(_SWEEP_EVERY_S, self._idle_limit_s), self._sweep)

    def _sweep(self) -> None:
        """End what has been idle for too long, or has died meanwhile."""
        self._sweeper = None
        oldest = asyncio.get_running_loop().time() - self._idle_limit_s
        for build, fleet in list(self._fleets.items()):
            gone = [entry for entry in fleet.idle if entry[0] <= oldest or not entry[1].is_usable]
            for entry in gone:
                fleet.idle.remove(entry)
                self._end(entry[1])
            if not fleet.idle and not fleet.busy:
                del self._fleets[build]
        if self._fleets:
            self._sweep_later()
