"""Mapping templates, as far as they are only text.

API Gateway's templates are Velocity (VTL). What the local AWS understands of them is the literal: a template without
directives and references is itself. Anything else is refused by name when it is deployed, before anyone relies on it.
"""

from __future__ import annotations

import re

from pytest_rollbacklab.localaws.gateway.refusals import not_emulated

__all__ = ["literal_template", "literal_value"]

_VTL = re.compile(r"\$!?\{?[a-zA-Z]|#(?:\{?[a-zA-Z@]|[#*\[])")
_QUOTED = re.compile(r"'(.*)'", re.DOTALL)


def literal_template(template: str, *, where: str) -> str:
    """Return what a template renders to.

    Args:
        where: Which template it is, for the refusal.

    Raises:
        ServiceError: NotImplemented: it is more than text.
    """
    found = _VTL.search(template)
    if found is None:
        return template
    excerpt = template[found.start() : found.start() + 40].splitlines()[0]
    raise not_emulated(
        f"mapping templates (VTL): {where} holds {excerpt!r}",
        "Use a template without directives and references, or an AWS_PROXY integration.",
    )


def literal_value(expression: str, *, where: str) -> str:
    """Return the text of a static mapping expression: ``'*'`` -> ``*``.

    Raises:
        ServiceError: NotImplemented: it is mapped from somewhere.
    """
    found = _QUOTED.fullmatch(expression.strip())
    if found is None:
        raise not_emulated(
            f"mapping expressions: {where} is {expression!r}", "Use a static value in single quotes: 'value'."
        )
    return found[1]
