"""Update a resource, and put it back as it was."""

from __future__ import annotations

from dataclasses import replace

from pytest_rollbacklab.localaws.stacks.planning.desired import differing
from pytest_rollbacklab.localaws.stacks.registry import schema_of
from pytest_rollbacklab.localaws.stacks.state.stack import Resource, Touched
from pytest_rollbacklab.localaws.stacks.templates.template import ResourceDefinition
from pytest_rollbacklab.localaws.stacks.work.making import begin_replacement, described
from pytest_rollbacklab.localaws.stacks.work.run import Failure, Run, Wanted, outcome, resource_type
from pytest_rollbacklab.localaws.stacks.work.walk import Work

__all__ = ["begin_restoration", "begin_update"]


def begin_update(run: Run, definition: ResourceDefinition) -> Work | None:
    """Begin to make a resource be what its definition says by now; None when it is."""
    stack, before = run.stack, run.stack.resources[definition.logical_id]
    wanted = run.wanted(definition)
    stack.touched.setdefault(before.logical_id, Touched(before=before))
    if isinstance(wanted, Failure):
        stack.put(before, "UPDATE_IN_PROGRESS")
        return _refuse(run, before, wanted.reason)
    changed = differing(wanted.properties, *before.may_have)
    if not changed and not before.status.endswith("_FAILED"):
        # Nothing that a service knows of: no event, as on AWS.
        stack.resources[before.logical_id] = replace(described(run, before, definition), metadata=wanted.metadata)
        return None
    if _needs_replacement(before, wanted, changed):
        return begin_replacement(run, definition, before, wanted)
    stack.put(before, "UPDATE_IN_PROGRESS", attempts=(*before.attempts, wanted.properties))
    return _update(run, definition, before, wanted, changed)


def _needs_replacement(before: Resource, wanted: Wanted, changed: frozenset[str]) -> bool:
    schema = schema_of(before.type)
    sometimes = resource_type(before).replaced_for
    for name in changed:
        recreation = schema.recreation(name, before.properties.get(name), wanted.properties.get(name)) if schema else ""
        if recreation == "Always" or (recreation == "Conditionally" and name in sometimes):
            return True
    return False


async def _refuse(run: Run, before: Resource, reason: str) -> bool:
    current = run.stack.resources[before.logical_id]
    return run.fail(current, "UPDATE_FAILED", reason, attempts=before.attempts)


async def _update(
    run: Run, definition: ResourceDefinition, before: Resource, wanted: Wanted, changed: frozenset[str]
) -> bool:
    if run.halted:
        return await _refuse(run, before, "Resource update cancelled")
    request = run.request(before, wanted.properties, before=before.may_have, changed=changed)
    attributes = await outcome(resource_type(before).update(request)) if changed else before.attributes
    if isinstance(attributes, Failure):
        if not request.calls:
            return await _refuse(run, before, attributes.reason)
        return run.fail(run.stack.resources[before.logical_id], "UPDATE_FAILED", attributes.reason)
    run.stack.put(
        described(run, run.stack.resources[before.logical_id], definition),
        "UPDATE_COMPLETE",
        properties=wanted.properties,
        attempts=(),
        attributes=attributes,
        metadata=wanted.metadata,
    )
    return True


def begin_restoration(run: Run, logical_id: str) -> Work | None:
    """Begin to put a resource back as it was before the update; None when it is, or was not there."""
    stack = run.stack
    touched = stack.touched.get(logical_id)
    if touched is None or touched.before is None:
        # What the update made is deleted in the clean-up.
        return None
    current, before = stack.resources[logical_id], touched.before
    if touched.replaced is not None:
        stack.leftovers = (*stack.leftovers, current)
        current = replace(touched.replaced, status=current.status)
        stack.touched[logical_id] = replace(touched, replaced=None)
    elif current.updated_at == before.updated_at:
        # It was never begun, or nothing of it needed a service.
        stack.resources[logical_id] = before
        del stack.touched[logical_id]
        return None
    stack.put(current, "UPDATE_IN_PROGRESS")
    return _restore(run, before)


async def _restore(run: Run, before: Resource) -> bool:
    stack, logical_id = run.stack, before.logical_id
    current = stack.resources[logical_id]
    changed = differing(before.properties, *current.may_have)
    request = run.request(before, before.properties, before=current.may_have, changed=changed)
    attributes = await outcome(resource_type(before).update(request)) if changed else before.attributes
    if isinstance(attributes, Failure):
        attempts = (*current.attempts, before.properties) if request.calls else current.attempts
        return run.fail(current, "UPDATE_FAILED", attributes.reason, attempts=attempts)
    stack.put(replace(before, status="UPDATE_IN_PROGRESS"), "UPDATE_COMPLETE", attributes=attributes)
    del stack.touched[logical_id]
    return True
