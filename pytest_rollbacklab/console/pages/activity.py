"""What was done, by whom and what came of it; one activity can be followed while it is under way."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator

from pytest_rollbacklab.console.faults import refused
from pytest_rollbacklab.console.pages import asked
from pytest_rollbacklab.console.streams import from_thread
from pytest_rollbacklab.console.visit import EventStream, Outcome, Route, ServerEvent, Shown, Visit
from pytest_rollbacklab.errors import UsageError
from pytest_rollbacklab.pipeline.pipeline import Pipeline
from pytest_rollbacklab.pipeline.values import Activity

__all__ = ["ROUTES"]


async def activities(visit: Visit) -> Outcome:
    """Show what was done, the newest first."""
    page = await visit.run(visit.pipeline.activities, before=asked.before(visit))
    return Shown(template="activities.html", data={"activity": page})


async def activity(visit: Visit) -> Outcome:
    """Show one activity with its log so far."""
    seen = await _activity(visit)
    log = await visit.run(_log_so_far, visit.pipeline, seen.number)
    return Shown(template="activity.html", data={"activity": seen, "log": log})


def _log_so_far(pipeline: Pipeline, number: int) -> list[str]:
    """Return the lines that are there: whoever stops at the first one still gets all that came with it."""
    stop, lines = threading.Event(), []
    for line in pipeline.follow(number, stop=stop):
        stop.set()
        lines += [] if line is None else [line]
    return lines


async def follow(visit: Visit) -> Outcome:
    """Send an activity's log, line by line, until it ends."""
    seen = await _activity(visit)
    return EventStream(events=_lines(visit, seen.number))


async def _activity(visit: Visit) -> Activity:
    try:
        return await visit.run(visit.pipeline.activity, asked.number(visit, "number"))
    except UsageError as error:
        raise refused(404, error) from error


async def _lines(visit: Visit, number: int) -> AsyncIterator[ServerEvent | None]:
    async for text in from_thread(lambda stop: visit.pipeline.follow(number, stop=stop)):
        yield None if text is None else ServerEvent(event="line", data={"text": text}, template="log_line.html")
    yield ServerEvent(event="end", data={"activity": await visit.run(visit.pipeline.activity, number)})


ROUTES = (
    Route(method="GET", path="/activity", handler=activities),
    Route(method="GET", path="/activity/{number}", handler=activity),
    Route(method="GET", path="/activity/{number}/events", handler=follow),
)
