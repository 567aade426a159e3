"""What AWS's resource registry says of the types: which there are, and what their properties are like.

The data is ``registry.json``, which ``tools/registry_schemas.py`` extracts from AWS's public schemas. Values are also
put into the kind that the schema gives them (``"6"`` from a parameter is the number 6 of a Timeout), as CloudFormation
does, so that services get boto3's shapes and a difference in spelling is no change. Enumerations, patterns and
lengths are the services' own to refuse.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, Literal

__all__ = ["Recreation", "Schema", "exists", "schema_of"]

Recreation = Literal["Never", "Conditionally", "Always"]

_JSON_NAMES: Final[Mapping[type, str]] = {
    dict: "JSONObject",
    list: "JSONArray",
    str: "String",
    bool: "Boolean",
    int: "Integer",
    float: "BigDecimal",
}


@functools.cache
def _registry() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("registry.json").read_text("utf-8")
    return dict(json.loads(text))


@functools.cache
def _names() -> frozenset[str]:
    return frozenset(f"{service}::{kind}" for service, kinds in _registry()["names"].items() for kind in kinds.split())


def exists(type_name: str) -> bool:
    """Tell whether AWS has a resource type of this name, emulated here or not."""
    return type_name in _names() or type_name.startswith("Custom::")


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """One type's properties. Paths are as in the schemas: ``Code/S3Key``."""

    properties: Mapping[str, Any]
    required: tuple[str, ...]
    create_only: tuple[str, ...]
    conditional_create_only: tuple[str, ...]
    read_only: frozenset[str]
    identifiers: tuple[str, ...]
    tags: str
    """The property that the stack's own tags go into; empty for none."""

    @property
    def tags_are_a_map(self) -> bool:
        """Tell whether tags are a map of names, and no list of Key and Value."""
        return not isinstance(self.properties[self.tags], Mapping) or "items" not in self.properties[self.tags]

    def recreation(self, name: str, before: Any, after: Any) -> Recreation:
        """Tell whether a change of a top-level property needs a new physical resource."""
        if any(_differs(path, name, before, after) for path in self.create_only):
            return "Always"
        if any(_differs(path, name, before, after) for path in self.conditional_create_only):
            return "Conditionally"
        return "Never"

    def has_attribute(self, attribute: str) -> bool:
        """Tell whether Fn::GetAtt may ask for it: what is read-only, and any property."""
        return attribute.partition(".")[0] in self.properties

    def fit(self, properties: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Return the properties in their schema's kinds, and what is wrong with them.

        Each complaint begins with a path and is worded as CloudFormation's: ``#/Code: extraneous key [S3Kee] is not
        permitted``.
        """
        given = [name for name in properties if name in self.read_only]
        complaints = [f"#: extraneous key [{name}] is not permitted" for name in given]
        node = {"properties": self.properties, "required": self.required}
        return dict(_fit(node, properties, "#", complaints)), complaints


@functools.cache
def schema_of(type_name: str) -> Schema | None:
    """Return a type's schema, or None when it is not among those that were extracted."""
    found = _registry()["types"].get(type_name)
    if found is None:
        return None
    return Schema(
        properties=found["properties"],
        required=tuple(found.get("required", ())),
        create_only=tuple(found.get("create_only", ())),
        conditional_create_only=tuple(found.get("conditional_create_only", ())),
        read_only=frozenset(found.get("read_only", ())),
        identifiers=tuple(found.get("identifiers", ())),
        tags=found.get("tags", ""),
    )


def _differs(path: str, name: str, before: Any, after: Any) -> bool:
    first, *inner = path.split("/")
    if first != name:
        return False
    for part in inner:
        before = before.get(part) if isinstance(before, Mapping) else None
        after = after.get(part) if isinstance(after, Mapping) else None
    return bool(before != after)


def _fit(node: Any, value: Any, path: str, complaints: list[str]) -> Any:
    if isinstance(node, str):
        return _scalar(node, value, path, complaints)
    if "items" in node:
        return _list(node["items"], value, path, complaints)
    if not isinstance(value, Mapping):
        return _wrong("JSONObject", value, path, complaints)
    if "values" in node:
        return {key: _fit(node["values"], child, f"{path}/{key}", complaints) for key, child in value.items()}
    return _object(node, value, path, complaints)


def _object(node: Mapping[str, Any], value: Mapping[str, Any], path: str, complaints: list[str]) -> dict[str, Any]:
    known = node["properties"]
    complaints += [f"{path}: extraneous key [{key}] is not permitted" for key in value if key not in known]
    complaints += [f"{path}: required key [{key}] not found" for key in node.get("required", ()) if key not in value]
    return {
        key: _fit(known[key], child, f"{path}/{key}", complaints) if key in known else child
        for key, child in value.items()
    }


def _list(node: Any, value: Any, path: str, complaints: list[str]) -> Any:
    if not isinstance(value, list):
        return _wrong("JSONArray", value, path, complaints)
    return [_fit(node, child, f"{path}/{index}", complaints) for index, child in enumerate(value)]


def _scalar(kind: str, value: Any, path: str, complaints: list[str]) -> Any:
    if kind == "json":
        return value
    try:
        return _SCALARS[kind](value)
    except (KeyError, TypeError, ValueError):
        return _wrong({"number": "Number"}.get(kind, kind.capitalize()), value, path, complaints)


def _wrong(expected: str, value: Any, path: str, complaints: list[str]) -> Any:
    complaints.append(f"{path}: expected type: {expected}, found: {_JSON_NAMES.get(type(value), 'Null')}")
    return value


def _string(value: Any) -> str:
    if isinstance(value, (Mapping, list)):
        raise TypeError
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _integer(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise ValueError
    return int(number)


def _number(value: Any) -> int | float:
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, (int, float)):
        return value
    text = str(value)
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _boolean(value: Any) -> bool:
    return {"true": True, "false": False}[str(value).lower()]


_SCALARS: Final = {"string": _string, "integer": _integer, "number": _number, "boolean": _boolean}
