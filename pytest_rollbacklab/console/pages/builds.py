"""Builds: all of them, a page at a time, and one with its packages and its log."""

from __future__ import annotations

from pytest_rollbacklab.console.pages import asked
from pytest_rollbacklab.console.pages.offers import takes_builds
from pytest_rollbacklab.console.visit import Outcome, Route, Shown, Visit
from pytest_rollbacklab.pipeline.pipeline import Pipeline
from pytest_rollbacklab.pipeline.values import BuildLine, StageStatus

__all__ = ["ROUTES"]


async def builds(visit: Visit) -> Outcome:
    """Show builds, the newest first."""
    page = await visit.run(visit.pipeline.builds, before=asked.before(visit))
    return Shown(template="builds.html", data={"builds": page})


async def build(visit: Visit) -> Outcome:
    """Show one build."""
    number = asked.number(visit, "number")
    line = await visit.run(visit.pipeline.build, number)
    log = await visit.run(visit.pipeline.build_log, number)
    places = await visit.run(_places, visit.pipeline, line)
    return Shown(template="build.html", data={"build": line, "log": log}, extra={"places": places})


def _places(pipeline: Pipeline, line: BuildLine) -> list[StageStatus]:
    """Return the stages on which a build could be put now; one that is promoted to, where it is live elsewhere."""
    if line.pruned or not line.build.succeeded:
        return []
    names = [stage.name for stage in pipeline.app.stages if not stage.pull_request and stage.name not in line.live_on]
    stages = [pipeline.stage(name) for name in names]
    return [stage for stage in stages if takes_builds(stage) and (line.live_on or not stage.promote_only)]


ROUTES = (
    Route(method="GET", path="/builds", handler=builds),
    Route(method="GET", path="/builds/{number}", handler=build),
)
