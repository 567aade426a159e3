"""A stage: how it stands, its releases, and what can be done at once: pin it, release the pin, probe it."""

from __future__ import annotations

from pytest_rollbacklab.console.observing.answers import remember
from pytest_rollbacklab.console.pages import asked
from pytest_rollbacklab.console.pages.offers import offers, sources
from pytest_rollbacklab.console.visit import Moved, Outcome, Route, Shown, Visit
from pytest_rollbacklab.pipeline.pipeline import Pipeline

__all__ = ["ROUTES"]


async def stage(visit: Visit) -> Outcome:
    """Show a stage with its newest releases."""
    data, extra = await visit.run(_stage, visit.pipeline, visit.part("stage"))
    return Shown(template="stage.html", data=data, extra=extra)


def _stage(pipeline: Pipeline, name: str) -> tuple[dict[str, object], dict[str, object]]:
    seen = pipeline.stage(name)
    lasting = [other.name for other in pipeline.app.stages if not other.pull_request or other.name == name]
    stages = [seen if other == name else pipeline.stage(other) for other in lasting]
    builds = pipeline.builds()
    data: dict[str, object] = {
        "stage": seen,
        "releases": pipeline.releases(name),
        "builds": builds,
        "promote_from": sources(seen, stages),
    }
    newest = next((line.build for line in builds.items if line.build.succeeded and not line.pruned), None)
    has_probe = pipeline.app.probe is not None
    return data, {"offers": offers(seen, stages), "newest": newest, "has_probe": has_probe}


async def releases(visit: Visit) -> Outcome:
    """Show a stage's releases, the newest first."""
    name = visit.part("stage")
    page = await visit.run(visit.pipeline.releases, name, before=asked.before(visit))
    seen = await visit.run(visit.pipeline.stage, name)
    return Shown(template="releases.html", data={"releases": page}, extra={"stage": seen})


async def pin(visit: Visit) -> Outcome:
    """Hold a stage at what is live."""
    name = visit.part("stage")
    made = await visit.run(visit.pipeline.pin, name, who=visit.who, reason=asked.reason(visit))
    return Moved(to=f"/stages/{name}", data={"pin": made})


async def unpin(visit: Visit) -> Outcome:
    """Let pushes deploy to a stage again."""
    name = visit.part("stage")
    await visit.run(visit.pipeline.unpin, name, who=visit.who, reason=asked.reason(visit))
    return Moved(to=f"/stages/{name}", data={})


async def probe(visit: Visit) -> Outcome:
    """Send the app's probe and show what the request left behind."""
    name = visit.part("stage")
    answer = await visit.run(visit.pipeline.probe, name)
    remember(visit.pipeline, name, answer)
    to = f"/stages/{name}/requests/{answer.request_id}" if answer.request_id else f"/stages/{name}"
    return Moved(to=to, data={"answer": answer, "request_id": answer.request_id})


ROUTES = (
    Route(method="GET", path="/stages/{stage}", handler=stage),
    Route(method="GET", path="/stages/{stage}/releases", handler=releases),
    Route(method="POST", path="/stages/{stage}/pin", handler=pin),
    Route(method="POST", path="/stages/{stage}/unpin", handler=unpin),
    Route(method="POST", path="/stages/{stage}/probe", handler=probe),
)
