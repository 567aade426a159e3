"""API Gateway's patch operations: the form in which nearly everything of it is updated.

Values are text, whatever they are the value of, as "Patch operations" of its API reference has it; a path's segments
are escaped as in JSON Pointer.
"""

from __future__ import annotations

from typing import Any

from pytest_rollbacklab.localaws.stacks.templates.intrinsics import text_of

__all__ = ["Patch", "escaped", "lower_camel", "removal", "replacement"]

Patch = dict[str, str]


def replacement(path: str, value: Any) -> Patch:
    """Set a value; None clears it."""
    patch = {"op": "replace", "path": path}
    return patch if value is None else {**patch, "value": text_of(value)}


def removal(path: str) -> Patch:
    return {"op": "remove", "path": path}


def escaped(segment: str) -> str:
    return segment.replace("~", "~0").replace("/", "~1")


def lower_camel(name: str) -> str:
    """Write a property's name as API Gateway's API does: ``RestApiId`` -> ``restApiId``."""
    return name[:1].lower() + name[1:]
