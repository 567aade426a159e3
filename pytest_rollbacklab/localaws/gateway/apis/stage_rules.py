"""What a stage may be called and given, and the errors for what it may not.

What its settings' patches may say is ``control.stage_patches``' business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pytest_rollbacklab.localaws.gateway.apis.stage import Stage
from pytest_rollbacklab.localaws.gateway.refusals import bad_request

__all__ = ["LOGGING_LEVELS", "check_stage_name", "check_variables", "logs_anything"]

LOGGING_LEVELS = ("OFF", "ERROR", "INFO")

_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]+")
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]*")


def check_stage_name(name: str) -> None:
    """Check a stage's name.

    Raises:
        ServiceError: BadRequestException.
    """
    if not _NAME.fullmatch(name):
        raise bad_request(f"Stage name only allows a-zA-Z0-9_-, at most 128 characters: {name!r}")


def check_variables(variables: Mapping[str, str]) -> None:
    """Check a stage's variables ("Use stage variables for a REST API").

    Raises:
        ServiceError: BadRequestException.
    """
    for name, value in variables.items():
        if not _VARIABLE_NAME.fullmatch(name) or not _VARIABLE_VALUE.fullmatch(value):
            raise bad_request(
                f"Invalid stage variable {name}={value}: names are of a-zA-Z0-9_, values of A-Za-z0-9-._~:/?#&=,"
            )


def logs_anything(stage: Stage) -> bool:
    """Tell whether a stage writes logs, for which the account needs a role."""
    settings = stage.method_settings.values()
    return stage.access_log is not None or any(
        setting.logging_level not in (None, "OFF") or setting.data_trace_enabled for setting in settings
    )
