"""One event (an Event invocation), as a value that can be kept: what was asked for, and how often it was tried."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["Event", "Said"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """How the function answered an event's last try."""

    payload: bytes
    failed: bool
    executed_version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """An event on its way."""

    scope: Scope
    function: str
    qualifier: str | None
    payload: bytes
    request_id: str
    """The same at every try."""
    trace_id: str | None = None
    client_context: str | None = None
    """In base64, as Invoke's ClientContext."""
    arrived_at: datetime
    skipped_s: float = 0.0
    """What AWS would have waited between tries and this local AWS did not; it counts as age."""
    tries: int = 0
    throttles: int = 0
    """How often it was turned away since it was last tried."""
    said: Said | None = None

    @property
    def age_s(self) -> float:
        """How old it is by AWS's clock."""
        return (datetime.now(UTC) - self.arrived_at).total_seconds() + self.skipped_s

    def tried(self, said: Said) -> Event:
        """Return it after another try."""
        return replace(self, tries=self.tries + 1, throttles=0, said=said)

    def throttled(self) -> Event:
        """Return it after it was turned away."""
        return replace(self, throttles=self.throttles + 1)

    def later(self, skipped_s: float) -> Event:
        """Return it after a wait that was not waited."""
        return replace(self, skipped_s=self.skipped_s + skipped_s)
