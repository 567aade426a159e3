"""A function's configuration: what a request asks for, judged, with AWS's defaults, and told again in its shape.

A configuration is immutable and is versioned together with the code. UpdateFunctionConfiguration changes what it names
and leaves the rest. Members that are not listed are refused by name: see ``options``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_rollbacklab.localaws.lambdas.control.constraints import HANDLER, ROLE, Violations
from pytest_rollbacklab.localaws.lambdas.control.environment_variables import check_variables
from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others
from pytest_rollbacklab.localaws.lambdas.control.runtimes import check_runtime, runtime_version_arn

__all__ = ["CONFIGURATION_MEMBERS", "Configuration", "LayerUse"]

_ARCHITECTURES = ("x86_64", "arm64")
_DEAD_LETTER = re.compile(r"arn:aws[a-zA-Z-]*:(sqs|sns):[a-z0-9-]+:\d{12}:[a-zA-Z0-9_-]+(\.fifo)?")
_FIELDS: Mapping[str, str] = {
    "Description": "description",
    "Handler": "handler",
    "MemorySize": "memory_size_mb",
    "Role": "role",
    "Runtime": "runtime",
    "Timeout": "timeout_s",
}
"""Members that are taken over as they are."""
CONFIGURATION_MEMBERS = (*_FIELDS, "DeadLetterConfig", "Environment", "EphemeralStorage", "LoggingConfig")
"""What CreateFunction and UpdateFunctionConfiguration have in common."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerUse:
    """A layer's version, as a function names it."""

    arn: str
    code_size: int
    unzipped_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Configuration:
    """Everything about a function that is not its code."""

    role: str
    runtime: str
    handler: str
    log_group: str
    description: str = ""
    timeout_s: int = 3
    memory_size_mb: int = 128
    architecture: str = "x86_64"
    ephemeral_storage_mb: int = 512
    variables: Mapping[str, str] | None = None
    """The function's own environment variables; None when it never had any."""
    dead_letter_arn: str | None = None
    """The queue or topic for events that failed."""
    layers: tuple[LayerUse, ...] = ()
    """In order: what a later one brings replaces what an earlier one brought."""

    @classmethod
    def of_request(cls, name: str, params: Mapping[str, Any]) -> Configuration:
        """Read CreateFunction's configuration.

        Raises:
            ServiceError: as AWS for what breaks its constraints; by name for what is not emulated.
        """
        _check_constraints(params)
        if not (params.get("Runtime") and params.get("Handler")):
            raise invalid_parameter(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
        architecture = (params.get("Architectures") or ["x86_64"])[0]
        base = cls(role="", runtime="", handler="", log_group=f"/aws/lambda/{name}", architecture=architecture)
        return base._with(params)

    def updated(self, params: Mapping[str, Any]) -> Configuration:
        """Return the configuration that UpdateFunctionConfiguration asks for.

        Raises:
            ServiceError: as ``of_request``.
        """
        _check_constraints(params)
        return self._with(params)

    def with_architecture(self, architectures: list[str] | None) -> Configuration:
        """Return the configuration for code of another architecture (UpdateFunctionCode's Architectures)."""
        violations = Violations()
        _check_architectures(violations, architectures)
        violations.check()
        return replace(self, architecture=architectures[0]) if architectures else self

    def describe(self, region: str) -> dict[str, Any]:
        """Tell it in boto3's shape, as recorded for CreateFunction."""
        description = {member: getattr(self, field) for member, field in _FIELDS.items()} | {
            "Architectures": [self.architecture],
            "EphemeralStorage": {"Size": self.ephemeral_storage_mb},
            "LoggingConfig": {"LogFormat": "Text", "LogGroup": self.log_group},
            "PackageType": "Zip",
            "RuntimeVersionConfig": {"RuntimeVersionArn": runtime_version_arn(region, self.runtime)},
            "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
            "TracingConfig": {"Mode": "PassThrough"},
        }
        if self.variables is not None:
            description["Environment"] = {"Variables": dict(self.variables)}
        if self.layers:
            description["Layers"] = [{"Arn": layer.arn, "CodeSize": layer.code_size} for layer in self.layers]
        if self.dead_letter_arn:
            description["DeadLetterConfig"] = {"TargetArn": self.dead_letter_arn}
        return description

    def _with(self, params: Mapping[str, Any]) -> Configuration:
        changes: dict[str, Any] = {
            field: params[member] for member, field in _FIELDS.items() if params.get(member) is not None
        }
        if "runtime" in changes:
            check_runtime(changes["runtime"])
        if params.get("Environment") is not None:
            changes["variables"] = dict(params["Environment"].get("Variables") or {})
            check_variables(changes["variables"])
        if params.get("DeadLetterConfig") is not None:
            changes["dead_letter_arn"] = _dead_letter_arn(params["DeadLetterConfig"])
        if params.get("EphemeralStorage"):
            changes["ephemeral_storage_mb"] = params["EphemeralStorage"]["Size"]
        logging = params.get("LoggingConfig") or {}
        refuse_others(logging, supported=("LogGroup",), prefix="LoggingConfig.")
        if logging.get("LogGroup"):
            changes["log_group"] = logging["LogGroup"]
        return replace(self, **changes)


def _dead_letter_arn(config: Mapping[str, Any]) -> str | None:
    arn: str | None = config.get("TargetArn") or None
    if arn is not None and not _DEAD_LETTER.fullmatch(arn):
        raise invalid_parameter(
            f"The provided target ARN {arn} is invalid. A dead-letter queue is an SQS queue or an SNS topic."
        )
    return arn


def _check_constraints(params: Mapping[str, Any]) -> None:
    violations = Violations()
    violations.pattern("role", params.get("Role"), ROLE)
    violations.pattern("handler", params.get("Handler"), HANDLER)
    violations.length("handler", params.get("Handler"), at_most=128)
    violations.length("description", params.get("Description"), at_most=256)
    violations.between("timeout", params.get("Timeout"), 1, 900)
    violations.between("memorySize", params.get("MemorySize"), 128, 10240)
    storage = params.get("EphemeralStorage") or {}
    violations.between("ephemeralStorage.size", storage.get("Size"), 512, 10240)
    _check_architectures(violations, params.get("Architectures"))
    violations.check()


def _check_architectures(violations: Violations, architectures: list[str] | None) -> None:
    if architectures is None:
        return
    shown = f"[{', '.join(architectures)}]"
    if len(architectures) > 1:
        violations.add("architectures", shown, "Member must have length less than or equal to 1")
    elif not set(architectures) <= set(_ARCHITECTURES):
        choices = f"Member must satisfy enum value set: [{', '.join(_ARCHITECTURES)}]"
        violations.add("architectures", shown, f"Member must satisfy constraint: [{choices}, Member must not be null]")
