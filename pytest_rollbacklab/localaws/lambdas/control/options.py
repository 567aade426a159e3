"""What a request may ask for, and the refusal by name of everything else.

Each operation lists the members that it obeys. Another member is let pass only when it asks for nothing (empty, or
AWS's own default): a function that was told to run in a VPC and does not would be a lie found late.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter

__all__ = ["refuse_others"]

_ASKS_FOR_NOTHING: Mapping[str, Any] = {
    "PackageType": "Zip",
    "TracingConfig": {"Mode": "PassThrough"},
    "SnapStart": {"ApplyOn": "None"},
    "LogFormat": "Text",
}


def refuse_others(params: Mapping[str, Any], *, supported: Collection[str], prefix: str = "") -> None:
    """Refuse the members of a request that are not emulated.

    Args:
        params: The request, or a structure in it.
        supported: The members that are obeyed.
        prefix: Where the structure is, for the message: ``Code.``.

    Raises:
        ServiceError: ``InvalidParameterValueException``, naming the first such member and what it asks for.
    """
    for member, value in params.items():
        if member not in supported and _asks(member, value):
            shown = json.dumps(value, default=repr)
            raise invalid_parameter(
                f"{prefix}{member} is not emulated by this local AWS, and the request asks for {prefix}{member}="
                f"{shown}. Leave it out, or deploy this function to an account."
            )


def _asks(member: str, value: Any) -> bool:
    if value == _ASKS_FOR_NOTHING.get(member, None):
        return False
    if isinstance(value, Mapping):
        return any(_asks("", inner) for inner in value.values())
    return bool(value)
