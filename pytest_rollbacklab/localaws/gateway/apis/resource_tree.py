"""How the resources of an API may be arranged, and the errors for what may not be (as recorded).

Functions from an API to an API. A path has one variable at most at each place, and nothing stands below a greedy one.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_rollbacklab.localaws.gateway.apis.rest_api import Resource, RestApi
from pytest_rollbacklab.localaws.gateway.identifiers import new_part_id
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, conflict

__all__ = ["add_resource", "find_path", "move_resource", "remove_resource", "resource_at"]

_PATH_PART = re.compile(r"[a-zA-Z0-9._\-:$]+|\{[a-zA-Z0-9._\-:]+\+?\}")


def add_resource(api: RestApi, *, parent_id: str, path_part: str, resource_id: str | None = None) -> RestApi:
    """Return the API with a new resource below a parent.

    Args:
        resource_id: Its id; a new one when None.

    Raises:
        ServiceError: the path part is malformed, taken, or may not stand there.
    """
    parent = api.resource(parent_id)
    _check(api, parent, path_part, itself=None)
    resource = Resource(
        id=resource_id or new_part_id(), path=_below(parent, path_part), parent_id=parent.id, path_part=path_part
    )
    return api.with_resource(resource)


def move_resource(
    api: RestApi, resource_id: str, *, parent_id: str | None = None, path_part: str | None = None
) -> RestApi:
    """Return the API with a resource, and all below it, at another place or under another name.

    Raises:
        ServiceError: it is the root, it would be below itself, or as for a new one.
    """
    resource = api.resource(resource_id)
    if resource.parent_id is None:
        raise bad_request(f"Root resource cannot update its {'pathPart' if path_part is not None else 'parentId'}.")
    parent = api.resource(parent_id or resource.parent_id)
    if parent.id in _branch(api, resource_id):
        raise bad_request("Resources cannot be cyclical.")
    part = path_part if path_part is not None else str(resource.path_part)
    _check(api, parent, part, itself=resource_id)
    moved = replace(resource, parent_id=parent.id, path_part=part, path=_below(parent, part))
    return _repath(api.with_resource(moved), moved)


def remove_resource(api: RestApi, resource_id: str) -> RestApi:
    """Return the API without a resource and all below it.

    Raises:
        ServiceError: it is the root.
    """
    if api.resource(resource_id).parent_id is None:
        raise bad_request("The root resource cannot be deleted.")
    gone = _branch(api, resource_id)
    return replace(api, resources={key: value for key, value in api.resources.items() if key not in gone})


def find_path(api: RestApi, path: str) -> Resource | None:
    """Return the resource of a path."""
    return next((resource for resource in api.resources.values() if resource.path == path), None)


def resource_at(api: RestApi, path: str, known_ids: dict[str, str]) -> tuple[RestApi, Resource]:
    """Return the resource of a path, made with all above it when it is not there, and the API that has it.

    Args:
        known_ids: Ids that paths had before and shall have again.
    """
    resource = api.resources[api.root_resource_id]
    walked = ""
    for part in path.strip("/").split("/") if path.strip("/") else ():
        walked += f"/{part}"
        found = find_path(api, walked)
        if found is None:
            api = add_resource(api, parent_id=resource.id, path_part=part, resource_id=known_ids.get(walked))
            found = find_path(api, walked)
            assert found is not None
        resource = found
    return api, resource


def _check(api: RestApi, parent: Resource, path_part: str, *, itself: str | None) -> None:
    if not _PATH_PART.fullmatch(path_part):
        raise bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the "
            f"beginning and the end: {path_part}"
        )
    if (parent.path_part or "").endswith("+}"):
        raise bad_request(f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}")
    for sibling in api.resources.values():
        if sibling.parent_id != parent.id or sibling.id == itself:
            continue
        if sibling.path_part == path_part:
            raise conflict(f"Another resource with the same parent already has this name: {path_part}")
        if _variable(path_part) and _variable(sibling.path_part):
            raise bad_request(
                f"A sibling ({sibling.path_part}) of this resource already has a variable path part "
                "-- only one is allowed"
            )


def _variable(path_part: str | None) -> bool:
    return bool(path_part) and str(path_part).startswith("{")


def _below(parent: Resource, path_part: str) -> str:
    return f"{parent.path.rstrip('/')}/{path_part}"


def _branch(api: RestApi, resource_id: str) -> set[str]:
    """Return a resource's id and those of all below it."""
    branch = {resource_id}
    while True:
        below = {resource.id for resource in api.resources.values() if resource.parent_id in branch} - branch
        if not below:
            return branch
        branch |= below


def _repath(api: RestApi, parent: Resource) -> RestApi:
    for child in [resource for resource in api.resources.values() if resource.parent_id == parent.id]:
        moved = replace(child, path=_below(parent, str(child.path_part)))
        api = _repath(api.with_resource(moved), moved)
    return api
