"""A telemetry with a clock that stands still, called as the front door calls it.

Every answer is checked against AWS's own service model: a member that the model does not know would be lost on the way
to a client.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import botocore.session
import pytest

from pytest_rollbacklab.localaws import telemetry
from pytest_rollbacklab.localaws.api import Call, Scope, ServiceError
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.telemetry import Telemetry
from pytest_rollbacklab.localaws.telemetry.delays import AT_ONCE, Delays

NOW = datetime(2026, 11, 23, 5, 42, 30, tzinfo=UTC).timestamp()


class Clock:
    """A clock that is set by hand; epoch seconds."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class FakeAws:
    """Every other service: takes down what it was asked, and refuses what it is told to."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.refuses: dict[str, ServiceError] = {}
        self.permitted: set[tuple[str, str]] = set()
        """Principals, and the function that they may invoke."""

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        self.calls.append((scope.region, f"{service}:{operation}", dict(params or {})))
        if error := self.refuses.get(operation):
            raise error
        return {}

    def permits(self, scope: Scope, function: str, qualifier: str | None, *, principal: str, source_arn: str) -> bool:
        assert scope.account_id in source_arn
        assert qualifier is None or qualifier
        return (principal, function) in self.permitted

    def told(self, operation: str) -> list[dict[str, Any]]:
        return [params for _, name, params in self.calls if name == operation]


class World:
    """One account's view of a telemetry."""

    def __init__(self, keeper: Keeper | None = None, delays: Delays = AT_ONCE) -> None:
        self.clock = Clock()
        self.telemetry = Telemetry(self.clock, keeper=keeper, delays=delays)
        self.scope = Scope(account_id="111111111111", region="eu-west-1")

    def cloudwatch(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.call("cloudwatch", operation, params)

    def logs(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.call("logs", operation, params)

    def call(self, service: str, operation: str, params: dict[str, Any], scope: Scope | None = None) -> dict[str, Any]:
        call = Call(
            scope=scope or self.scope, service=service, operation=operation, access_key="AKIA", request_id="r-1"
        )
        table = next(one for one in self.telemetry.services if one.name == service).operations
        answer = table[operation](call, params)
        if inspect.isawaitable(answer):
            answer = asyncio.run(_awaited(answer))
        assert isinstance(answer, dict)
        _check_shape(_model(service).operation_model(operation).output_shape, answer, operation)
        return answer

    def refused(self, service: str, operation: str, **params: Any) -> ServiceError:
        """Return the error that a call is answered with."""
        with pytest.raises(ServiceError) as caught:
            self.call(service, operation, params)
        return caught.value

    def publish(self, *values: float, name: str = "Errors", **more: Any) -> None:
        """Publish custom points of now."""
        data = [{"MetricName": name, "Value": value, **more} for value in values]
        self.cloudwatch("PutMetricData", Namespace="Notes", MetricData=data)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture
def new_world() -> type[World]:
    return World


@pytest.fixture
def work_of() -> Callable[[Callable[[], object]], int]:
    """Return how many lines of the telemetry's own code something runs: what a stopwatch would say, without chance."""
    package = str(Path(telemetry.__file__).parent)

    def counted(work: Callable[[], object]) -> int:
        lines = 0

        def trace(frame: FrameType, event: str, _: object) -> Any:
            nonlocal lines
            if not frame.f_code.co_filename.startswith(package):
                return None
            lines += event == "line"
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            work()
        finally:
            sys.settrace(before)
        return lines

    return counted


async def _awaited(answer: Awaitable[Any]) -> Any:
    return await answer


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _check_shape(shape: Any, value: Any, path: str) -> None:
    if shape is None:
        assert value == {}, f"{path} answers nothing, but got {value}"
    elif shape.type_name == "structure":
        for name, member in value.items():
            assert name in shape.members, f"{path} has no member {name}"
            _check_shape(shape.members[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for member in value:
            _check_shape(shape.member, member, path)
    elif shape.type_name == "map":
        for member in value.values():
            _check_shape(shape.value, member, path)
    else:
        kinds = {"timestamp": datetime, "double": float, "long": int, "integer": int, "boolean": bool, "string": str}
        assert type(value) is kinds[shape.type_name], f"{path} is a {shape.type_name}, but got {value!r}"
