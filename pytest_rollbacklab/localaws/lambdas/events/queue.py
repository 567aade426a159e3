"""The queues of events: accepted at once, run when there is room, tried again, and never dropped in silence.

Each function has a queue of its own, of which a few events run at a time. A function that fails is tried again after
one minute and then after two, twice in all unless it is configured otherwise (developer guide, "How Lambda handles
errors and retries with asynchronous invocation"). By default these minutes are not waited but only counted as the
event's age, so that what AWS would give up as too old is given up here, too. Throttled events are tried again until
they are too old, whatever the retries.

An event is kept until its end has been told: after a kill it is run again, as on AWS, where an event may run twice.
What a local AWS that keeps nothing had not run when it was stopped is named in its log.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.lambdas.events.event import Event

__all__ = ["Again", "EventQueues"]

logger = logging.getLogger(__name__)

_AT_ONCE = 10
"""How many events of a function run at a time: each takes a process. AWS goes up to the function's concurrency."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Again:
    """An event that is not over."""

    event: Event
    delay_s: float


@dataclass(slots=True)
class _Queue:
    waiting: deque[Event] = field(default_factory=deque)
    workers: set[asyncio.Task[None]] = field(default_factory=set)


class EventQueues:
    """All events that are not over: a ``keeping.Part``.

    Args:
        step: Tries an event once, and tells of its end; returns it when it is to be tried again.
        keeper: Hears of the changes.
    """

    name = "lambda-events"

    def __init__(self, *, step: Callable[[Event], Awaitable[Again | None]], keeper: Keeper) -> None:
        self._step = step
        self._keeper = keeper
        self._events: dict[tuple[Scope, str], Event] = {}
        self._queues: dict[tuple[Scope, str], _Queue] = {}
        self._timers: set[asyncio.TimerHandle] = set()
        self._closed = False

    def __len__(self) -> int:
        """How many events are not over."""
        return len(self._events)

    def put(self, event: Event) -> None:
        """Accept an event."""
        self._note(event)
        self._line_up(event)

    def start(self) -> None:
        """Go on with what was kept."""
        for event in list(self._events.values()):
            self._line_up(event)

    async def close(self) -> None:
        """Stop. What is not over stays kept, and is named."""
        self._closed = True
        for timer in self._timers:
            timer.cancel()
        workers = [worker for queue in self._queues.values() for worker in queue.workers]
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)
        for event in self._events.values():
            logger.warning("The event %s of the function %s is not over yet.", event.request_id, event.function)

    def dump(self, scope: Scope, key: str) -> object | None:
        """Return an event by its id; None when it is over."""
        return self._events.get((scope, key))

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:  # noqa: ARG002 - a Part's form
        """Put an event back."""
        if state is not None:
            self._events[scope, key] = state

    def _note(self, event: Event) -> None:
        self._events[event.scope, event.request_id] = event
        self._keeper.changed(self, event.scope, event.request_id)

    def _line_up(self, event: Event) -> None:
        queue = self._queues.setdefault((event.scope, event.function), _Queue())
        queue.waiting.append(event)
        if len(queue.workers) < _AT_ONCE and not self._closed:
            worker = asyncio.get_running_loop().create_task(self._work(queue))
            queue.workers.add(worker)
            worker.add_done_callback(queue.workers.discard)

    async def _work(self, queue: _Queue) -> None:
        while queue.waiting:
            event = queue.waiting.popleft()
            try:
                again = await self._step(event)
            except Exception:  # one event's fault must not take the others along; it is logged with its name
                logger.exception("The event %s of %s came to nothing.", event.request_id, event.function)
                again = None
            if again is None:
                del self._events[event.scope, event.request_id]
                self._keeper.changed(self, event.scope, event.request_id)
            else:
                self._note(again.event)
                self._after(again.delay_s, again.event)

    def _after(self, delay_s: float, event: Event) -> None:
        if not delay_s:
            self._line_up(event)
            return
        timer: asyncio.TimerHandle

        def due() -> None:
            self._timers.discard(timer)
            self._line_up(event)

        timer = asyncio.get_running_loop().call_later(delay_s, due)
        self._timers.add(timer)
