"""From threads to the event loop: what blocks or calls back on threads, as asynchronous iterators for event streams.

Each follower has a thread of its own: the loop's pool is small, and whoever follows a log for an hour would take a
place in it from those who want a page.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from typing import TypeVar

__all__ = ["from_callbacks", "from_thread"]

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)

_log = logging.getLogger(__name__)
_AHEAD = 256
"""How many items a thread may be ahead of its reader."""


class _End:
    """The last thing in a queue; carries what ended the iterator, if it was an error."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


async def from_thread(begin: Callable[[threading.Event], Iterator[T]]) -> AsyncIterator[T]:
    """Iterate over something that blocks, on a thread of its own.

    Args:
        begin: Gets an event that is set when nobody listens any more, and returns the iterator; it should look at the
            event at least every second or so.
    """
    loop, stop = asyncio.get_running_loop(), threading.Event()
    queue: asyncio.Queue[T | _End] = asyncio.Queue(_AHEAD)
    thread = threading.Thread(target=_pump, args=(begin, stop, queue, loop), name="console-follower", daemon=True)
    thread.start()
    try:
        while not isinstance(item := await queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stop.set()
        while not queue.empty():  # so that a thread that waits for room gets on and sees that it is over
            queue.get_nowait()


def _pump(
    begin: Callable[[threading.Event], Iterator[T]],
    stop: threading.Event,
    queue: asyncio.Queue[T | _End],
    loop: asyncio.AbstractEventLoop,
) -> None:
    end = _End()
    try:
        for item in begin(stop):
            if stop.is_set():
                return
            _put(queue, item, loop)
    except Exception as error:  # noqa: BLE001 - it is raised where the iterator is read
        end = _End(error)
    finally:
        if not stop.is_set():
            _put(queue, end, loop)


def _put(queue: asyncio.Queue[T], item: T, loop: asyncio.AbstractEventLoop) -> None:
    putting = queue.put(item)
    try:
        asyncio.run_coroutine_threadsafe(putting, loop).result()
    except RuntimeError:  # the loop is closed: nobody will read it
        putting.close()
        _log.debug("a follower outlived its loop")


async def from_callbacks(subscribe: Callable[[Callable[[H], None]], Callable[[], None]]) -> AsyncIterator[H]:
    """Iterate over what a listener hears, on whatever thread; what is heard again before it was read comes once.

    Args:
        subscribe: Gets the listener and returns how to stop it.
    """
    loop, waiting, heard = asyncio.get_running_loop(), asyncio.Event(), dict[H, None]()

    def note(item: H) -> None:
        heard[item] = None
        waiting.set()

    def hear(item: H) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody will read it
            loop.call_soon_threadsafe(note, item)

    stop = subscribe(hear)
    try:
        while await waiting.wait():
            waiting.clear()
            items = tuple(heard)
            heard.clear()
            for item in items:
                yield item
    finally:
        stop()
