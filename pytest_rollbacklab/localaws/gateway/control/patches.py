"""Patch operations: how nearly everything of API Gateway is updated.

A patch is an operation, a path whose segments are escaped as in JSON Pointer, and a value that is always text ("Patch
operations" of the API reference). What a path means is the business of what is patched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["Patch", "read_patches"]

_OPERATIONS: Final = ("add", "remove", "move", "test", "replace", "copy")
_EMULATED: Final = ("add", "remove", "replace")
_ENUM: Final = (
    "Value '{value}' at '{name}Input.patchOperations.{number}.member.op' failed to satisfy constraint: "
    "Member must satisfy enum value set: [add, remove, move, test, replace, copy]"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Patch:
    """One change."""

    op: str
    """``add``, ``remove``, ``replace``, or ``copy`` where it is taken."""
    path: str
    value: str | None
    source: str | None = None
    """Where a copy is from."""

    @property
    def removes(self) -> bool:
        return self.op == "remove"

    def below(self, prefix: str) -> str | None:
        """Return what the path names below a prefix, unescaped: below ``/variables/``, the variable's name."""
        if not self.path.startswith(prefix) or self.path == prefix:
            return None
        return self.path.removeprefix(prefix).replace("~1", "/").replace("~0", "~")

    def raw_below(self, prefix: str) -> str | None:
        """Return what the path names below a prefix as it is written, for paths of several names."""
        return self.path.removeprefix(prefix) if self.path.startswith(prefix) and self.path != prefix else None

    def number(self) -> float:
        """Return a value that is a number.

        Raises:
            ServiceError: BadRequestException: it is none.
        """
        try:
            return float(self.value or "")
        except ValueError:
            raise bad_request(f"Invalid value {self.value!r} for {self.path}: it must be a number") from None

    def whole_number(self) -> int:
        """Return a value that is a whole number.

        Raises:
            ServiceError: BadRequestException: it is none.
        """
        if not re.fullmatch(r"-?\d+(?:\.0*)?", self.value or ""):
            raise bad_request(f"Invalid value {self.value!r} for {self.path}: it must be a whole number")
        return int(float(self.value or ""))

    def text(self) -> str | None:
        """Return the value that is to be set; None when it is to be cleared."""
        return None if self.removes else (self.value or None)

    def truth(self) -> bool:
        """Return a value that is true or false.

        Raises:
            ServiceError: BadRequestException: it is neither.
        """
        if self.value not in ("true", "false", "True", "False", None, ""):
            raise bad_request(f"Invalid value {self.value!r} for {self.path}: it must be true or false")
        return not self.removes and str(self.value).lower() == "true"

    def only(self, *operations: str) -> None:
        """Refuse another operation than these on this path (as recorded).

        Raises:
            ServiceError: BadRequestException.
        """
        if self.op not in operations:
            raise bad_request(f"Invalid patch operation specified. Must be one of: [{', '.join(operations)}]")

    def edited(self, members: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
        """Return a mapping with one member added, replaced or removed."""
        kept = {key: kept for key, kept in members.items() if key != name}
        return kept if self.removes else {**members, name: value}

    def unknown(self, known: Collection[str] = ()) -> ServiceError:
        """Return the refusal of a path that there is not (as recorded for resources, and for the rest)."""
        if known:
            return bad_request(
                f"Invalid patch path  '{self.path}' specified for op '{self.op}'. Must be one of: [{', '.join(known)}]"
            )
        return bad_request(f"Invalid patch path {self.path}")


def read_patches(operation: str, params: Mapping[str, Any], *, copies: bool = False) -> list[Patch]:
    """Read an operation's patches.

    Args:
        operation: ``UpdateStage`` ..., for refusals.
        copies: Whether it takes the operation ``copy``.

    Raises:
        ServiceError: ValidationException: an operation that there is not; NotImplemented: one that is not emulated.
    """
    given = params.get("patchOperations") or []
    name = operation[:1].lower() + operation[1:]
    wrong = [
        _ENUM.format(value=patch.get("op"), name=name, number=number)
        for number, patch in enumerate(given, 1)
        if patch.get("op") not in _OPERATIONS
    ]
    if wrong:
        count = f"{len(wrong)} validation error{'s' if len(wrong) > 1 else ''} detected"
        raise ServiceError("ValidationException", f"{count}: {'; '.join(wrong)}", 400)
    return [_patch(operation, patch, copies=copies) for patch in given]


def _patch(operation: str, given: Mapping[str, Any], *, copies: bool) -> Patch:
    op, path = given["op"], given.get("path") or ""
    if op not in _EMULATED and not (copies and op == "copy"):
        raise not_emulated(f"the patch operation {op} of {operation} on {path}", "Use add, remove or replace.")
    if not re.match(r"/.", path):
        raise bad_request(f"Invalid patch path {path}")
    return Patch(op=op, path=path, value=given.get("value"), source=given.get("from"))
