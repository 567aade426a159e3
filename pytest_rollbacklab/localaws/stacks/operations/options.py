"""Options of calls that would change what happens and that nothing here heeds: refused by name when they are used.

An option that says what is the case anyway (an empty list, False) is no use of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.refusals import invalid, not_emulated

__all__ = ["check_stack_name", "refuse_options"]

_NOT_EMULATED: Final = frozenset(
    {"CallAs", "DeploymentConfig", "DeploymentMode", "DisableValidation", "ImportExistingResources"}
    | {"IncludePropertyValues", "NotificationARNs", "ResourcesToImport", "RetainExceptOnCreate", "StackPolicyBody"}
    | {"StackPolicyDuringUpdateBody", "StackPolicyDuringUpdateURL", "StackPolicyURL", "StackSetName"}
    | {"TemplateSummaryConfig", "TimeoutInMinutes"}
)
_STACK_NAME: Final = re.compile(r"[a-zA-Z][-a-zA-Z0-9]*")
_LONGEST_STACK_NAME: Final = 128


def refuse_options(operation: str, params: Mapping[str, Any]) -> None:
    """Refuse a call that uses an option that is not emulated.

    Raises:
        ServiceError: ``ValidationError`` that names the option.
    """
    for name in sorted(_NOT_EMULATED & params.keys()):
        if params[name]:
            raise not_emulated(f"the option {name} of {operation}")
    triggers = params.get("RollbackConfiguration") or {}
    if triggers.get("RollbackTriggers") or triggers.get("MonitoringTimeInMinutes"):
        raise not_emulated(f"the option RollbackConfiguration of {operation}")
    if params.get("DeletionMode", "STANDARD") != "STANDARD":
        raise not_emulated(f"the DeletionMode {params['DeletionMode']} of {operation}")


def check_stack_name(name: str) -> None:
    """Refuse what cannot be the name of a new stack.

    Raises:
        ServiceError: ``ValidationError`` in AWS's words.
    """
    if len(name) > _LONGEST_STACK_NAME:
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
            f"have length less than or equal to {_LONGEST_STACK_NAME}"
        )
    if not _STACK_NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
        )
