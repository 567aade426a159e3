"""Builds: what was made of which commit, and where it is live."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_rollbacklab.cli.moments import ago, lasted
from pytest_rollbacklab.cli.terminal import Block, Cell, Table
from pytest_rollbacklab.cli.views.facts import facts
from pytest_rollbacklab.cli.views.stages import build_title
from pytest_rollbacklab.pipeline.values import BuildLine, Page

__all__ = ["build_blocks", "builds_blocks"]


def builds_blocks(page: Page[BuildLine]) -> Iterator[Block]:
    """Yield builds, the newest first."""
    if not page.items:
        yield "nothing was built yet: push a commit"
        return
    rows = tuple(_row(line) for line in page.items)
    yield Table(headings=("build", "commit", "", "made", "functions", "live on"), rows=rows)
    if page.older is not None:
        yield Cell(f"older ones: rollbacklab builds --before {page.older}", "quiet")


def build_blocks(line: BuildLine, log: tuple[str, ...]) -> Iterator[Block]:
    """Yield one build with its log."""
    build = line.build
    yield from facts(
        {
            "build": f"{build.number}  {build_title(build)}",
            "by": build.commit.author,
            "made": f"{ago(build.built_at)} in {lasted(build.duration_s)}",
            "functions": _changed(line),
            "live on": ", ".join(line.live_on) or "no stage",
        }
    )
    if line.pruned:
        yield Cell("its packages were removed by retention: it cannot be deployed any more", "bad")
    if build.failure:
        yield Cell(f"failed: {build.failure}", "bad")
    yield from (f"  {text}" for text in log)


def _row(line: BuildLine) -> tuple[str | Cell, ...]:
    build = line.build
    return (
        f"#{build.number}",
        build.commit.short_sha,
        build.commit.title,
        f"{ago(build.built_at)} in {lasted(build.duration_s)}",
        _changed(line) if build.succeeded else Cell("failed", "bad"),
        Cell("pruned", "quiet") if line.pruned else ", ".join(line.live_on),
    )


def _changed(line: BuildLine) -> str:
    return f"{len(line.changed)} of {len(line.build.packages)} changed" if line.build.succeeded else ""
