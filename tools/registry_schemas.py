"""Write ``localaws/stacks/registry.json`` from the resource schemas that cfn-lint carries.

    python tools/registry_schemas.py

What the stack engine needs of AWS's public registry schemas is little: which types there are, and of those that it
emulates which properties are known, required, create-only and read-only, of what kind each is, and where its tags go.
It is extracted here, so that cfn-lint (and what it pulls in) stays a development dependency. cfn-lint itself is not
imported, only its data files are read. The same schemas give the same bytes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "pytest_rollbacklab/localaws/stacks/registry.json"
REGION: Final = "us-east-1"
SCALARS: Final = frozenset({"string", "integer", "number", "boolean"})
ANYTHING: Final = "json"


def schemas_folder() -> Path | None:
    """Return the folder of cfn-lint's schemas, or None when it is not installed."""
    spec = importlib.util.find_spec("cfnlint")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "data/schemas"


def extract(folder: Path, types: Iterable[str]) -> dict[str, Any]:
    """Return the registry: every type's name, and what is needed of the given types."""
    files = json.loads((folder / f"providers/{REGION}.json").read_text())
    return {
        "schemas": json.loads((folder / "version.json").read_text())["schema_date"],
        "names": _by_service(files),
        "types": {
            name: _type(json.loads((folder / f"resources/{files[name]}.json").read_text())) for name in sorted(types)
        },
    }


def _by_service(names: Iterable[str]) -> dict[str, str]:
    services: dict[str, list[str]] = defaultdict(list)
    for name in sorted(names):
        service, _, kind = name.rpartition("::")
        services[service].append(kind)
    return {service: " ".join(kinds) for service, kinds in services.items()}


def _type(schema: Mapping[str, Any]) -> dict[str, Any]:
    tagging = schema.get("tagging", {})
    extracted = {
        "properties": {name: _node(member, schema, ()) for name, member in sorted(schema["properties"].items())},
        "required": sorted(schema.get("required", ())),
        "create_only": _paths(schema, "createOnlyProperties"),
        "conditional_create_only": _paths(schema, "conditionalCreateOnlyProperties"),
        "read_only": _paths(schema, "readOnlyProperties"),
        "identifiers": _paths(schema, "primaryIdentifier"),
        "tags": tagging.get("tagProperty", "").removeprefix("/properties/") if tagging.get("taggable") else "",
    }
    return {key: value for key, value in extracted.items() if value}


def _paths(schema: Mapping[str, Any], key: str) -> list[str]:
    return sorted(pointer.removeprefix("/properties/") for pointer in schema.get(key, ()))


def _node(member: Mapping[str, Any], schema: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    """Return a property's kind: a scalar's name, {"items"}, {"values"}, {"properties", "required"} or anything."""
    reference = member.get("$ref")
    if reference is not None:
        if reference in inside:
            return ANYTHING
        return _node(_at(schema, reference), schema, (*inside, reference))
    kind = member.get("type")
    if isinstance(kind, list) and {"string", "boolean"} <= set(kind):
        # Any scalar will do, and is written as text.
        return "string"
    if isinstance(kind, str) and kind in SCALARS:
        return kind
    if kind == "array":
        return {"items": _node(member.get("items", {}), schema, inside)}
    if kind == "object":
        return _object(member, schema, inside)
    return ANYTHING


def _object(member: Mapping[str, Any], schema: Mapping[str, Any], inside: tuple[str, ...]) -> Any:
    if member.get("properties"):
        node: dict[str, Any] = {
            "properties": {name: _node(child, schema, inside) for name, child in sorted(member["properties"].items())}
        }
        if member.get("required"):
            node["required"] = sorted(member["required"])
        return node
    patterns = member.get("patternProperties") or {}
    values = {json.dumps(_node(child, schema, inside), sort_keys=True) for child in patterns.values()}
    return {"values": json.loads(values.pop())} if len(values) == 1 else ANYTHING


def _at(schema: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    found: Any = schema
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def written(registry: Mapping[str, Any]) -> str:
    """Return the registry as the file holds it: a line a type."""
    lines = [f'"schemas":{_compact(registry["schemas"])}']
    for section in ("names", "types"):
        members = ",\n".join(f"{_compact(name)}:{_compact(value)}" for name, value in sorted(registry[section].items()))
        lines.append(f'"{section}":{{\n{members}\n}}')
    return "{" + ",\n".join(lines) + "}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def main() -> int:
    """Write the file; with --check only compare."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--check", action="store_true", help="only tell whether the file is up to date")
    check = arguments.parse_args().check
    folder = schemas_folder()
    if folder is None:
        sys.stderr.write("cfn-lint is not installed: the schemas are read from it. Run: pip install -e '.[dev]'\n")
        return 2
    sys.path.insert(0, str(ROOT))
    from pytest_rollbacklab.localaws.stacks.resources import TYPES

    text = written(extract(folder, TYPES))
    if check:
        current = TARGET.read_text() if TARGET.exists() else ""
        sys.stderr.write("up to date\n" if current == text else f"{TARGET} is not what the schemas give\n")
        return 0 if current == text else 1
    TARGET.write_text(text)
    sys.stderr.write(f"{TARGET}: {len(text)} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
