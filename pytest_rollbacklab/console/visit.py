"""What a page's handler gets and gives: a visit in, something to show out; how it is sent is ``respond``'s business.

A handler is ``async def page(visit: Visit) -> Outcome``. It never builds HTML or JSON itself: ``Shown`` names a
template and its data, and whoever asks for JSON gets the same data as JSON from the same address.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from aiohttp import web

from pytest_rollbacklab.console.words import Words
from pytest_rollbacklab.pipeline.pipeline import Pipeline
from pytest_rollbacklab.pipeline.values import Actor

__all__ = ["EventStream", "Handler", "Moved", "Outcome", "Place", "Route", "ServerEvent", "Shown", "Visit"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One app with a console of its own: the only one there is, or a student's."""

    key: str
    """Unguessable; the first part of every address of this console."""
    token: str
    """Unguessable; in every form, and sent along by programs as ``X-Rollbacklab-Token``."""
    pipeline: Pipeline


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request to a page."""

    request: web.Request
    place: Place
    words: Words
    """The visitor's language: ``words("Promote to {stage}", stage="prod")``."""
    form: Mapping[str, str]
    """A POST's fields, the token already checked and taken out; empty for GET."""
    who: Actor
    """The place's owner, at the console or, for programs that say so, on the command line."""

    @property
    def pipeline(self) -> Pipeline:
        return self.place.pipeline

    @property
    def query(self) -> Mapping[str, str]:
        return self.request.query

    @property
    def wants_json(self) -> bool:
        """Whether a program asks: by ``?format=json``, or by accepting JSON and not HTML."""
        accept = self.request.headers.get("Accept", "")
        return self.query.get("format") == "json" or ("application/json" in accept and "text/html" not in accept)

    @property
    def path(self) -> str:
        """The address below the place, without its query: ``/stages/prod``."""
        return self.request.path.removeprefix(f"/{self.place.key}") or "/"

    def part(self, name: str) -> str:
        """Return a variable part of the address: ``{stage}``."""
        return self.request.match_info[name]

    def url(self, path: str) -> str:
        """Return the address of one of the place's pages: ``visit.url("/stages/prod")``."""
        return f"/{self.place.key}{path}"

    async def run(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Run something that blocks (the pipeline, boto3) on a thread."""
        return await asyncio.to_thread(call, *arguments, **named)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A page: a template with its data. Programs get the data alone."""

    template: str
    """Below ``templates/``."""
    data: Mapping[str, Any]
    """Values that can be written as JSON: the dataclasses of ``model`` and ``pipeline.values`` among them."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the template alone needs."""
    status: int = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """Something was done: a browser is sent on (303), a program gets the data."""

    to: str
    """A path below the place: ``/activity/12``."""
    data: Mapping[str, Any]
    status: int = 200
    """For programs: 200, 201 or 202."""
    cookies: Mapping[str, str] = field(default_factory=dict)
    """To be remembered by the browser, for this place alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerEvent:
    """One server-sent event; ``data`` is written as JSON."""

    event: str
    data: Any
    template: str | None = None
    """Where a page appends what it follows: the template of one line, which gets ``line`` (the data). Its HTML is sent
    as the data's ``html``, to those alone who ask for it by ``?html=1``, as ``console.js`` does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EventStream:
    """Server-sent events, for as long as somebody listens; the iterator is closed when nobody does.

    None is sent as a comment, which keeps the connection alive.
    """

    events: AsyncIterator[ServerEvent | None]


Outcome = Shown | Moved | EventStream
Handler = Callable[[Visit], Awaitable[Outcome]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """An address below the place and who answers there."""

    method: str
    """GET or POST."""
    path: str
    """As aiohttp writes it: ``/stages/{stage}``."""
    handler: Handler
