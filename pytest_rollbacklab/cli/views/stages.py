"""Stages: how they stand, and whether one is broken."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rollbacklab.cli.moments import ago, lasted
from pytest_rollbacklab.cli.terminal import Block, Cell, Table
from pytest_rollbacklab.cli.views.facts import facts
from pytest_rollbacklab.model import Build, Release
from pytest_rollbacklab.pipeline.values import Overview, Page, StageStatus

__all__ = ["build_title", "is_broken", "overview_blocks", "releases_table", "stage_blocks"]


def is_broken(stage: StageStatus) -> bool:
    """Whether a stage fails its users: its stack is stuck, or calls of what is live fail."""
    return stage.state == "stuck" or bool(stage.failing_share)


def overview_blocks(overview: Overview) -> Iterator[Block]:
    """Yield all stages, and what is under way on them."""
    yield Cell(f"{overview.app}, of {overview.owner}", "strong")
    rows = tuple(_row(stage) for stage in overview.stages)
    yield Table(headings=("stage", "state", "build", "", "since", "calls"), rows=rows)
    for stage in overview.stages:
        yield from _notes(stage)


def stage_blocks(stage: StageStatus, releases: Page[Release]) -> Iterator[Block]:
    """Yield one stage: how it stands, and its releases."""
    live = stage.live
    yield _state(stage)
    told = {
        "stage": stage.name,
        "follows": _follows(stage),
        "live": f"build {live.build.number}  {build_title(live.build)}" if live else "nothing",
        "since": f"{ago(live.released_at)}, release {live.number}, {live.kind} by {live.by or 'nobody named'}"
        if live
        else "",
        "calls": _calls(stage),
        "stack": stage.stack_status or "none",
        "API": stage.api_url or "",
    }
    yield from facts(told)
    yield from _notes(stage)
    if releases.items:
        yield ""
        yield releases_table(releases.items)


def releases_table(releases: tuple[Release, ...]) -> Table:
    """Return a stage's releases, the newest first."""
    rows = tuple(
        (
            f"v{release.number}",
            release.kind,
            f"#{release.build.number}",
            release.build.commit.title,
            ago(release.released_at),
            lasted(release.duration_s),
            release.by or "",
            release.reason or (f"from build {release.rolled_back_from}" if release.rolled_back_from else ""),
        )
        for release in releases
    )
    return Table(headings=("release", "kind", "build", "", "when", "took", "by", "why"), rows=rows)


def build_title(build: Build) -> str:
    """Return a build's commit in a few words: ``4f2c1ab Making a mistake``."""
    return f"{build.commit.short_sha} {build.commit.title}"


def _row(stage: StageStatus) -> tuple[str | Cell, ...]:
    live = stage.live
    return (
        f"{stage.name} ({_follows(stage)})",
        _state(stage),
        f"#{live.build.number}" if live else "",
        live.build.commit.title if live else Cell("nothing was deployed here yet", "quiet"),
        ago(live.released_at) if live else "",
        _calls(stage),
    )


def _follows(stage: StageStatus) -> str:
    if stage.promote_only:
        return "promote only"
    if stage.branch is None:
        return "follows no branch"
    return f"{'comes and goes with' if stage.pull_request else 'follows'} {stage.branch}"


def _state(stage: StageStatus) -> Cell:
    words = [stage.state, *(["broken"] if is_broken(stage) else []), *(["pinned"] if stage.pin else [])]
    if is_broken(stage) or stage.state == "went back":
        return Cell(", ".join(words), "bad")
    return Cell(", ".join(words), "good" if stage.state == "live" else "plain")


def _calls(stage: StageStatus) -> str:
    health = stage.health
    if health is None:
        return ""
    total = f"{sum(health.requests):.0f} in {health.minutes} min"
    if health.failing_share is None:
        return f"none in {health.minutes} min"
    failing = f", {health.failing_share:.0%} fail" if health.failing_share else ""
    return total + failing + (f", p99 {health.p99_ms:.0f} ms" if health.p99_ms is not None else "")


def _notes(stage: StageStatus) -> Iterator[Block]:
    if stage.pin:
        why = f": {stage.pin.reason}" if stage.pin.reason else ""
        yield (
            f"{stage.name} is pinned by {stage.pin.by}, {ago(stage.pin.at)}{why}; "
            f"pushes do not deploy here until: rollbacklab unpin {stage.name}"
        )
    if stage.last_failure:
        yield Cell(f"{stage.name}: the last deployment failed: {stage.last_failure}", "bad")
    if stage.busy:
        waiting = f"; {stage.waiting} waiting" if stage.waiting else ""
        yield (
            f"{stage.name} is at work: {stage.busy.summary}{waiting}; "
            f"follow it with: rollbacklab activity {stage.busy.number} --follow"
        )
