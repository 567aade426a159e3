"""Telemetry composed: metrics, the alarms over them, and logs, with one clock and behind AWS's two services."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from pytest_rollbacklab.localaws.api import Aws, Service
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper, Part
from pytest_rollbacklab.localaws.telemetry.alarms.service import Alarms
from pytest_rollbacklab.localaws.telemetry.dashboards.service import Dashboards
from pytest_rollbacklab.localaws.telemetry.delays import AT_ONCE, Delays
from pytest_rollbacklab.localaws.telemetry.logs.service import Logs
from pytest_rollbacklab.localaws.telemetry.metrics.service import Metrics
from pytest_rollbacklab.localaws.telemetry.permits import Permits

__all__ = ["Telemetry"]


class Telemetry:
    """What the local AWS knows about itself.

    Args:
        clock: Gives the time in epoch seconds; every timestamp comes from here.
        keeper: Hears of what has to outlive the process; None to forget it.
        delays: How long it takes until what was recorded or written can be read.
    """

    def __init__(
        self, clock: Callable[[], float] = time.time, *, keeper: Keeper | None = None, delays: Delays = AT_ONCE
    ) -> None:
        keeper = keeper or Forgetful()
        self.metrics = Metrics(clock, keeper, delays)
        self.alarms = Alarms(self.metrics, clock, keeper)
        self.logs = Logs(clock, keeper, self.metrics.record, delay_s=delays.logs_s)
        self.metrics.before_reading(self.logs.filters.settle)
        dashboards = Dashboards(clock, keeper)
        cloudwatch = {**self.metrics.operations, **self.alarms.operations, **dashboards.operations}
        self.parts: tuple[Part, ...] = (self.metrics.kept, self.alarms.kept, self.logs.kept, dashboards)
        self.services: tuple[Service, Service] = (
            Service(name="cloudwatch", operations=cloudwatch),
            Service(name="logs", operations=self.logs.operations),
        )

    def start(self, *, aws: Aws, permits: Permits) -> None:
        """Begin what runs by itself, on the running event loop: alarms that have actions, and subscriptions.

        Args:
            aws: Every service, in process.
            permits: Says whether a function's policy lets a service invoke it.
        """
        later = asyncio.get_running_loop().call_later
        self.logs.start(aws=aws, permits=permits, later=later)
        self.alarms.start(aws=aws, permits=permits, later=later)

    async def close(self) -> None:
        """End what runs in the background."""
        await self.alarms.close()
        await self.logs.close()
