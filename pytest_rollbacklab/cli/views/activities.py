"""Activities: who did what, when, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rollbacklab.cli.moments import ago, lasted
from pytest_rollbacklab.cli.terminal import Block, Cell, Style, Table
from pytest_rollbacklab.cli.views.facts import facts
from pytest_rollbacklab.pipeline.values import Activity, ActivityState, Page

__all__ = ["activities_blocks", "activity_blocks", "outcome_line"]

_STYLES: dict[ActivityState, Style] = {"done": "good", "failed": "bad", "interrupted": "bad"}


def activities_blocks(page: Page[Activity]) -> Iterator[Block]:
    """Yield what was done, the newest first."""
    if not page.items:
        yield "nothing was done yet: push a commit"
        return
    rows = tuple(
        (
            str(activity.number),
            ago(activity.begun_at),
            Cell(activity.state, _STYLES.get(activity.state, "plain")),
            activity.summary,
            f"{activity.by}, {activity.via}",
            activity.reason or "",
        )
        for activity in page.items
    )
    yield Table(headings=("no.", "when", "state", "what", "by", "why"), rows=rows)
    if page.older is not None:
        yield Cell(f"older ones: rollbacklab activity --before {page.older}", "quiet")


def activity_blocks(activity: Activity, log: tuple[str, ...]) -> Iterator[Block]:
    """Yield one activity with its log."""
    yield from facts(
        {
            "activity": f"{activity.number}  {activity.summary}",
            "by": f"{activity.by}, {activity.via}, {ago(activity.begun_at)}",
            "why": activity.reason or "",
            "releases": ", ".join(activity.releases),
        }
    )
    yield from (f"  {text}" for text in log)
    yield outcome_line(activity)


def outcome_line(activity: Activity) -> Cell:
    """Return what came of an activity: ``done: prod runs build 6``; where it failed, also how long it took."""
    outcome = f": {activity.outcome}" if activity.outcome else ""
    took = ""
    if activity.ended_at and activity.state != "done":
        took = f" after {lasted((activity.ended_at - activity.begun_at).total_seconds())}"
    return Cell(f"{activity.state}{took}{outcome}", _STYLES.get(activity.state, "plain"))
