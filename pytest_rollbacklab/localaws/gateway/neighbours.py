"""What the gateway needs of the layers below it, no more: so that each can be stood in for by a small fake."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.identity.credentials import Credentials, Principal

__all__ = ["Decision", "FindsCredentials", "Invocation", "Lambdas", "Logs", "Metrics", "Policies", "Telemetry"]


class Invocation(Protocol):
    """How a function answered."""

    @property
    def payload(self) -> bytes: ...
    @property
    def function_error(self) -> str | None: ...
    @property
    def executed_version(self) -> str: ...


class Lambdas(Protocol):
    """Functions that can be invoked; see ``lambdas.Lambdas``."""

    async def invoke(
        self,
        scope: Scope,
        function: str,
        qualifier: str | None,
        payload: bytes,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation: ...

    def permits(
        self, scope: Scope, function: str, qualifier: str | None, *, principal: str, source_arn: str
    ) -> bool: ...


class Decision(Protocol):
    """Whether policies allow something."""

    @property
    def allowed(self) -> bool: ...
    @property
    def explicit_deny(self) -> bool: ...


class Policies(Protocol):
    """The policies of callers; see ``identity.policies.Policies``."""

    async def allows(
        self, principal: Principal, action: str, resource: str, context: Mapping[str, str | Sequence[str]]
    ) -> Decision: ...


class FindsCredentials(Protocol):
    """The keys that were issued; see ``identity.credentials.CredentialStore``."""

    def find(self, access_key_id: str) -> Credentials | None: ...


class Metrics(Protocol):
    """Where measurements go; see ``telemetry.Telemetry``."""

    def record(
        self,
        scope: Scope,
        namespace: str,
        name: str,
        dimensions: Mapping[str, str],
        value: float,
        unit: str,
        at: float | None = None,
    ) -> None: ...


class Logs(Protocol):
    """Where log lines go; see ``telemetry.Telemetry``."""

    def append(
        self, scope: Scope, group: str, stream: str, messages: Iterable[str], at_ms: int | None = None
    ) -> None: ...


class Telemetry(Protocol):
    """Metrics and logs."""

    @property
    def metrics(self) -> Metrics: ...
    @property
    def logs(self) -> Logs: ...
