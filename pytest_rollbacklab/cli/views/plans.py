"""A plan before it is confirmed: its change set, and what to know first."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rollbacklab.cli.terminal import Block, Cell, Table
from pytest_rollbacklab.pipeline.values import ChangeLine, PlanView

__all__ = ["change_log_lines", "loses_data", "plan_blocks"]

_MANY = 3


def loses_data(plan: PlanView) -> bool:
    """Whether confirming it would lose data."""
    return any(line.loses_data for line in plan.changes) or any(remark.kind == "data loss" for remark in plan.remarks)


def change_log_lines(plan: PlanView) -> frozenset[str]:
    """Return how an activity's log tells of a plan's changes, for those who have just read them."""
    return frozenset(
        f"  {line.change.action} {line.change.logical_id} ({line.change.resource_type}): {line.meaning}"
        for line in plan.changes
    )


def plan_blocks(plan: PlanView) -> Iterator[Block]:
    """Yield what a plan would do."""
    count = len(plan.changes)
    yield Cell(plan.title, "strong")
    if count:
        yield f"change set, {count} {'change' if count == 1 else 'changes'}"
        yield Table(headings=("action", "what", "properties", "means"), rows=tuple(_rows(plan.changes)))
    if not plan.executable:
        yield "the stack stands so already: confirming only writes the release down"
    for remark in plan.remarks:
        yield Cell(f"{remark.kind}: {remark.text}", "bad" if remark.kind == "data loss" else "plain")


def _rows(changes: tuple[ChangeLine, ...]) -> Iterator[tuple[str | Cell, ...]]:
    """Yield a row for each change; many new resources of a type share one, as at the first deployment."""
    added: dict[tuple[str, str], list[str]] = {}
    for line in changes:
        if line.change.action == "Add":
            added.setdefault((line.change.resource_type, line.meaning), []).append(line.change.logical_id)
    for line in changes:
        names = added.get((line.change.resource_type, line.meaning), []) if line.change.action == "Add" else []
        if len(names) < _MANY:
            yield _row(line)
        elif names[0] == line.change.logical_id:
            yield "Add", f"{len(names)} {line.change.resource_type}: {', '.join(names)}", "", line.meaning


def _row(line: ChangeLine) -> tuple[str | Cell, ...]:
    change = line.change
    replaced = " (replaced)" if change.replacement == "True" else ""
    return (
        change.action,
        f"{change.logical_id}{replaced}",
        ", ".join(change.properties),
        Cell(line.meaning, "bad" if line.loses_data else "plain"),
    )
