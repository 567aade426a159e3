"""Outputs under a name that other stacks can import: unique in an account and region, and kept while they are used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_rollbacklab.localaws.stacks.refusals import invalid
from pytest_rollbacklab.localaws.stacks.state.stack import Output, Stack

__all__ = ["exported", "importers", "refuse_conflicts", "refuse_while_imported"]


def exported(stacks: Iterable[Stack]) -> dict[str, tuple[Stack, Output]]:
    """Return every export with the stack that it is of."""
    return {
        output.export_name: (stack, output)
        for stack in stacks
        if stack.status != "DELETE_COMPLETE"
        for output in stack.outputs
        if output.export_name is not None
    }


def importers(stacks: Iterable[Stack], name: str) -> list[str]:
    """Return the names of the stacks that import an export."""
    return [stack.name for stack in stacks if name in stack.imports and stack.status != "DELETE_COMPLETE"]


def refuse_conflicts(stack: Stack, stacks: Mapping[str, Stack], outputs: Iterable[Output]) -> None:
    """Refuse new outputs that take another stack's name, or change what others import.

    Raises:
        ServiceError: ``ValidationError`` in the words that the stack's failure has.
    """
    wanted = {output.export_name: output.value for output in outputs if output.export_name is not None}
    for name, (owner, _) in exported(other for other in stacks.values() if other is not stack).items():
        if name in wanted:
            raise invalid(f"Export with name {name} is already exported by stack {owner.name}.")
    for name, (_, output) in exported([stack]).items():
        users = ", ".join(importers(stacks.values(), name))
        if users and wanted.get(name) != output.value:
            verb = "updated" if name in wanted else "deleted"
            raise invalid(f"Export {name} cannot be {verb} as it is in use by {users}")


def refuse_while_imported(stack: Stack, stacks: Mapping[str, Stack]) -> None:
    """Refuse to delete a stack whose exports others import.

    Raises:
        ServiceError: ``ValidationError`` that names the export and who uses it.
    """
    refuse_conflicts(stack, stacks, ())
