"""One operation on a stack while it runs: what its steps share."""

from __future__ import annotations

import logging
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Aws, ServiceError
from pytest_rollbacklab.localaws.stacks.failures import ResourceFailureError
from pytest_rollbacklab.localaws.stacks.planning.desired import desired
from pytest_rollbacklab.localaws.stacks.resources import TYPES
from pytest_rollbacklab.localaws.stacks.resources.resource_type import Request, ResourceType
from pytest_rollbacklab.localaws.stacks.state.stack import Deployment, Resource, Stack
from pytest_rollbacklab.localaws.stacks.state.values import importer, standing
from pytest_rollbacklab.localaws.stacks.templates.blueprint import Blueprint
from pytest_rollbacklab.localaws.stacks.templates.evaluation import Evaluator
from pytest_rollbacklab.localaws.stacks.templates.template import ResourceDefinition

__all__ = ["Failure", "Run", "Wanted", "discard", "outcome", "resource_type"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Why something cannot be, in the words of an event."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What a resource is to be, resolved."""

    properties: Mapping[str, Any]
    metadata: Any


_VERBS: Final = ("create", "update", "delete")


@dataclass(kw_only=True, slots=True)
class Run:
    """What the steps of one operation share."""

    aws: Aws
    stack: Stack
    stacks: Mapping[str, Stack]
    """Every stack of the account and region, for exports."""
    halted: bool = False
    """Set when something failed: what has not begun is cancelled."""
    abandoned: bool = False
    """Set when the stack is to be deleted while it is still being created."""
    failed: dict[str, list[str]] = field(default_factory=lambda: {verb: [] for verb in _VERBS})
    """Logical ids of what failed, by what was tried."""

    @property
    def deployment(self) -> Deployment:
        assert self.stack.deployment is not None, "a run without a deployment has nothing to run"
        return self.stack.deployment

    @property
    def blueprint(self) -> Blueprint:
        return self.deployment.blueprint

    def evaluator(self) -> Evaluator:
        return standing(self.stack, self.blueprint, importer(self.stacks))

    def wanted(self, definition: ResourceDefinition) -> Wanted | Failure:
        """Resolve what a resource is to be; all that it refers to stands."""
        evaluator = self.evaluator()
        try:
            return Wanted(
                properties=desired(definition, evaluator, self.deployment.tags),
                metadata=evaluator.evaluate(definition.metadata),
            )
        except ResourceFailureError as error:
            return Failure(reason=str(error))
        except ServiceError as error:
            return Failure(reason=error.message)

    def request(self, resource: Resource, properties: Mapping[str, Any], **rest: Any) -> Request:
        """Make what a resource type is handed."""
        return Request(
            aws=self.aws,
            scope=self.stack.scope,
            stack_name=self.stack.name,
            logical_id=resource.logical_id,
            properties=properties,
            physical_id=resource.physical_id,
            attributes=resource.attributes,
            **{"made": _nothing, **rest},
        )

    def fail(self, resource: Resource, status: str, reason: str, **changes: Any) -> bool:
        """Record a failure of the operation, which halts what has not begun; return False, the outcome of a step."""
        self.halted = True
        self.failed[status.removesuffix("_FAILED").lower()].append(resource.logical_id)
        self.stack.put(resource, status, reason, **changes)
        return False

    def failures(self) -> str:
        """Say what failed, as a stack's status reason does."""
        return "".join(
            f"The following resource(s) failed to {verb}: [{', '.join(self.failed[verb])}]. "
            for verb in _VERBS
            if self.failed[verb]
        )


def resource_type(resource: Resource) -> ResourceType:
    """Return the type of a resource that was made, and so has one."""
    return TYPES[resource.type]


async def discard(run: Run, resource: Resource) -> Failure | None:
    """Delete what is not the stack's resource any more, without an event; return why it cannot be."""
    gone = await outcome(resource_type(resource).delete(run.request(resource, resource.latest)))
    return gone if isinstance(gone, Failure) else None


async def outcome(work: Coroutine[Any, Any, Any]) -> Any:
    """Return what a resource type returned, or the ``Failure`` that it ended in."""
    try:
        return await work
    except ResourceFailureError as error:
        return Failure(reason=str(error))
    except ServiceError as error:
        return Failure(reason=error.message)
    except Exception as error:
        # A resource type that stumbles must not leave its stack in progress for ever.
        logger.exception("a resource type failed")
        return Failure(reason=f"Internal Failure: {error!r}")


def _nothing(_physical_id: str) -> None:
    """Be told of nothing: what is updated or deleted is there already."""
