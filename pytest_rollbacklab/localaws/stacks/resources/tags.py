"""Tags between CloudFormation's list form and the maps that half of the services want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_rollbacklab.localaws.stacks.resources.resource_type import Request

__all__ = ["gone_tags", "new_tags", "tag_list", "tag_map"]


def tag_map(tags: Sequence[Mapping[str, str]] | Mapping[str, str] | None) -> dict[str, str]:
    """Return tags by key, from ``[{"Key", "Value"}]`` or from a map."""
    if isinstance(tags, Mapping):
        return dict(tags)
    return {tag["Key"]: tag.get("Value", "") for tag in tags or ()}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def new_tags(request: Request, name: str = "Tags") -> dict[str, str]:
    """Return the tags that an update has to set."""
    before = [tag_map(state.get(name)) for state in request.before]
    after = tag_map(request.properties.get(name))
    return {key: value for key, value in after.items() if any(tags.get(key) != value for tags in before)}


def gone_tags(request: Request, name: str = "Tags") -> list[str]:
    """Return the keys that an update has to take away."""
    after = tag_map(request.properties.get(name))
    before = dict.fromkeys(key for state in request.before for key in tag_map(state.get(name)))
    return [key for key in before if key not in after]
