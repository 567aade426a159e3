"""Read a template's text, JSON or YAML with the short forms of the intrinsic functions, into plain dicts and lists.

Dates stay text (``2012-10-17`` is a policy version), mapping keys become text (``200:`` in an OpenAPI body), and the
short forms become their long ones (``!GetAtt A.B`` -> ``{"Fn::GetAtt": ["A", "B"]}``), so that everything after this
sees one form. What the document means is not looked at, except that nothing in it may be null (as AWS has it), and
that it is not endless.
"""

from __future__ import annotations

import json
from typing import Any, Final

import yaml

from pytest_rollbacklab.localaws.stacks.refusals import invalid

__all__ = ["load", "parse"]

_MOST_VALUES: Final = 200_000  # ten times what fits into the largest template without aliases
_DEEPEST: Final = 100

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
    _check_values(document)
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


def _check_values(document: dict[str, Any]) -> None:
    """Refuse nulls, and what aliases in YAML can grow to: a few lines can stand for more than any machine holds."""
    left: list[tuple[Any, str]] = [(document, "")]
    seen = 0
    while left:
        value, path = left.pop()
        seen += 1
        if value is None:
            raise invalid(f"[{path}] 'null' values are not allowed in templates")
        if seen > _MOST_VALUES or path.count("/") > _DEEPEST:
            raise invalid(f"Template format error: more than {_MOST_VALUES} values, or nested deeper than {_DEEPEST}.")
        if isinstance(value, dict):
            left += [(child, f"{path}/{key}") for key, child in value.items()]
        elif isinstance(value, list):
            left += [(child, f"{path}/{index}") for index, child in enumerate(value)]


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
