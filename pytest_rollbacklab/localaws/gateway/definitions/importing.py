"""Put a definition over an API: all of it, or nothing and every reason why not, at once.

``overwrite`` leaves nothing but what the definition says, ``merge`` keeps what it does not speak of (PutRestApi of the
API reference). A path that was there keeps its resource's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.gateway.apis.resource_tree import resource_at
from pytest_rollbacklab.localaws.gateway.apis.rest_api import Resource, RestApi
from pytest_rollbacklab.localaws.gateway.definitions.document import Document
from pytest_rollbacklab.localaws.gateway.definitions.operations import ANY, imported_method
from pytest_rollbacklab.localaws.gateway.definitions.parts import PARTS, with_parts
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["import_definition"]

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", ANY})
_BASE_PATHS = ("ignore", "prepend", "split")
_WITHOUT_EFFECT = ("documentation", "importexport-version")
_SETTINGS = ("binary-media-types", *PARTS, *_WITHOUT_EFFECT)


def import_definition(
    api: RestApi, document: Document, *, scope: Scope, overwrite: bool, base_path: str = "ignore"
) -> RestApi:
    """Return an API with a definition put over it.

    Args:
        scope: The API's account and region.
        overwrite: Whether to keep nothing else.
        base_path: What becomes of the definition's base path: ``ignore``, ``prepend``, or ``split``, which prepends all
            but its first part.

    Raises:
        ServiceError: something cannot be imported; the message lists everything that cannot.
    """
    importing = _Import(document, api, prefix=_prefix(document, base_path))
    if overwrite:
        importing.forget_resources()
    importing.put_parts(scope, overwrite=overwrite)
    for path, item in document.paths.items():
        importing.put_path(path, item)
    if importing.problems:
        raise _all_of(importing.problems)
    return _with_settings(importing.api, document, overwrite=overwrite)


class _Import:
    """An import under way: how far the API has come, and what is wrong so far."""

    def __init__(self, document: Document, api: RestApi, *, prefix: str) -> None:
        self.api = api
        self.problems = list(_unknown_extensions(document))
        self._document = document
        self._prefix = prefix
        self._known_ids = {resource.path: resource.id for resource in api.resources.values()}

    def forget_resources(self) -> None:
        root = replace(self.api.resources[self.api.root_resource_id], methods={})
        self.api = replace(self.api, resources={root.id: root})

    def put_parts(self, scope: Scope, *, overwrite: bool) -> None:
        """Put what is the API's own, which operations may name."""
        try:
            self.api = with_parts(self.api, self._document, scope=scope, overwrite=overwrite)
        except ServiceError as error:
            self.problems.append(error)

    def put_path(self, path: str, item: Mapping[str, Any]) -> None:
        """Put a path of the definition on the API, with all its operations."""
        full = self._prefix + path
        try:
            self.api, resource = resource_at(self.api, full, self._known_ids)
        except ServiceError as error:
            self.problems.append(_at(error, f"Unable to create resource at path '{full}'"))
            return
        shared = item.get("parameters") or []
        for name in (name for name in item if name in _METHODS):
            self._put_operation(resource, name, item[name], shared)

    def _put_operation(self, resource: Resource, name: str, operation: Mapping[str, Any], shared: list[Any]) -> None:
        try:
            method = imported_method(
                self.api, self._document, name, operation, shared, resource_id=resource.id, path=resource.path
            )
            self.api = self.api.with_method(resource.id, method)
        except ServiceError as error:
            self.problems.append(_at(error, f"{name.upper()} {resource.path}"))


def _with_settings(api: RestApi, document: Document, *, overwrite: bool) -> RestApi:
    media_types = document.extensions.get("binary-media-types")
    if media_types is not None:
        kept = () if overwrite else tuple(known for known in api.binary_media_types if known not in media_types)
        api = replace(api, binary_media_types=(*kept, *media_types))
    return replace(
        api,
        name=document.title or api.name,
        description=document.description or (None if overwrite else api.description),
        version=document.version or (None if overwrite else api.version),
    )


def _unknown_extensions(document: Document) -> list[ServiceError]:
    return [
        not_emulated(f"x-amazon-apigateway-{name} of definitions", "Leave it out.")
        for name, value in document.extensions.items()
        if name not in _SETTINGS and _asks(value)
    ]


def _asks(value: Any) -> bool:
    """Tell whether an extension asks for anything."""
    if isinstance(value, Mapping):
        return any(_asks(member) for member in value.values())
    return bool(value)


def _prefix(document: Document, base_path: str) -> str:
    if base_path not in _BASE_PATHS:
        raise bad_request(f"Invalid basepath {base_path!r}: it must be one of {', '.join(_BASE_PATHS)}")
    if base_path == "ignore":
        return ""
    if base_path == "prepend":
        return document.base_path
    _, _, rest = document.base_path.lstrip("/").partition("/")
    return f"/{rest}" if rest else ""


def _at(error: ServiceError, where: str) -> ServiceError:
    return ServiceError(error.code, f"{where}: {error.message}", error.status)


def _all_of(problems: list[ServiceError]) -> ServiceError:
    """Return all problems as one, as AWS tells them; what is not emulated gives it its code."""
    text = "Errors found during import:\n\t" + "\n\t".join(problem.message for problem in problems)
    worst = max(problems, key=lambda problem: problem.status)
    return ServiceError(worst.code if worst.status > 500 else "BadRequestException", text, max(worst.status, 400))
