"""What functions need of the other parts of the local AWS, as small as it is.

``telemetry`` and ``identity`` are those parts; what is written down here is all that is asked of them, so that the
tests can stand something smaller in their place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.identity.credentials import Credentials as Issued
from pytest_rollbacklab.localaws.identity.credentials import Principal
from pytest_rollbacklab.localaws.identity.policies import Decision
from pytest_rollbacklab.localaws.lambdas.variables import RoleCredentials

__all__ = ["Credentials", "Decides", "FindsKeys", "Logs", "Metrics", "Telemetry"]


class Logs(Protocol):
    """CloudWatch Logs, to write to."""

    def append(self, scope: Scope, group: str, stream: str, messages: Iterable[str], /) -> None:
        """Append events, each kept byte for byte; group and stream are made when missing."""


class Metrics(Protocol):
    """CloudWatch, to record in."""

    def record(
        self, scope: Scope, namespace: str, name: str, dimensions: Mapping[str, str], value: float, unit: str, /
    ) -> None:
        """Record a value, now."""


class Telemetry(Protocol):
    """Logs and metrics."""

    @property
    def logs(self) -> Logs: ...
    @property
    def metrics(self) -> Metrics: ...


class Credentials(Protocol):
    """Temporary credentials of roles."""

    def issue(self, scope: Scope, *, role_arn: str, session_name: str, duration_s: int) -> RoleCredentials:
        """Issue the credentials of a role's session."""


class FindsKeys(Protocol):
    """The keys that were issued."""

    def find(self, access_key_id: str, /) -> Issued | None:
        """Return a key with its secret and its owner."""


class Decides(Protocol):
    """IAM's policies."""

    async def allows(
        self, principal: Principal, action: str, resource: str | None, context: Mapping[str, str | Sequence[str]], /
    ) -> Decision:
        """Decide whether a principal may do this."""
