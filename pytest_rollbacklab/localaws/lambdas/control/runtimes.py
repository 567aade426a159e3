"""Which runtimes there are, and which of them run here.

Functions run on the Python or the Node.js at hand, whatever version they ask for; their log says so where it is
another. A runtime that AWS has and this local AWS has not is refused by name, and so is Node.js where the machine has
none; one that AWS does not have is refused in AWS's words (as recorded for CreateFunction in January 2026).
"""

from __future__ import annotations

import hashlib
import re

from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter
from pytest_rollbacklab.localaws.lambdas.control.names import partition
from pytest_rollbacklab.localaws.lambdas.node import NodeMissingError, find_node

__all__ = ["check_runtime", "runtime_version_arn"]

_AWS_RUNTIMES = (
    "nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, "
    "python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, "
    "java11, dotnet6, nodejs18.x, provided.al2, java8.al2"
)
_VERSION = re.compile(r"(python3\.|nodejs)(\d+)(?:\.x)?")
_RUNNING = sorted(
    (name for name in _AWS_RUNTIMES.split(", ") if _VERSION.fullmatch(name)),
    key=lambda name: [(match[1] != "python3.", int(match[2])) for match in _VERSION.finditer(name)],
)


def check_runtime(runtime: str) -> None:
    """Refuse a runtime that does not run here.

    Raises:
        ServiceError: ``InvalidParameterValueException``.
    """
    if runtime in _RUNNING:
        if runtime.startswith("nodejs"):
            _check_node()
        return
    if runtime in _AWS_RUNTIMES.split(", "):
        raise invalid_parameter(
            f"The runtime {runtime} does not run on this local AWS. "
            f"For now these do, on the Python and the Node.js of this machine: {', '.join(_RUNNING)}."
        )
    raise invalid_parameter(
        f"Value {runtime} at 'runtime' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{_AWS_RUNTIMES}] or be a valid ARN"
    )


def _check_node() -> None:
    try:
        find_node()
    except NodeMissingError as error:
        raise invalid_parameter(str(error)) from error


def runtime_version_arn(region: str, runtime: str) -> str:
    """Name the version of a runtime: made up, but of AWS's form and always the same."""
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:{partition(region)}:lambda:{region}::runtime:{digest}"
