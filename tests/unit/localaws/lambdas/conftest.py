"""Fakes for what functions need of the rest of the local AWS, and a cloud that runs functions for real.

The processes are real: one fork server serves the whole session, and each test has an account of its own on it. The
event loop runs only while a test awaits something.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import io
import itertools
import zipfile
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.session
import pytest

from pytest_rollbacklab.localaws.api import Call, Scope, Service, ServiceError
from pytest_rollbacklab.localaws.keeping import Forgetful, Keeper
from pytest_rollbacklab.localaws.lambdas.control.alias_operations import AliasOperations
from pytest_rollbacklab.localaws.lambdas.control.concurrency import ConcurrencyOperations
from pytest_rollbacklab.localaws.lambdas.control.function import Version
from pytest_rollbacklab.localaws.lambdas.control.function_operations import FunctionOperations
from pytest_rollbacklab.localaws.lambdas.control.function_reads import FunctionReads
from pytest_rollbacklab.localaws.lambdas.control.layers import LayerShelf
from pytest_rollbacklab.localaws.lambdas.control.permission_operations import PermissionOperations
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry
from pytest_rollbacklab.localaws.lambdas.control.tags import TagOperations
from pytest_rollbacklab.localaws.lambdas.control.version_operations import VersionOperations
from pytest_rollbacklab.localaws.lambdas.invoking import Invocation
from pytest_rollbacklab.localaws.lambdas.lambdas import Lambdas

ROLE = "arn:aws:iam::111122223333:role/notes-api"


def zip_of(files: Mapping[str, str | bytes]) -> bytes:
    """Make a package of files by name."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return package.getvalue()


async def until(condition: Callable[[], object], *, timeout_s: float = 10) -> None:
    """Wait until something outside of this process has come about."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - processes and their descriptors set no events here
            await asyncio.sleep(0.002)


@dataclass(frozen=True)
class LogEvent:
    scope: Scope
    group: str
    stream: str
    message: str


@dataclass(frozen=True)
class Point:
    scope: Scope
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    value: float
    unit: str


class FakeLogs:
    def __init__(self) -> None:
        self.events: list[LogEvent] = []

    def append(self, scope, group, stream, messages, at_ms=None) -> None:
        self.events += [LogEvent(scope, group, stream, message) for message in messages]


class FakeMetrics:
    def __init__(self) -> None:
        self.points: list[Point] = []

    def record(self, scope, namespace, name, dimensions, value, unit, at=None) -> None:
        self.points.append(Point(scope, namespace, name, dict(dimensions), value, unit))


class FakeTelemetry:
    def __init__(self) -> None:
        self.logs = FakeLogs()
        self.metrics = FakeMetrics()


@dataclass(frozen=True)
class FakeKey:
    access_key_id: str
    secret_access_key: str
    session_token: str


class FakeCredentials:
    """Issues keys that tell whose they are."""

    def issue(self, scope, *, role_arn, session_name, duration_s) -> FakeKey:
        return FakeKey(f"ASIA{scope.account_id}", f"secret-of-{session_name}", f"token-for-{role_arn}")


class FakeS3:
    """Objects by bucket and key; versions by bucket, key and version id."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, ...], bytes] = {}

    async def call(self, scope, service, operation, params=None) -> dict[str, Any]:
        assert (service, operation) == ("s3", "GetObject")
        where = tuple(params[member] for member in ("Bucket", "Key", "VersionId") if member in params)
        if not any(key[0] == params["Bucket"] for key in self.objects):
            raise ServiceError("NoSuchBucket", "The specified bucket does not exist", 404)
        if where not in self.objects:
            raise ServiceError("NoSuchKey", "The specified key does not exist.", 404)
        return {"Body": self.objects[where]}


@functools.cache
def _model() -> Any:
    return botocore.session.get_session().get_service_model("lambda")


def checked(operation: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Check that an answer has no member that AWS's service model does not know: it would be lost on the wire."""
    output = _model().operation_model(operation).output_shape
    known = set(output.members) if output else set()
    assert set(answer) <= known, f"{operation} answers members that are not in the model: {set(answer) - known}"
    return dict(answer)


@dataclass
class Api:
    """A Lambda API as an account's administrator sees it: calls by operation name, in boto3's shapes."""

    service: Service
    run: Callable[[Awaitable[Any]], Any]
    scope: Scope
    _requests: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def request(self, operation: str) -> Call:
        return Call(
            scope=self.scope,
            service="lambda",
            operation=operation,
            access_key=self.scope.account_id,
            request_id=f"00000000-0000-4000-8000-{next(self._requests):012d}",
        )

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        return checked(operation, self.run(self._answer(self.request(operation), params)))

    async def _answer(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Call as the cloud does: on its event loop."""
        answer = self.service.operations[call.operation](call, params)
        return await answer if inspect.isawaitable(answer) else answer

    def refusal(self, operation: str, **params: Any) -> ServiceError:
        """Call an operation that must be refused, and return how."""
        with pytest.raises(ServiceError) as caught:
            self.call(operation, **params)
        return caught.value

    def create(self, name: str = "create", code: str | Mapping[str, str | bytes] = "", **params: Any) -> dict[str, Any]:
        files = {"app.py": code} if isinstance(code, str) else code
        defaults = {
            "Role": ROLE,
            "Runtime": "python3.12",
            "Handler": "app.handler",
            "Code": {"ZipFile": zip_of(files)},
        }
        return self.call("CreateFunction", FunctionName=name, **(defaults | params))

    def update(self, name: str, code: str, **params: Any) -> dict[str, Any]:
        return self.call("UpdateFunctionCode", FunctionName=name, ZipFile=zip_of({"app.py": code}), **params)


@dataclass
class ControlPlane(Api):
    """The control plane alone: nothing runs, no process is started."""

    s3: FakeS3 = field(kw_only=True)
    superseded: list[Version] = field(kw_only=True)
    """Versions that may serve no more, in order."""
    permits: Callable[..., bool] = field(kw_only=True)
    code: Callable[[Scope, str, str], bytes] = field(kw_only=True)
    registry: Registry = field(kw_only=True)


@dataclass
class RunningLambda(Api):
    """The same, with functions that run."""

    lambdas: Lambdas = field(kw_only=True)
    telemetry: FakeTelemetry = field(kw_only=True)

    def invoke(self, name: str, payload: bytes = b"{}", qualifier: str | None = None, **more: Any) -> Invocation:
        return self.run(self.invocation(name, payload, qualifier, **more))

    async def invocation(
        self, name: str, payload: bytes = b"{}", qualifier: str | None = None, **more: Any
    ) -> Invocation:
        return await self.lambdas.invoke(self.scope, name, qualifier, payload, **more)

    def events(self, name: str | None = None) -> list[LogEvent]:
        group = f"/aws/lambda/{name}"
        return [
            event
            for event in self.telemetry.logs.events
            if event.scope == self.scope and (name is None or event.group == group)
        ]

    def log(self, name: str) -> list[str]:
        return [event.message for event in self.events(name)]

    def streams(self, name: str) -> list[str]:
        return list(dict.fromkeys(event.stream for event in self.events(name)))

    def points(self, name: str) -> list[Point]:
        return [point for point in self.telemetry.metrics.points if point.scope == self.scope and point.name == name]


@dataclass
class Cloud:
    """What all tests share."""

    run: Callable[[Awaitable[Any]], Any]
    lambdas: Lambdas
    telemetry: FakeTelemetry
    s3: FakeS3


@pytest.fixture(scope="session")
def cloud() -> Iterator[Cloud]:
    """A Lambda that runs functions, with fakes around it; one for all tests, for its fork server takes a while."""
    telemetry, s3 = FakeTelemetry(), FakeS3()
    with asyncio.Runner() as runner:
        lambdas = Lambdas(
            aws=s3, telemetry=telemetry, credentials=FakeCredentials(), endpoint=lambda: "http://127.0.0.1:4566"
        )
        runner.run(lambdas.start())
        yield Cloud(runner.run, lambdas, telemetry, s3)
        runner.run(lambdas.close())


_accounts = itertools.count(100000000000)


@pytest.fixture
def new_api() -> Callable[..., tuple[Api, Lambdas]]:
    """Makes a Lambda that is not started, and the API of one account of it."""

    def make(scope: Scope, keeper: Keeper | None = None) -> tuple[Api, Lambdas]:
        lambdas = Lambdas(
            aws=FakeS3(),
            telemetry=FakeTelemetry(),
            credentials=FakeCredentials(),
            endpoint=lambda: "http://127.0.0.1:4566",
            keeper=keeper,
        )
        return Api(service=lambdas.service, run=asyncio.run, scope=scope), lambdas

    return make


@pytest.fixture
def functions(cloud: Cloud) -> RunningLambda:
    """An account of the test's own, whose functions run."""
    scope = Scope(account_id=str(next(_accounts)), region="us-east-1")
    return RunningLambda(
        service=cloud.lambdas.service, run=cloud.run, scope=scope, lambdas=cloud.lambdas, telemetry=cloud.telemetry
    )


@pytest.fixture
def make_zip() -> Callable[[Mapping[str, str | bytes]], bytes]:
    """Makes packages of files by name."""
    return zip_of


@pytest.fixture
def control() -> ControlPlane:
    """The control plane of one account in eu-west-1."""
    s3, superseded, registry = FakeS3(), [], Registry()
    reads = FunctionReads(registry=registry, endpoint=lambda: "http://127.0.0.1:4566")
    permissions = PermissionOperations(registry=registry)
    operations = {
        **FunctionOperations(
            registry=registry, aws=s3, layers=LayerShelf(Forgetful()), superseded=superseded.append
        ).operations,
        **reads.operations,
        **VersionOperations(registry=registry).operations,
        **AliasOperations(registry=registry).operations,
        **permissions.operations,
        **ConcurrencyOperations(registry=registry).operations,
        **TagOperations(registry=registry).operations,
    }
    return ControlPlane(
        service=Service(name="lambda", operations=operations),
        run=asyncio.run,
        scope=Scope(account_id="111122223333", region="eu-west-1"),
        s3=s3,
        superseded=superseded,
        permits=permissions.permits,
        code=reads.code,
        registry=registry,
    )


@pytest.fixture(name="until")
def until_fixture() -> Callable[..., Awaitable[None]]:
    """Waits until a condition holds, with a deadline."""
    return until
