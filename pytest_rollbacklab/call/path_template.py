"""Path templates: ``/notes/{id}`` with its parameters put in.

Simple expansion of RFC 6570, which is what API Gateway's paths need: each value is percent-encoded whole, slashes too.
The operators of the RFC are refused by name; a query is given apart from the path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from pytest_rollbacklab.call.node_text import number_text
from pytest_rollbacklab.errors import UsageError

__all__ = ["expand", "plain_text"]

_EXPRESSION = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9_.%-]+")


def expand(template: str, params: Mapping[str, object]) -> str:
    """Return the path.

    Args:
        template: Names of parameters in braces; the rest stays as it is.
        params: A string, number or boolean for each name.

    Raises:
        UsageError: a parameter is missing or is no plain value, or the template holds an operator.
    """
    return _EXPRESSION.sub(lambda found: _value(template, found[1], params), template)


def _value(template: str, name: str, params: Mapping[str, object]) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{{{name}}} in the path template {template!r} is not supported: only names in braces are",
            mend="name one parameter, and give a query by queryParams of --additional-params",
        )
    if name not in params:
        raise UsageError(
            f"the path template {template!r} needs a parameter {name!r}",
            looked_at=f"--params: {json.dumps(dict(params))}",
            mend=f"give it: --params '{json.dumps({name: '...'})}'",
        )
    return quote(plain_text(f"the parameter {name!r} of --params", params[name]), safe="")


def plain_text(what: str, value: object) -> str:
    """Return a plain JSON value as the text that JavaScript would make of it.

    Args:
        what: What the value is, for the error.

    Raises:
        UsageError: the value is null, a list or an object.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    raise UsageError(f"{what} is {json.dumps(value)}", mend="give a string, a number or a boolean")
