"""What an invocation comes to when no environment can be had."""

from __future__ import annotations

import asyncio

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.lambdas.forks import Forks, ForkServerError
from pytest_rollbacklab.localaws.lambdas.invoking import Invoker
from pytest_rollbacklab.localaws.lambdas.lambdas import Lambdas


class NoMetrics:
    def __init__(self) -> None:
        self.names: list[str] = []

    def record(self, scope, namespace, name, *rest) -> None:
        self.names.append(name)


class Stream:
    name = "2026/11/23/[$LATEST]0ff"


class ShortLived:
    """An environment whose process ends before it takes anything."""

    log = Stream()

    async def invoke(self, work):
        return None


class PoolOfShortLived:
    def __init__(self) -> None:
        self.taken = self.given_back = 0

    async def take(self, deployed):
        self.taken += 1
        return ShortLived()

    def give_back(self, environment) -> None:
        self.given_back += 1


class EmptyPool:
    async def take(self, deployed):
        raise ForkServerError("No further process can be started: [Errno 11] Resource temporarily unavailable.")


class NothingReady:
    def take(self, function, qualifier):
        return None


def failure(control, pool) -> ServiceError:
    metrics = NoMetrics()
    control.create()
    invoker = Invoker(
        registry=control.registry, pool=pool, provisions=NothingReady(), metrics=metrics, accept=lambda _: None
    )
    with pytest.raises(ServiceError) as caught:
        asyncio.run(invoker.invoke(control.scope, "create", None, b"{}"))
    assert metrics.names == []
    return caught.value


def test_environments_that_end_before_they_take_it_are_tried_three_times(control):
    pool = PoolOfShortLived()
    error = failure(control, pool)
    assert (error.code, error.status, error.fields) == ("ServiceException", 500, {"Type": "Service"})
    assert error.message == (
        "The function create was initialised 3 times, and each time its process ended before it took the invocation; "
        "the last one logged to 2026/11/23/[$LATEST]0ff."
    )
    assert (pool.taken, pool.given_back) == (3, 3)


def test_a_machine_without_room_for_a_process_is_told(control):
    error = failure(control, EmptyPool())
    assert (error.code, error.status) == ("ServiceException", 500)
    assert error.message == "No further process can be started: [Errno 11] Resource temporarily unavailable."


class Link:
    """A fork server that cannot fork."""

    pid = 1

    def __init__(self, forks: Forks) -> None:
        self._forks = forks

    def send(self, message, *descriptors) -> None:
        self._forks._heard({"id": message["id"], "error": "[Errno 11] Resource temporarily unavailable"})


def test_a_fork_that_fails_is_told_with_its_reason(monkeypatch):
    async def body():
        forks = Forks(interpreter=None)
        forks._loaded = asyncio.get_running_loop().create_future()
        forks._loaded.set_result(frozenset({"boto3"}))
        forks._link = Link(forks)
        from pytest_rollbacklab.localaws.lambdas.forks import Launch

        launch = Launch(handler="a.b", task_root="/", environ={}, top_level_names=frozenset())
        with pytest.raises(ForkServerError) as caught:
            await forks.launch(launch, output=1)
        assert str(caught.value) == ("No further process can be started: [Errno 11] Resource temporarily unavailable.")

    asyncio.run(body())


def test_closing_during_an_invocation_answers_it_and_leaves_nothing(cloud, functions, make_zip, until, tmp_path):
    """A cloud of the test's own, closed while one function runs and another one is being made."""

    async def body():
        lambdas = Lambdas(
            aws=cloud.s3,
            telemetry=cloud.telemetry,
            credentials=cloud.lambdas._pool._machine.credentials,
            endpoint=lambda: "http://127.0.0.1:4566",
        )
        homes = [lambdas._interpreter.home, lambdas._packages._home]
        await lambdas.start()
        functions.service = lambdas.service
        for name, code in (
            ("running", "import time\ndef handler(event, context):\n    print('runs')\n    time.sleep(60)\n"),
            ("importing", "import time\nprint('imports')\ntime.sleep(60)\n"),
        ):
            await functions._answer(
                functions.request("CreateFunction"),
                {
                    "FunctionName": name,
                    "Role": "arn:aws:iam::111122223333:role/r",
                    "Runtime": "python3.12",
                    "Handler": "app.handler",
                    "Timeout": 60,
                    "Code": {"ZipFile": make_zip({"app.py": code})},
                },
            )
        calls = [
            asyncio.create_task(lambdas.invoke(functions.scope, name, None, b"{}")) for name in ("running", "importing")
        ]
        await until(lambda: "runs\n" in functions.log("running") and "imports\n" in functions.log("importing"))
        async with asyncio.timeout(10):
            await lambdas.close()
            ends = await asyncio.gather(*calls)
        assert all(b"signal: killed" in end.payload for end in ends)
        assert not any(home.exists() for home in homes)

    cloud.run(body())


def test_many_environments_later_no_descriptor_and_no_directory_is_left(functions):
    machine = functions.lambdas._pool._machine

    def count():
        functions.run(functions.lambdas._pool.close())
        from pathlib import Path

        return len(list(Path("/dev/fd").iterdir())), len(list(machine.packages._home.iterdir()))

    functions.create(code="def handler(event, context):\n    return event\n")
    functions.invoke("create")
    before = count()
    for number in range(10):
        functions.update("create", f"x = {number}\ndef handler(event, context):\n    return 1 / (event % 2)\n")
        functions.invoke("create", str(number).encode())
    assert count() == before
