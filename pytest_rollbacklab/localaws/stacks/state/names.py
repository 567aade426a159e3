"""Names that CloudFormation gives to what a template does not name."""

from __future__ import annotations

import secrets
import string
import uuid
from typing import Final

from pytest_rollbacklab.localaws.api import Scope

__all__ = ["change_set_arn", "physical_name", "stack_arn"]

_RANDOM_LENGTH: Final = 12


def physical_name(stack_name: str, logical_id: str, *, longest: int, lower_case: bool = False) -> str:
    """Return STACK-LOGICALID-RANDOM, cut to the type's length and in its case.

    Both halves are cut alike when they are too long, so that a name still tells what it is the name of.
    """
    alphabet = string.digits + (string.ascii_lowercase if lower_case else string.ascii_letters)
    random = "".join(secrets.choice(alphabet) for _ in range(_RANDOM_LENGTH))
    room = longest - _RANDOM_LENGTH - 2
    spare = max(0, len(stack_name) + len(logical_id) - room)
    from_stack = min(spare, max(0, len(stack_name) - room // 2))
    head = f"{stack_name[: len(stack_name) - from_stack]}-{logical_id[: len(logical_id) - (spare - from_stack)]}"
    return f"{head.lower() if lower_case else head}-{random}"


def stack_arn(scope: Scope, name: str) -> str:
    return f"arn:aws:cloudformation:{scope.region}:{scope.account_id}:stack/{name}/{uuid.uuid4()}"


def change_set_arn(scope: Scope, name: str) -> str:
    return f"arn:aws:cloudformation:{scope.region}:{scope.account_id}:changeSet/{name}/{uuid.uuid4()}"
