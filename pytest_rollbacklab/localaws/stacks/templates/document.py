"""Read a template's text, JSON or YAML with the short forms of the intrinsic functions, into plain dicts and lists.

Dates stay text (``2012-10-17`` is a policy version), mapping keys become text (``200:`` in an OpenAPI body), and the
short forms become their long ones (``!GetAtt A.B`` -> ``{"Fn::GetAtt": ["A", "B"]}``), so that everything after this
sees one form. What the document means is not looked at, except that nothing in it may be null (as AWS has it).
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from pytest_rollbacklab.localaws.stacks.refusals import invalid

__all__ = ["load", "parse"]

_FAST_LOADER: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_FAST_LOADER):  # type: ignore[misc]  # which class it is depends on how PyYAML was built
    """YAML as CloudFormation reads it."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _FAST_LOADER.yaml_implicit_resolvers.items()  # type: ignore[attr-defined]
}


def parse(text: str) -> dict[str, Any]:
    """Read a template's text.

    Raises:
        ServiceError: ``ValidationError``: it is not well-formed, is no mapping, or has a null in it.
    """
    document = load(text)
    _refuse_nulls(document, "")
    return document


def load(text: str) -> dict[str, Any]:
    """Read any mapping in JSON or YAML, such as an API's definition.

    Raises:
        ServiceError: ``ValidationError``: it is not well-formed, or is no mapping.
    """
    document = _load_json(text) if text.lstrip().startswith("{") else _load_yaml(text)
    if not isinstance(document, dict):
        raise invalid("Template format error: unsupported structure.")
    return document


def _load_json(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"(line {error.lineno}, column {error.colno})"
        raise invalid(f"Template format error: JSON not well-formed. {where}") from error
    except RecursionError as error:
        raise invalid("Template format error: JSON not well-formed.") from error


def _load_yaml(text: str) -> Any:
    try:
        return yaml.load(text, _Loader)  # noqa: S506 - derived from the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise invalid(f"Template format error: YAML not well-formed.{where}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise invalid("Template format error: YAML not well-formed.") from error


def _refuse_nulls(value: Any, path: str) -> None:
    if value is None:
        raise invalid(f"[{path}] 'null' values are not allowed in templates")
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        _refuse_nulls(child, f"{path}/{key}")


def _long_form(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    argument = _argument(loader, node)
    if suffix == "GetAtt" and isinstance(argument, str):
        argument = argument.split(".", 1)
    return {name: argument}


def _argument(loader: Any, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        # !Sub 1 and !Ref on are text; only a block scalar under !If and the like is ever meant as text too.
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return _mapping(loader, node)


def _mapping(loader: Any, node: yaml.Node) -> dict[str, Any]:
    loader.flatten_mapping(node)
    # Keys are taken as they are written: 200 and on are names here, not a number and a truth.
    return {str(loader.construct_scalar(key)): loader.construct_object(value, deep=True) for key, value in node.value}


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_multi_constructor("!", _long_form)
