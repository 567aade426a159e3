"""Write a request down: access log, execution log, metrics, as its stage's settings say."""

from __future__ import annotations

import functools
import hashlib

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.gateway.execution.exchange import Exchange
from pytest_rollbacklab.localaws.gateway.neighbours import Telemetry
from pytest_rollbacklab.localaws.gateway.records.access_log import compile_format, read_destination
from pytest_rollbacklab.localaws.gateway.records.execution_log import execution_log
from pytest_rollbacklab.localaws.gateway.records.metrics import record_metrics

__all__ = ["Recorder"]


class Recorder:
    """Where requests are written down.

    Args:
        telemetry: The logs and metrics of the local AWS.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._logs = telemetry.logs
        self._metrics = telemetry.metrics

    def record(self, exchange: Exchange) -> None:
        """Write down a request that has been answered."""
        setting = exchange.live.setting(exchange.route)
        self._access_log(exchange)
        if lines := execution_log(exchange, setting):
            self._write(exchange, exchange.scope, f"API-Gateway-Execution-Logs_{exchange.live.place}", lines)
        record_metrics(self._metrics, exchange, by_method=setting.metrics_enabled)

    def _access_log(self, exchange: Exchange) -> None:
        settings = exchange.live.stage.access_log
        if settings is None or settings.destination_arn is None or settings.format is None:
            return
        group = read_destination(settings.destination_arn)
        self._write(exchange, group.scope, group.name, [compile_format(settings.format).line(exchange)])

    def _write(self, exchange: Exchange, scope: Scope, group: str, lines: list[str]) -> None:
        """Write to a log group, and of a canary's requests, to the canary's own group too.

        "Set up an API Gateway canary release deployment": both for execution logs and for access logs.
        """
        self._logs.append(scope, group, _stream(exchange), lines)
        if exchange.live.is_canary:
            self._logs.append(scope, f"{group}/Canary", _stream(exchange), lines)


def _stream(exchange: Exchange) -> str:
    return _stream_name(exchange.live.api_id, exchange.live.stage.name)


@functools.lru_cache(maxsize=1024)
def _stream_name(api_id: str, stage: str) -> str:
    """Name a stage's stream: 32 hexadecimal digits without any meaning, as on AWS."""
    return hashlib.md5(f"{api_id}/{stage}".encode(), usedforsecurity=False).hexdigest()
