"""The console as a web application: who is let in, which page answers, and what becomes of errors.

Places are looked up at each request, so that they may be added while it runs. It serves nothing itself and knows no
page: routes come from ``pages`` and ``observing``.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from pathlib import Path

from aiohttp import web

from pytest_rollbacklab.console.events import CLOSING, OPEN
from pytest_rollbacklab.console.faults import Refused, explain
from pytest_rollbacklab.console.respond import respond, respond_to_error
from pytest_rollbacklab.console.security import (
    TOKEN_FIELD,
    check_host,
    check_origin,
    check_token,
    guard_headers,
    place_with,
)
from pytest_rollbacklab.console.visit import Place, Route, Visit
from pytest_rollbacklab.console.words import LANGUAGE_COOKIE, Words, choose_language
from pytest_rollbacklab.pipeline.values import Actor

__all__ = ["all_routes", "create_app"]

_PLACES = web.AppKey("places", Mapping[str, Place])
_HOSTS = web.AppKey("hosts", Collection[str])
_STATIC = Path(__file__).parent / "static"
_LARGEST_FORM_BYTES = 64 * 1024
_LONGEST_NAME = 100
_NO_PLACE = "There is nothing here. The console's address is printed by: rollbacklab up, or: rollbacklab open\n"


def all_routes() -> tuple[Route, ...]:
    """Return all pages' routes."""
    from pytest_rollbacklab.console import observing, pages

    return (*pages.ROUTES, *observing.ROUTES)


def create_app(
    places: Mapping[str, Place], *, hosts: Collection[str], routes: Iterable[Route] | None = None
) -> web.Application:
    """Make the console.

    Args:
        places: By their key; looked up at each request.
        hosts: What may stand in a Host header, in lower case: ``127.0.0.1:4711``; looked up at each request.
        routes: None for all pages.
    """
    app = web.Application(middlewares=[_guarded], client_max_size=_LARGEST_FORM_BYTES)
    app[_PLACES], app[_HOSTS], app[CLOSING], app[OPEN] = places, hosts, asyncio.Event(), Counter()
    app.on_response_prepare.append(guard_headers)
    app.on_shutdown.append(_close_streams)
    app.router.add_static("/static/", _STATIC)
    app.router.add_get("/{key}", _to_the_overview)
    for route in all_routes() if routes is None else routes:
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            app.router.add_route(method, "/{key}" + route.path, _page(route))
    return app


async def _close_streams(app: web.Application) -> None:
    app[CLOSING].set()


async def _to_the_overview(request: web.Request) -> web.StreamResponse:
    if _place(request) is None:
        raise web.HTTPNotFound
    raise web.HTTPFound(f"{request.path}/")


def _page(route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        place = _place(request)
        if place is None:
            raise web.HTTPNotFound
        form = await _form(request, place) if route.method == "POST" else {}
        visit = _visit(request, place, form)
        return await respond(visit, await route.handler(visit))

    return answer


def _place(request: web.Request) -> Place | None:
    return place_with(request.path.split("/", 2)[1], request.app[_PLACES])


async def _form(request: web.Request, place: Place) -> Mapping[str, str]:
    """Return a POST's fields once it is sure that it may be acted upon."""
    check_origin(request, request.app[_HOSTS])
    if request.can_read_body and request.content_type != "application/x-www-form-urlencoded":
        raise Refused(415, "only a form can be sent here", looked_at=f"Content-Type: {request.content_type}")
    try:
        fields = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    except (ValueError, LookupError):
        raise Refused(400, "the form cannot be read", looked_at="its encoding", mend="send it as UTF-8") from None
    check_token(request, place, fields)
    return {name: value for name, value in fields.items() if name != TOKEN_FIELD}


def _visit(request: web.Request, place: Place, form: Mapping[str, str]) -> Visit:
    words = Words(choose_language(request.headers.get("Accept-Language", ""), request.cookies.get(LANGUAGE_COOKIE)))
    by = request.headers.get("X-Rollbacklab-By", "").strip()[:_LONGEST_NAME].encode("utf-8", "replace").decode()
    who = Actor(name=by, via="command line") if by else Actor(name=place.pipeline.owner, via="console")
    return Visit(request=request, place=place, words=words, form=form, who=who)


@web.middleware
async def _guarded(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    try:
        check_host(request, request.app[_HOSTS])
    except Refused as error:
        return web.Response(status=error.status, text=f"{error}\n")
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return await _failed(request, error)
    except Exception as error:  # noqa: BLE001 - whatever fails is an answer
        return await _failed(request, error)


async def _failed(request: web.Request, error: Exception) -> web.StreamResponse:
    """Answer an error: in the place's frame, or plainly where there is no place or the frame fails too."""
    place = _place(request)
    if place is None:
        return web.Response(status=404, text=_NO_PLACE)
    try:
        answer = await respond_to_error(_visit(request, place, {}), error)
        if isinstance(error, web.HTTPMethodNotAllowed):
            answer.headers["Allow"] = error.headers["Allow"]
        return answer
    except Exception as worse:  # noqa: BLE001 - whatever fails is an answer
        status, shown = explain(worse)
        return web.Response(status=status, text=f"{shown}\n")
