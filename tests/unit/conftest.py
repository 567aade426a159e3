"""The local AWS's logs, metrics and alarms behind a port, for what speaks to AWS by boto3 alone."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

WAIT_S = 20.0


class ServedTelemetry:
    """A telemetry on 127.0.0.1, with its event loop on a thread of its own; counts the calls by operation."""

    def __init__(self) -> None:
        from pytest_rollbacklab.localaws.api import Scope
        from pytest_rollbacklab.localaws.telemetry import Telemetry
        from pytest_rollbacklab.target import DEFAULT_ACCOUNT_ID, DEFAULT_REGION

        self.telemetry = Telemetry()
        self.scope = Scope(account_id=DEFAULT_ACCOUNT_ID, region=DEFAULT_REGION)
        self.operations = {service.name: dict(service.operations) for service in self.telemetry.services}
        self.calls: Counter[str] = Counter()
        self.endpoint_url = ""
        self.loop: asyncio.AbstractEventLoop

    def write(self, group: str, *messages: str, stream: str = "s", at_ms: int | None = None) -> None:
        """Write to a log as an AWS service does."""
        self.run(lambda: self.telemetry.logs.append(self.scope, group, stream, messages, at_ms))

    def run(self, work: Callable[[], Any]) -> Any:
        """Do something on the loop's thread, and return what it returns."""

        async def done() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(done(), self.loop).result(WAIT_S)

    @contextlib.contextmanager
    def serving(self) -> Iterator[ServedTelemetry]:
        """Serve within the block."""
        from aiohttp import web

        from pytest_rollbacklab.localaws import server

        stop = asyncio.Event()
        ready = threading.Event()

        async def serve() -> None:
            runner = web.ServerRunner(server._http_server(self._answer), shutdown_timeout=1.0)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.endpoint_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ready.set()
            await stop.wait()
            await runner.cleanup()

        with asyncio.Runner() as loop_runner:
            self.loop = loop_runner.get_loop()
            thread = threading.Thread(target=loop_runner.run, args=(serve(),))
            thread.start()
            try:
                assert ready.wait(WAIT_S)
                yield self
            finally:
                self.loop.call_soon_threadsafe(stop.set)
                thread.join(WAIT_S)

    async def _answer(self, request: Any) -> Any:
        from pytest_rollbacklab.localaws.api import Call, ServiceError
        from pytest_rollbacklab.localaws.moto_seam import wire

        service = "logs" if (request.header("x-amz-target") or "").startswith("Logs_") else "cloudwatch"
        parsed = wire.parse(request, service)
        self.calls[parsed.operation] += 1
        call = Call(scope=self.scope, service=service, operation=parsed.operation, access_key="AKIA", request_id="r-1")
        try:
            result = self.operations[service][parsed.operation](call, parsed.params)
        except ServiceError as error:
            return wire.write_error(parsed.protocol, error, "r-1")
        assert isinstance(result, dict)
        return wire.write_result(parsed, result, "r-1")


@pytest.fixture
def served() -> Iterator[ServedTelemetry]:
    with ServedTelemetry().serving() as telemetry:
        yield telemetry
