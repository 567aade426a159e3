"""Layers: their versions, who may use them, and what a function that names them gets.

A layer's version never changes, and its content outlives its deletion: a version of a function that was made with it
goes on working, as on AWS. How layers come together in ``/opt`` is ``packages``' and ``variables``' work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from pytest_rollbacklab.localaws.api import Scope, Scoped, ServiceError
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.lambdas.control.code import CodePackage
from pytest_rollbacklab.localaws.lambdas.control.configuration import LayerUse
from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter, not_found
from pytest_rollbacklab.localaws.lambdas.control.names import partition
from pytest_rollbacklab.localaws.lambdas.control.policy import ResourcePolicy

__all__ = [
    "LayerShelf",
    "LayerVersion",
    "check_size",
    "denied",
    "import_roots",
    "importable_names",
    "layer_arn",
    "parse_layer_version_arn",
]

_MOST_LAYERS: Final = 5
_UNZIPPED_LIMIT_BYTES: Final = 262144000
_VERSION_ARN: Final = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):layer:(?P<name>[a-zA-Z0-9-_]+)"
    r":(?P<number>[0-9]+)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerVersion:
    """One version of a layer."""

    scope: Scope
    name: str
    number: int
    code: CodePackage = field(repr=False)
    description: str = ""
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    license: str | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    policy: ResourcePolicy | None = None
    is_deleted: bool = False

    @property
    def arn(self) -> str:
        return f"{layer_arn(self.scope, self.name)}:{self.number}"

    def permits(self, account_id: str) -> bool:
        """Say whether an account may use it: its own may, others as its policy says."""
        if account_id == self.scope.account_id:
            return True
        root = {"AWS": f"arn:aws:iam::{account_id}:root"}
        statements = self.policy.statements.values() if self.policy else ()
        return any(found["Principal"] in ("*", root) and "Condition" not in found for found in statements)


def layer_arn(scope: Scope, name: str) -> str:
    return f"arn:{partition(scope.region)}:lambda:{scope.region}:{scope.account_id}:layer:{name}"


def parse_layer_version_arn(arn: str) -> tuple[Scope, str, int] | None:
    """Read where a layer's version is, its name and its number; None when it is no such ARN."""
    found = _VERSION_ARN.fullmatch(arn)
    if found is None:
        return None
    return Scope(account_id=found["account"], region=found["region"]), found["name"], int(found["number"])


class LayerShelf:
    """Every layer of the cloud, each in its scope: a ``keeping.Part``.

    Args:
        keeper: Hears of the changes.
    """

    name = "lambda-layers"

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._versions: Scoped[dict[str, dict[int, LayerVersion]]] = Scoped(lambda _: {})

    def next_number(self, scope: Scope, name: str) -> int:
        """Return the number of a layer's next version: one is never given twice."""
        return max(self._versions.of(scope).get(name, {}), default=0) + 1

    def put(self, version: LayerVersion) -> None:
        """Add a version, or put a changed one in its place."""
        self._versions.of(version.scope).setdefault(version.name, {})[version.number] = version
        self._keeper.changed(self, version.scope, f"{version.name}/{version.number}")

    def delete(self, version: LayerVersion) -> None:
        """Remove a version; what was made with it still finds its content."""
        self.put(replace(version, is_deleted=True, policy=None))

    def find(self, scope: Scope, name: str, number: int, *, deleted_too: bool = False) -> LayerVersion | None:
        """Find a version; None when there is none."""
        version = self._versions.of(scope).get(name, {}).get(number)
        return version if version is not None and (deleted_too or not version.is_deleted) else None

    def names(self, scope: Scope) -> Iterator[str]:
        """The layers that have a version."""
        versions = self._versions.of(scope)
        return (name for name in sorted(versions) if any(not found.is_deleted for found in versions[name].values()))

    def versions(self, scope: Scope, name: str) -> list[LayerVersion]:
        """A layer's versions, the newest first."""
        found = self._versions.of(scope).get(name, {})
        return [version for _, version in sorted(found.items(), reverse=True) if not version.is_deleted]

    def content(self, arn: str) -> CodePackage:
        """Return what a layer's version brings, deleted or not.

        Raises:
            ServiceError: it was never there.
        """
        parsed = parse_layer_version_arn(arn)
        version = self.find(*parsed, deleted_too=True) if parsed else None
        if version is None:
            raise not_found(f"Layer version {arn} does not exist.")
        return version.code

    def uses(self, scope: Scope, arns: Sequence[str]) -> tuple[LayerUse, ...]:
        """Judge the layers that a function names, and return them.

        Raises:
            ServiceError: in Lambda's words: too many, not there, not this region's, not permitted, two of one.
        """
        if len(arns) > _MOST_LAYERS:
            raise invalid_parameter(f"Cannot reference more than {_MOST_LAYERS} layers.")
        seen: dict[str, str] = {}
        uses = []
        for arn in arns:
            version = self._usable(scope, arn)
            layer = arn.rpartition(":")[0]
            if layer in seen:
                raise invalid_parameter(
                    "Two different versions of the same layer are not allowed to be referenced in the same function. "
                    f"{seen[layer]} and {arn}."
                )
            seen[layer] = arn
            uses.append(LayerUse(arn=arn, code_size=len(version.code.zip), unzipped_bytes=version.code.unzipped_bytes))
        return tuple(uses)

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return a version by its layer's name and its number."""
        name, _, number = key.partition("/")
        return self.find(scope, name, int(number), deleted_too=True)

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put a version back."""
        if state is not None:
            self._versions.of(scope).setdefault(state.name, {})[state.number] = state

    def _usable(self, scope: Scope, arn: str) -> LayerVersion:
        parsed = parse_layer_version_arn(arn)
        if parsed is None:
            raise invalid_parameter(
                f"{arn} is no ARN of a layer's version: arn:aws:lambda:REGION:ACCOUNT:layer:NAME:1."
            )
        where, name, number = parsed
        if where.region != scope.region:
            raise invalid_parameter(
                "Layers are not in the same region as the function. "
                f"Layers are expected to be in region {scope.region}."
            )
        version = self.find(where, name, number)
        if version is None and where.account_id == scope.account_id:
            raise invalid_parameter(f"Layer version {arn} does not exist.")
        if version is None or not version.permits(scope.account_id):
            raise denied(scope, arn)
        return version


def denied(scope: Scope, arn: str) -> ServiceError:
    """Make the refusal of another account's layer."""
    user = f"arn:{partition(scope.region)}:iam::{scope.account_id}:root"
    return ServiceError(
        "AccessDeniedException",
        f"User: {user} is not authorized to perform: lambda:GetLayerVersion on resource: {arn} "
        "because no resource-based policy allows the lambda:GetLayerVersion action",
        403,
    )


def check_size(code: CodePackage, layers: Sequence[LayerUse]) -> None:
    """Refuse code that is too large together with its layers.

    Raises:
        ServiceError: ``InvalidParameterValueException``.
    """
    size = code.unzipped_bytes + sum(layer.unzipped_bytes for layer in layers)
    if layers and size > _UNZIPPED_LIMIT_BYTES:
        raise invalid_parameter(
            f"Function code combined with layers exceeds the maximum allowed size of {_UNZIPPED_LIMIT_BYTES} bytes. "
            f"The actual size is {size} bytes."
        )


def importable_names(layer: CodePackage, runtime: str) -> frozenset[str]:
    """Return what Python can import from a layer: what lies in ``python/`` and in its ``site-packages``."""
    roots = [f"{root}/" for root in import_roots(runtime)]
    return frozenset(
        name[len(root) :].partition("/")[0].partition(".")[0]
        for name in layer.names()
        for root in roots
        if name.startswith(root)
    ) - {""}


def import_roots(runtime: str) -> tuple[str, str]:
    """Return where Python looks in ``/opt``, in order (developer guide, "Layer paths for each Lambda runtime")."""
    return f"python/lib/{runtime}/site-packages", "python"
