"""The environment variables that a function may be configured with: which names, and how much of them.

Limits and reserved names are those of Lambda's developer guide ("Working with Lambda environment variables"); texts
as recorded for CreateFunction. The variables that Lambda itself sets are ``lambdas.variables``' work.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from pytest_rollbacklab.localaws.lambdas.control.constraints import Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter

__all__ = ["check_variables"]

_LIMIT_BYTES = 4096
_NAME = r"[a-zA-Z]([a-zA-Z0-9_])+"
_RESERVED = frozenset(
    {
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_DEFAULT_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_REGION",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "LAMBDA_RUNTIME_DIR",
        "LAMBDA_TASK_ROOT",
    }
)


def check_variables(variables: Mapping[str, str]) -> None:
    """Refuse what AWS would.

    Raises:
        ServiceError: a bad name, a reserved name, or more than 4 KB.
    """
    reserved = [name for name in variables if name in _RESERVED]
    if reserved:
        raise invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(reserved)}"
        )
    violations = Violations()
    if not all(re.fullmatch(_NAME, name) for name in variables):
        shown = "{" + ", ".join(f"{name}={value}" for name, value in variables.items()) + "}"
        keys = f"[Member must satisfy regular expression pattern: {_NAME}, Member must not be null]"
        violations.add("environment.variables", shown, f"Map keys must satisfy constraint: {keys}")
    violations.check()
    measured = json.dumps(dict(variables), separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > _LIMIT_BYTES:
        raise invalid_parameter(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {measured}"
        )
