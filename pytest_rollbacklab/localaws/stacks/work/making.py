"""Make a resource, for the first time or in place of one that cannot be updated.

Events and reasons are those of AWS's recordings: in progress, in progress again with the physical id and "Resource
creation Initiated", complete.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pytest_rollbacklab.localaws.stacks.resources import TYPES
from pytest_rollbacklab.localaws.stacks.state.stack import Resource, Touched
from pytest_rollbacklab.localaws.stacks.templates.template import ResourceDefinition
from pytest_rollbacklab.localaws.stacks.work.run import Failure, Run, Wanted, discard, outcome, resource_type
from pytest_rollbacklab.localaws.stacks.work.walk import Work

__all__ = ["begin_creation", "begin_replacement", "described", "keep_the_old"]

_INITIATED: Final = "Resource creation Initiated"
_REPLACING: Final = "Requested update requires the creation of a new physical resource; hence creating one."


def described(run: Run, resource: Resource, definition: ResourceDefinition) -> Resource:
    """Return the resource with what its definition says beside the properties."""
    return replace(
        resource,
        depends_on=run.blueprint.graph.before[definition.logical_id],
        deletion_policy=definition.deletion_policy,
        update_replace_policy=definition.update_replace_policy,
    )


def begin_creation(run: Run, definition: ResourceDefinition) -> Work:
    """Begin to make a resource."""
    stack, logical_id = run.stack, definition.logical_id
    wanted = run.wanted(definition)
    half_made = stack.resources.get(logical_id)
    stack.touched.setdefault(logical_id, Touched(before=None))
    in_the_way = half_made if half_made is not None and half_made.physical_id else None
    fresh = described(run, Resource(logical_id=logical_id, type=definition.type, instead_of=in_the_way), definition)
    attempted = wanted.properties if isinstance(wanted, Wanted) else definition.properties
    stack.put(fresh, "CREATE_IN_PROGRESS", attempts=(attempted,))
    return _create(run, logical_id, wanted, in_the_way)


async def _create(run: Run, logical_id: str, wanted: Wanted | Failure, half_made: Resource | None) -> bool:
    stack = run.stack
    if run.halted:
        wanted = Failure(reason="Resource creation cancelled")
    if half_made is not None:
        if half_made.status != "DELETE_COMPLETE" and (stands := await discard(run, half_made)):
            # A creation that failed was left as it was, and cannot be cleared away: it is still the stack's.
            current = stack.resources[logical_id]
            return run.fail(current, "CREATE_FAILED", stands.reason, physical_id=half_made.physical_id)
        stack.resources[logical_id] = replace(stack.resources[logical_id], instead_of=None)
    if isinstance(wanted, Failure):
        return run.fail(stack.resources[logical_id], "CREATE_FAILED", wanted.reason)

    def made(physical_id: str) -> None:
        stack.put(stack.resources[logical_id], "CREATE_IN_PROGRESS", _INITIATED, physical_id=physical_id)

    resource = stack.resources[logical_id]
    attributes = await outcome(TYPES[resource.type].create(run.request(resource, wanted.properties, made=made)))
    if isinstance(attributes, Failure):
        return run.fail(stack.resources[logical_id], "CREATE_FAILED", attributes.reason)
    stack.put(
        stack.resources[logical_id],
        "CREATE_COMPLETE",
        properties=wanted.properties,
        attempts=(),
        attributes=attributes,
        metadata=wanted.metadata,
    )
    return True


def begin_replacement(run: Run, definition: ResourceDefinition, before: Resource, wanted: Wanted) -> Work:
    """Begin to make another physical resource for a logical id; the old one stays until the clean-up."""
    attempts = (*before.attempts, wanted.properties)
    run.stack.put(before, "UPDATE_IN_PROGRESS", _REPLACING, attempts=attempts, instead_of=before)
    return _replace(run, definition, before, wanted)


async def _replace(run: Run, definition: ResourceDefinition, before: Resource, wanted: Wanted) -> bool:
    stack, logical_id = run.stack, before.logical_id
    refusal = "Resource update cancelled" if run.halted else _name_in_the_way(before, wanted)
    if refusal:
        current = stack.resources[logical_id]
        return run.fail(current, "UPDATE_FAILED", refusal, attempts=before.attempts, instead_of=None)

    def made(physical_id: str) -> None:
        stack.put(stack.resources[logical_id], "UPDATE_IN_PROGRESS", _INITIATED, physical_id=physical_id)

    attributes = await outcome(resource_type(before).create(run.request(before, wanted.properties, made=made)))
    current = stack.resources[logical_id]
    if isinstance(attributes, Failure):
        return keep_the_old(run, before, current, attributes.reason)
    _step_aside(run, before)
    stack.put(
        described(run, current, definition),
        "UPDATE_COMPLETE",
        properties=wanted.properties,
        attempts=(),
        instead_of=None,
        attributes=attributes,
        metadata=wanted.metadata,
    )
    return True


def keep_the_old(run: Run, before: Resource, current: Resource, reason: str) -> bool:
    """Let the logical id mean the old one again; what was half made in its place is left over."""
    stack = run.stack
    run.fail(current, "UPDATE_FAILED", reason, instead_of=None)
    failed = stack.resources[before.logical_id]
    if failed.physical_id != before.physical_id:
        stack.leftovers = (*stack.leftovers, failed)
    stack.resources[before.logical_id] = replace(
        before, status=failed.status, reason=failed.reason, updated_at=failed.updated_at
    )
    return False


def _step_aside(run: Run, before: Resource) -> None:
    """Let the old one stand until the clean-up, or until it is wanted back."""
    touched = run.stack.touched[before.logical_id]
    if touched.before is None or touched.replaced is not None:
        # It came after the last whole state: nobody will go back to it.
        run.stack.leftovers = (*run.stack.leftovers, before)
    else:
        run.stack.touched[before.logical_id] = replace(touched, replaced=before)


def _name_in_the_way(before: Resource, wanted: Wanted) -> str | None:
    """Refuse to make a second one of the same name, in AWS's words."""
    name = resource_type(before).name
    if name is None or not name.unique or name.property not in wanted.properties:
        return None
    given = wanted.properties[name.property]
    if given != before.properties.get(name.property):
        return None
    return (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        f"Rename {given} and update the stack again."
    )
