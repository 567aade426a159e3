"""Delete resources: what a stack no longer wants, what an update left over, what a failed creation made.

A resource that is gone already counts as deleted. One that cannot be deleted keeps what it depends on from being
deleted, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_rollbacklab.localaws.stacks.state.stack import Resource
from pytest_rollbacklab.localaws.stacks.templates.graph import Graph
from pytest_rollbacklab.localaws.stacks.work.run import Run, discard
from pytest_rollbacklab.localaws.stacks.work.walk import Work, walk

__all__ = ["delete_all"]

Put = Callable[..., Resource]


async def delete_all(run: Run, resources: Iterable[Resource], retained: Callable[[Resource], bool]) -> None:
    """Delete resources, each after those that depend on it; failures are in ``run.failed``.

    Args:
        retained: Tells which are to be left to themselves instead.
    """
    by_id: dict[str, list[Resource]] = {}
    for resource in resources:
        if resource.status not in {"DELETE_COMPLETE", "DELETE_SKIPPED"}:
            by_id.setdefault(resource.logical_id, []).append(resource)
    before = {
        logical_id: frozenset[str]().union(*(item.depends_on for item in items)) for logical_id, items in by_id.items()
    }
    graph = Graph.without_circles(before).reversed()
    await walk(graph, lambda logical_id: _begin(run, by_id[logical_id], retained))


def _begin(run: Run, resources: list[Resource], retained: Callable[[Resource], bool]) -> Work | None:
    going = [item for item in (_begin_one(run, resource, retained(resource)) for resource in resources) if item]
    return _delete_each(run, going) if going else None


def _begin_one(run: Run, resource: Resource, is_retained: bool) -> tuple[Put, Resource] | None:
    """Begin to delete one, unless that is done with its event."""
    stack = run.stack
    # What a logical id no longer means is told of in events, but is not the stack's resource any more.
    put = stack.put if stack.resources.get(resource.logical_id) is resource else stack.moved
    if not resource.physical_id:
        put(resource, "DELETE_COMPLETE")
    elif is_retained:
        put(resource, "DELETE_SKIPPED")
    else:
        return put, put(resource, "DELETE_IN_PROGRESS")
    return None


async def _delete_each(run: Run, going: list[tuple[Put, Resource]]) -> bool:
    outcomes = [await _delete(run, put, resource) for put, resource in going]
    return all(outcomes)


async def _delete(run: Run, put: Put, resource: Resource) -> bool:
    failure = await discard(run, resource)
    if failure is not None:
        run.failed["delete"].append(resource.logical_id)
        put(resource, "DELETE_FAILED", failure.reason)
        return False
    put(resource, "DELETE_COMPLETE")
    return True
