"""Outcomes as answers: pages as HTML or JSON, moves as redirects; events are ``events``' business."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from pytest_rollbacklab.console.events import send_events
from pytest_rollbacklab.console.faults import as_data, explain
from pytest_rollbacklab.console.html import render
from pytest_rollbacklab.console.plain import as_json
from pytest_rollbacklab.console.visit import EventStream, Moved, Outcome, Shown, Visit

__all__ = ["json_answer", "respond", "respond_to_error"]

_A_YEAR_S = 365 * 86_400


async def respond(visit: Visit, outcome: Outcome) -> web.StreamResponse:
    """Return a handler's outcome as whoever asked can read it."""
    if isinstance(outcome, EventStream):
        return await send_events(visit, outcome)
    if isinstance(outcome, Moved):
        return _moved(visit, outcome)
    if visit.wants_json:
        return json_answer(outcome.data, outcome.status)
    page = await visit.run(render, visit, outcome.template, {**outcome.data, **outcome.extra})
    return web.Response(body=page, status=outcome.status, content_type="text/html", charset="utf-8")


async def respond_to_error(visit: Visit, error: Exception) -> web.StreamResponse:
    """Return an error as a page, or as JSON, with its status."""
    status, shown = explain(error)
    return await respond(
        visit, Shown(template="error.html", data=as_data(shown), extra={"status": status}, status=status)
    )


def json_answer(data: Any, status: int) -> web.Response:
    """Return data as JSON."""
    return web.Response(body=as_json(data), status=status, content_type="application/json")


def _moved(visit: Visit, moved: Moved) -> web.Response:
    if visit.wants_json:
        answer = json_answer(moved.data, moved.status)
    else:
        answer = web.Response(status=303, headers={"Location": visit.url(moved.to)})
    for name, value in moved.cookies.items():
        path = f"/{visit.place.key}"
        answer.set_cookie(name, value, path=path, max_age=_A_YEAR_S, httponly=True, samesite="Strict")
    return answer
