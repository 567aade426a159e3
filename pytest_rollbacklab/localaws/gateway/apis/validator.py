"""A request validator of an API as an immutable value: whether a method's required parameters must be there.

Validating bodies needs models, which are refused by name. What it does to a request is ``execution.validating``'s
business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_rollbacklab.localaws.gateway.refusals import not_emulated

__all__ = ["RequestValidator", "new_validator", "refuse_bodies"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestValidator:
    """What of a request is looked at before the integration is called."""

    id: str
    name: str | None
    validates_parameters: bool


def new_validator(validator_id: str, params: Mapping[str, Any]) -> RequestValidator:
    """Return the validator that CreateRequestValidator's parameters ask for.

    Raises:
        ServiceError: NotImplemented: it would validate bodies.
    """
    refuse_bodies(bool(params.get("validateRequestBody")))
    return RequestValidator(
        id=validator_id,
        name=params.get("name") or None,
        validates_parameters=bool(params.get("validateRequestParameters")),
    )


def refuse_bodies(wanted: bool) -> None:
    """Refuse to validate bodies.

    Raises:
        ServiceError: NotImplemented, when it is wanted.
    """
    if wanted:
        raise not_emulated(
            "validateRequestBody=true of request validators (models)", "Validate parameters, or in the function."
        )
