"""Telemetry composed: metrics, the alarms over them, and logs, with one clock and behind AWS's two services."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_rollbacklab.localaws.api import Service
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper, Part
from pytest_rollbacklab.localaws.telemetry.alarms.service import Alarms
from pytest_rollbacklab.localaws.telemetry.logs.service import Logs
from pytest_rollbacklab.localaws.telemetry.metrics.service import Metrics

__all__ = ["Telemetry"]


class Telemetry:
    """What the local AWS knows about itself.

    Args:
        clock: Gives the time in epoch seconds; every timestamp comes from here.
        keeper: Hears of what has to outlive the process; None to forget it.
    """

    def __init__(self, clock: Callable[[], float] = time.time, *, keeper: Keeper | None = None) -> None:
        keeper = keeper or Forgetful()
        self.metrics = Metrics(clock, keeper)
        self.alarms = Alarms(self.metrics, clock, keeper)
        self.logs = Logs(clock, keeper)
        cloudwatch = {**self.metrics.operations, **self.alarms.operations}
        self.parts: tuple[Part, ...] = (self.metrics.kept, self.alarms.kept, self.logs.kept)
        self.services: tuple[Service, Service] = (
            Service(name="cloudwatch", operations=cloudwatch),
            Service(name="logs", operations=self.logs.operations),
        )
