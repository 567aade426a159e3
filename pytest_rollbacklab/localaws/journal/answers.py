"""No answer leaves before what it acknowledges is kept."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace

from pytest_rollbacklab.errors import StateError
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.journal.journal import Journal

__all__ = ["keep_first"]

logger = logging.getLogger(__name__)

_Answer = Callable[[HttpRequest], Awaitable[HttpResponse]]


def keep_first(answer: _Answer, journal: Journal) -> _Answer:
    """Return what answers as ``answer`` does, after the journal has kept what has changed.

    An answer that goes on is kept piece by piece. What cannot be kept is answered with the status 500.
    """

    async def kept(request: HttpRequest) -> HttpResponse:
        response = await answer(request)
        try:
            journal.commit()
        except StateError as error:
            logger.exception("%s %s is not kept, and refused", request.method, request.raw_path)
            return HttpResponse(status=500, body=f"{error}\n".encode(), headers=(("Content-Type", "text/plain"),))
        return response if response.stream is None else replace(response, stream=_piecewise(response.stream, journal))

    return kept


async def _piecewise(stream: AsyncGenerator[bytes, None], journal: Journal) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(stream):
        async for piece in stream:
            journal.commit()
            yield piece
