"""The app's template: which functions bring code of their own, and the template with that code's place on the shelf.

A packaged template names each package by bucket and key as literals, never by a parameter, so that the template alone
says which code runs. All else is kept: what CloudFormation will think of it is CloudFormation's to say. Only functions'
code is packaged; any other local path would reach AWS as a path that it cannot read, and is refused by name.

Follows ``aws cloudformation package`` and ``sam package`` in what is a local path.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_rollbacklab.build.template_text import dump_template, parse_template, read_text
from pytest_rollbacklab.errors import TemplateError

__all__ = ["LocalFunction", "Template", "read_template"]

# By resource type: the property that holds the code, and how a place in S3 is written there.
_CODE = {
    "AWS::Serverless::Function": ("CodeUri", "Bucket", "Key"),
    "AWS::Lambda::Function": ("Code", "S3Bucket", "S3Key"),
}
_NOT_PACKAGED = {
    "AWS::ApiGateway::RestApi": "BodyS3Location",
    "AWS::CloudFormation::Stack": "TemplateURL",
    "AWS::Lambda::LayerVersion": "Content",
    "AWS::Serverless::Api": "DefinitionUri",
    "AWS::Serverless::Application": "Location",
    "AWS::Serverless::HttpApi": "DefinitionUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}
_ELSEWHERE = ("s3://", "http://", "https://")


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalFunction:
    """A function whose code lies beside the template."""

    logical_id: str
    code_uri: str
    """As written in the template."""
    directory: Path
    """Where the code is."""
    handler: str | None
    """None when it is not written out, but given by a parameter or a condition."""
    runtimes: tuple[str, ...]
    """The runtime as written out, both of a condition's; none when a parameter gives it."""
    include: tuple[str, ...]
    """Glob patterns of the files that go into its package; empty for all."""


class Template:
    """A template that was read.

    Args:
        body: As ``parse_template`` returns it.
        path: Its file; code is found relative to it.
        root: The directory that code may lie in.

    Raises:
        TemplateError: it has no Resources, code that is not there, or local paths that are not packaged.
    """

    def __init__(self, body: dict[str, Any], *, path: Path, root: Path) -> None:
        self._body, self._path, self._root = body, path, root
        self.name = os.path.relpath(path, root)
        if not isinstance(body.get("Resources"), dict) or not body["Resources"]:
            raise self._error("the template has no Resources", f"its sections: {', '.join(map(str, body))}")
        for logical_id, resource in self._resources():
            self._refuse_local_path(logical_id, resource)
        self.functions = tuple(self._functions())

    def packaged(self, bucket: str, keys: Mapping[str, str]) -> str:
        """Return the template's text with the code of its functions in S3.

        Args:
            keys: The package's key in the bucket, by logical id, for each of ``functions``.
        """
        body = copy.deepcopy(self._body)
        for function in self.functions:
            resource = body["Resources"][function.logical_id]
            code, bucket_name, key_name = _CODE[resource["Type"]]
            properties = resource.setdefault("Properties", {})
            properties[code] = {bucket_name: bucket, key_name: keys[function.logical_id]}
        shared = _mapping(_mapping(body.get("Globals")).get("Function"))
        if _is_local(shared.get("CodeUri")):  # every function that it was for has its own now
            del shared["CodeUri"]
        return dump_template(body)

    def _resources(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for logical_id, resource in self._body["Resources"].items():
            if isinstance(resource, dict):
                yield logical_id, resource

    def _functions(self) -> Iterator[LocalFunction]:
        shared = _mapping(_mapping(self._body.get("Globals")).get("Function"))
        for logical_id, resource in self._resources():
            if resource.get("Type") not in _CODE:
                continue
            serverless = resource["Type"] == "AWS::Serverless::Function"
            properties = {**(shared if serverless else {}), **_mapping(resource.get("Properties"))}
            code_uri = _code_uri(properties, serverless)
            if code_uri is not None:
                yield LocalFunction(
                    logical_id=logical_id,
                    code_uri=code_uri,
                    directory=self._directory(logical_id, code_uri),
                    handler=_literal(properties.get("Handler")),
                    runtimes=_literals(properties.get("Runtime")),
                    include=self._include(logical_id, resource),
                )

    def _directory(self, logical_id: str, code_uri: str) -> Path:
        directory = Path(os.path.normpath(self._path.parent / code_uri))
        if not directory.is_relative_to(self._root):
            raise self._error(f"the code of {logical_id} is outside of the repository: {code_uri}")
        if not directory.is_dir():
            found = "a file" if directory.exists() else "nothing"
            raise self._error(
                f"the code of {logical_id} is not there: {code_uri} is no directory in the commit",
                f"{directory.relative_to(self._root)}: there is {found}",
            )
        return directory

    def _include(self, logical_id: str, resource: dict[str, Any]) -> tuple[str, ...]:
        ours = _mapping(resource.get("Metadata")).get("rollbacklab")
        if ours is None:
            return ()
        patterns = ours.get("include") if isinstance(ours, dict) and ours.keys() == {"include"} else None
        if not isinstance(patterns, list) or not patterns or not all(isinstance(item, str) for item in patterns):
            raise self._error(
                f"Metadata.rollbacklab of {logical_id} is not understood: {ours!r}",
                mend='write it as in {"include": ["create.py", "shared/*.py"]}',
            )
        return tuple(patterns)

    def _refuse_local_path(self, logical_id: str, resource: dict[str, Any]) -> None:
        name = _NOT_PACKAGED.get(str(resource.get("Type")), "")
        value = _mapping(resource.get("Properties")).get(name)
        if _is_local(value):
            raise self._error(
                f"{name} of {logical_id} ({resource['Type']}) is a local path, and only functions' code is packaged",
                f"{name}: {value}",
                "put it into S3 and name it there, or write its content into the template",
            )

    def _error(self, what: str, looked_at: str | None = None, mend: str | None = None) -> TemplateError:
        return TemplateError(what, looked_at=f"{self.name}: {looked_at}" if looked_at else self.name, mend=mend)


def read_template(path: Path, *, root: Path) -> Template:
    """Read the app's template.

    Args:
        path: The file.
        root: The commit's files; errors name paths relative to it, and code may not lie outside of it.

    Raises:
        TemplateError: see ``Template`` and ``parse_template``.
    """
    where = os.path.relpath(path, root)
    if where.startswith(os.pardir):
        raise TemplateError(f"the template is outside of the repository: {where}", mend="name it relative to the app")
    return Template(parse_template(read_text(path, where), where=where), path=path, root=root)


def _code_uri(properties: dict[str, Any], serverless: bool) -> str | None:
    """Return the local path of a function's code, or None when the code is inline, in S3, or an image."""
    if properties.get("PackageType") == "Image":
        return None
    value = properties.get("CodeUri" if serverless else "Code")
    if serverless and value is None and "InlineCode" not in properties:
        return "."  # as ``sam package`` takes it
    return value if _is_local(value) else None


def _is_local(value: object) -> bool:
    return isinstance(value, str) and not value.startswith(_ELSEWHERE)


def _literal(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _literals(value: object) -> tuple[str, ...]:
    """Return what a value may become, as far as it is written out: ``Fn::If`` has two branches, of which both count."""
    if isinstance(value, dict) and isinstance(branches := value.get("Fn::If"), list):
        return tuple(literal for branch in branches[1:] for literal in _literals(branch))
    return (value,) if isinstance(value, str) else ()


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
