"""The app in one look, and the stream that tells open pages that something has changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from pytest_rollbacklab.console.pages.offers import offers
from pytest_rollbacklab.console.streams import from_callbacks
from pytest_rollbacklab.console.visit import EventStream, Outcome, Route, ServerEvent, Shown, Visit

__all__ = ["ROUTES"]


async def overview(visit: Visit) -> Outcome:
    """Show all stages, the newest builds and the newest activity."""
    seen = await visit.run(visit.pipeline.overview)
    branch = next((stage.branch for stage in seen.stages if stage.branch), "main")
    offered = {stage.name: offers(stage, seen.stages) for stage in seen.stages}
    return Shown(template="overview.html", data={"overview": seen}, extra={"offers": offered, "branch": branch})


async def changes(visit: Visit) -> Outcome:
    """Tell what changes, as it does."""
    return EventStream(events=_changed(visit))


async def _changed(visit: Visit) -> AsyncIterator[ServerEvent | None]:
    def subscribe(hear: Callable[[tuple[str, str]], None]) -> Callable[[], None]:
        return visit.pipeline.subscribe(lambda what, name: hear((what, name)))

    async for what, name in from_callbacks(subscribe):
        yield ServerEvent(event="changed", data={"what": what, "name": name})


ROUTES = (Route(method="GET", path="/", handler=overview), Route(method="GET", path="/events", handler=changes))
