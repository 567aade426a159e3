"""A stack as it stands: its resources, its deployment, its events.

Resources and deployments are frozen values that are replaced whole, so that "as it was before" is a reference that is
kept, and a rollback needs no undoing of half-changed objects. A stack itself is the one thing here that changes; its
status and its resources' change only through methods that ask the tables in ``statuses`` and record the event. Whatever
changes tells the stack's ``watcher``: where it is kept is ``kept``'s business.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.stacks.state.statuses import RESOURCE_MOVES, STACK_MOVES, move
from pytest_rollbacklab.localaws.stacks.state.watched import Watched
from pytest_rollbacklab.localaws.stacks.templates.blueprint import Blueprint

__all__ = ["STACK_TYPE", "Deployment", "Event", "Output", "Resource", "Stack", "StackWatcher", "Touched", "now"]

STACK_TYPE: Final = "AWS::CloudFormation::Stack"
_TICK: Final = timedelta(microseconds=1)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A resource of a stack, as it stands or as it was attempted."""

    logical_id: str
    type: str
    status: str = ""
    reason: str | None = None
    updated_at: datetime = field(default_factory=now)
    physical_id: str = ""
    """Empty until there is something."""
    properties: Mapping[str, Any] = field(default_factory=dict)
    """Resolved, as the last finished operation left them."""
    attempts: tuple[Mapping[str, Any], ...] = ()
    """Resolved, of operations since then that have not finished or that failed: what may or may not be in force."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """What Fn::GetAtt yields."""
    depends_on: frozenset[str] = frozenset()
    metadata: Any = None
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"
    instead_of: Resource | None = None
    """While it is being made: what stands under its logical id, or is in its way, until it is."""

    @property
    def may_have(self) -> tuple[Mapping[str, Any], ...]:
        """Return the properties that may be in force: more than one set after an update that failed half way."""
        return (self.properties, *self.attempts)

    @property
    def latest(self) -> Mapping[str, Any]:
        """Return the properties of the last operation, however it ended."""
        return self.may_have[-1]

    @property
    def stands(self) -> bool:
        """Tell whether it was ever made, and not deleted since."""
        return bool(self.physical_id) and self.status not in {"CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_COMPLETE"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """What an unfinished operation did to a resource, so that it can be taken back."""

    before: Resource | None
    """As it was; None when the operation made it."""
    replaced: Resource | None = None
    """The same physical resource as it was when another took its place; None while it has its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """An output with its value."""

    key: str
    value: str
    description: str | None
    export_name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Deployment:
    """What a stack is made from: given by one create or update, and kept to go back to."""

    text: str
    """The template as it was given."""
    processed: str
    """The template after its transforms; the same text when it has none."""
    blueprint: Blueprint
    tags: Mapping[str, str]
    capabilities: tuple[str, ...]
    role_arn: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of DescribeStackEvents."""

    event_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str | None
    at: datetime
    token: str | None
    properties: Mapping[str, Any] | None = None


class StackWatcher(Protocol):
    """Hears of every change of a stack."""

    def changed(self, stack: Stack, what: str) -> None:
        """Note that an attribute, or ``resources/LOGICAL_ID``, is not what it was."""
        ...

    def happened(self, stack: Stack, event: Event) -> None:
        """Note one more event."""
        ...


@dataclass(kw_only=True, slots=True)
class Stack:
    """A stack and its history."""

    scope: Scope
    stack_id: str
    name: str
    status: str = ""
    status_reason: str | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    template_text: str = ""
    """The template as it was last given."""
    deployment: Deployment | None = None
    """What is deployed, or being deployed; None while there is nothing but a change set, or a failed transform."""
    change_set_id: str | None = None
    """The change set that made the last deployment."""
    disable_rollback: bool = False
    on_failure: str = "ROLLBACK"
    termination_protection: bool = False
    resources: Watched[Resource] = field(default_factory=Watched)
    outputs: tuple[Output, ...] = ()
    imports: frozenset[str] = frozenset()
    """Names of exports of other stacks that this one uses."""
    events: list[Event] = field(default_factory=list)
    """Oldest first."""
    token: str | None = None
    """ClientRequestToken of the operation under way; every event of it carries it."""
    stable: Deployment | None = None
    """What an update goes back to: the last deployment that was whole."""
    touched: Watched[Touched] = field(default_factory=Watched)
    """What has been changed since then. Empty when the stack is whole."""
    leftovers: tuple[Resource, ...] = ()
    """Physical resources that no logical id means any more, to be deleted in the clean-up."""
    retained: frozenset[str] = frozenset()
    """Logical ids that the deletion under way is to leave to themselves."""
    undoes_creation: bool = False
    """Whether the deletion under way is that of a creation that failed (OnFailure=DELETE)."""
    watcher: StackWatcher | None = None
    """Set when it is in a store."""

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        watcher = getattr(self, "watcher", None)
        if watcher is not None:
            watcher.changed(self, name)

    @property
    def in_progress(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    def replaced(self) -> list[Resource]:
        """Return what has been replaced since the stack was whole, and stands still."""
        return [item.replaced for item in self.touched.values() if item.replaced is not None]

    def become(self, status: str, reason: str | None = None) -> None:
        """Move the stack to another status and record it.

        Raises:
            IllegalStatusMoveError: the status cannot follow the one it has.
        """
        self.status = move(STACK_MOVES, f"stack {self.name}", self.status, status)
        self.status_reason = reason
        at = self._event_time()
        self._record(
            Event(
                event_id=str(uuid.uuid4()),
                logical_id=self.name,
                physical_id=self.stack_id,
                type=STACK_TYPE,
                status=status,
                reason=reason,
                at=at,
                token=self.token,
            )
        )

    def put(self, resource: Resource, status: str, reason: str | None = None, **changes: Any) -> Resource:
        """Move a resource of the stack to another status, record it, and return it as it is now.

        Raises:
            IllegalStatusMoveError: the status cannot follow the one it has.
        """
        moved = self._moved(resource, status, reason, **changes)
        self.resources[moved.logical_id] = moved
        return moved

    def moved(self, resource: Resource, status: str, reason: str | None = None, **changes: Any) -> Resource:
        """Do as ``put`` for a resource that its logical id no longer means, because it was replaced.

        Where the stack still holds it, it is held as it is now, so that nothing is deleted twice.
        """
        moved = self._moved(resource, status, reason, **changes)
        if any(item is resource for item in self.leftovers):
            self.leftovers = tuple(moved if item is resource else item for item in self.leftovers)
        touched = self.touched.get(resource.logical_id)
        if touched is not None and touched.replaced is resource:
            self.touched[resource.logical_id] = replace(touched, replaced=moved)
        return moved

    def _moved(self, resource: Resource, status: str, reason: str | None, **changes: Any) -> Resource:
        move(RESOURCE_MOVES, f"resource {resource.logical_id}", resource.status, status)
        at = self._event_time()
        moved = replace(resource, status=status, reason=reason, updated_at=at, **changes)
        self._record(
            Event(
                event_id=f"{moved.logical_id}-{status}-{at.isoformat()}",
                logical_id=moved.logical_id,
                physical_id=moved.physical_id,
                type=moved.type,
                status=status,
                reason=reason,
                at=at,
                token=self.token,
                properties=moved.latest,
            )
        )
        return moved

    def _record(self, event: Event) -> None:
        self.events.append(event)
        if self.watcher is not None:
            self.watcher.happened(self, event)

    def _event_time(self) -> datetime:
        """Return a time later than the last event's: clients sort by it, and an event's id holds it."""
        at = now()
        return at if not self.events else max(at, self.events[-1].at + _TICK)
