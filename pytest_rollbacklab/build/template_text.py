"""The text of a CloudFormation template, read into plain values and written again.

Templates are YAML with CloudFormation's short intrinsic forms (``!Ref``, ``!GetAtt a.b``), or JSON. Both become the
same plain values with the long forms (``{"Ref": ...}``), in the order of the text, and are written as JSON: one text
for one template. What the template means is ``template``'s business.

Follows "Template format" and "Intrinsic function reference" of the CloudFormation user guide.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from pytest_rollbacklab.errors import TemplateError

try:  # libyaml reads a template about ten times as fast; some builds of PyYAML lack it
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

__all__ = ["dump_template", "parse_template", "read_text"]

# The short forms, by the functions that they stand for; Ref and Condition have no ``Fn::``.
_WITHOUT_PREFIX = ("Ref", "Condition")
_FUNCTIONS = (
    *("And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length"),
    *("Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform"),
)


def read_text(path: Path, where: str) -> str:
    """Read a template's file.

    Raises:
        TemplateError: it is not there (the message lists what is), or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        near = next(parent for parent in path.parents if parent.is_dir())
        there = ", ".join(sorted(entry.name for entry in near.iterdir())) or "nothing"
        raise TemplateError(
            f"there is no template {where} in the commit",
            looked_at=f"there is {there}",
            mend="commit it, or name the right one as `template` in rollbacklab.toml",
        ) from None
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise TemplateError(f"the template is not a UTF-8 text: {error}", looked_at=where) from error


def parse_template(text: str, *, where: str) -> dict[str, Any]:
    """Read a template.

    Args:
        where: The file's name, for errors.

    Raises:
        TemplateError: it does not parse; says at which line and column.
    """
    body = _parse_json(text, where) if text.lstrip().startswith("{") else _parse_yaml(text, where)
    if not isinstance(body, dict):
        raise TemplateError("the template is not a mapping with Resources", looked_at=where)
    return body


def dump_template(body: dict[str, Any]) -> str:
    """Write a template as JSON, keys in their order.

    Raises:
        TemplateError: it holds a value that JSON has no form for.
    """
    try:
        return json.dumps(body, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise TemplateError(f"the template holds a value that CloudFormation does not take: {error}") from error


def _parse_json(text: str, where: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise TemplateError(f"the template does not parse: the key {twice!r} is there twice", looked_at=where)
        return values

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        raise _does_not_parse(where, error.msg, error.lineno, error.colno) from error


def _parse_yaml(text: str, where: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _does_not_parse(where, error.problem or str(error), line, column) from error
    except yaml.reader.ReaderError as error:
        raise TemplateError(f"the template does not parse: {error.reason}", looked_at=where) from error


def _does_not_parse(where: str, problem: str, line: int, column: int) -> TemplateError:
    return TemplateError(
        f"the template does not parse: {problem}",
        looked_at=f"{where}, line {line}, column {column}",
        mend="mend the text there, or in the line before",
    )


class _Loader(SafeLoader):
    """YAML as CloudFormation reads it: short intrinsic forms, no dates (``2012-10-17`` is a version), no twins."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                problem = f"the key {key.value!r} is there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value if isinstance(key, yaml.ScalarNode) else "")
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: _Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    if name not in _WITHOUT_PREFIX + _FUNCTIONS:
        problem = f"!{name} is no intrinsic function of CloudFormation"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
    value = _value(loader, node)
    if name == "GetAtt" and isinstance(value, str):
        # ``!GetAtt Nested.Outputs.Url``: the resource is what is before the first dot.
        value = value.split(".", 1)
    return {name if name in _WITHOUT_PREFIX else f"Fn::{name}": value}


def _value(loader: _Loader, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_Loader.add_multi_constructor("!", _short_form)
