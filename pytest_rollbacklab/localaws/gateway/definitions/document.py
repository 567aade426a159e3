"""Read a definition's bytes: JSON or YAML, Swagger 2.0 or OpenAPI 3.0, with references followed.

It hands out the document's own members, and evens out what the two versions write in different places. What they mean
is the business of those who ask.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import yaml

from pytest_rollbacklab.localaws.gateway.refusals import bad_request

__all__ = ["Document", "extensions_of", "read_document"]

_EXTENSION = "x-amazon-apigateway-"
_DEEPEST = 20
"""How many references may lead to each other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A definition."""

    root: Mapping[str, Any]

    @property
    def title(self) -> str | None:
        return self._info.get("title") or None

    @property
    def description(self) -> str | None:
        return self._info.get("description") or None

    @property
    def version(self) -> str | None:
        version = self._info.get("version")
        return None if version is None else str(version)

    @property
    def paths(self) -> Mapping[str, Mapping[str, Any]]:
        return {path: self.resolved(item) for path, item in (self.root.get("paths") or {}).items()}

    @property
    def security_schemes(self) -> Mapping[str, Mapping[str, Any]]:
        if "swagger" in self.root:
            return self.root.get("securityDefinitions") or {}
        return (self.root.get("components") or {}).get("securitySchemes") or {}

    @property
    def base_path(self) -> str:
        """The path that all paths are below, without a slash at its end."""
        if "swagger" in self.root:
            return str(self.root.get("basePath") or "").rstrip("/")
        servers: list[Mapping[str, Any]] = self.root.get("servers") or [{}]
        server = servers[0]
        url = str(server.get("url") or "")
        for name, variable in (server.get("variables") or {}).items():
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")).strip("/"))
        return urlsplit(url).path.rstrip("/")

    @property
    def extensions(self) -> Mapping[str, Any]:
        """API Gateway's extensions at the top, by what follows ``x-amazon-apigateway-``."""
        return extensions_of(self.root)

    def resolved(self, member: Any) -> Any:
        """Return a member, or what it refers to.

        Raises:
            ServiceError: BadRequestException: a reference leads nowhere.
        """
        for _ in range(_DEEPEST):
            if not isinstance(member, Mapping) or "$ref" not in member:
                return member
            member = self._at(str(member["$ref"]))
        raise bad_request(f"Invalid OpenAPI input. References lead in a circle: {member['$ref']}")

    @property
    def _info(self) -> Mapping[str, Any]:
        return self.root.get("info") or {}

    def _at(self, reference: str) -> Any:
        found: Any = self.root
        for part in reference.removeprefix("#/").split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is None or not reference.startswith("#/"):
            raise bad_request(f"Invalid OpenAPI input. A reference leads nowhere: {reference}")
        return found


def extensions_of(member: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return API Gateway's extensions of a part of a document, by what follows ``x-amazon-apigateway-``."""
    return {name.removeprefix(_EXTENSION): value for name, value in member.items() if str(name).startswith(_EXTENSION)}


def read_document(body: bytes) -> Document:
    """Read a definition.

    Raises:
        ServiceError: BadRequestException: it is neither JSON nor YAML, or no Swagger 2.0 or OpenAPI 3.0 (as recorded).
    """
    root = _with_text_keys(_parsed(body))
    if not isinstance(root, dict):
        raise bad_request("Invalid OpenAPI input.")
    version = str(root.get("swagger") or root.get("openapi") or "")
    if not (version == "2.0" or version.startswith("3.0")):
        raise bad_request(
            f"Invalid OpenAPI input. It must be Swagger 2.0 or OpenAPI 3.0, and says {version or 'neither'}."
        )
    return Document(root=root)


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        pass  # it may be YAML
    try:
        return yaml.safe_load(body)
    except (yaml.YAMLError, ValueError) as error:
        raise bad_request("Invalid OpenAPI input.") from error


def _with_text_keys(member: Any) -> Any:
    """Make YAML's numbers text where they are keys: statuses."""
    if isinstance(member, dict):
        return {str(key): _with_text_keys(value) for key, value in member.items()}
    return [_with_text_keys(item) for item in member] if isinstance(member, list) else member
