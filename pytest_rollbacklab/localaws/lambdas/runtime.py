"""What a runtime (the process that runs a function's code) and Lambda agree on, as a state table.

    Started ----/next----> Ready ---an invocation---> Running ---/response or /error---> Answered ---/next---> Ready
       |  \\                  |                            |                                  |
    /init/error  the process ends: Exited, from every state
       |
    InitError

A runtime asks for work when it is ready and answers what it was given, in this order and no other. The names are those
of Lambda's runtime interface emulator (``internal/lambda/core/states.go``), where every transition is denied that the
table does not list, too. Sockets are ``runtime_api``'s and time is ``environment``'s: nothing here waits by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from pytest_rollbacklab.localaws.lambdas.exits import Exit

__all__ = ["Answer", "IllegalTransition", "Runtime", "State", "TimedOut", "UnknownRequest", "Work"]


class State(Enum):
    """Where a runtime stands."""

    STARTED = "Started"
    READY = "Ready"
    RUNNING = "Running"
    ANSWERED = "ResponseSent"
    INIT_ERROR = "InitError"
    EXITED = "Exited"


_MOVES: Mapping[State, frozenset[State]] = {
    State.STARTED: frozenset({State.READY, State.INIT_ERROR, State.EXITED}),
    # A runtime may ask again: its first question may have been lost with a connection.
    State.READY: frozenset({State.READY, State.RUNNING, State.EXITED}),
    State.RUNNING: frozenset({State.ANSWERED, State.EXITED}),
    State.ANSWERED: frozenset({State.READY, State.EXITED}),
    State.INIT_ERROR: frozenset({State.EXITED}),
    State.EXITED: frozenset(),
}


class IllegalTransition(Exception):  # noqa: N818 - reads as what it is
    """A runtime did what does not follow from where it stands."""


class UnknownRequest(Exception):  # noqa: N818 - reads as what it is
    """A runtime answered an invocation that it was not given."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a runtime said about an invocation, or about its own initialisation."""

    payload: bytes
    is_error: bool = False
    error_type: str | None = None
    """For an error: ``Runtime.ImportModuleError``."""
    ends_runtime: bool = False
    """Whether the runtime cannot go on after it."""


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A runtime was stopped before it said anything."""


@dataclass(kw_only=True, slots=True, eq=False)
class Work:
    """One invocation, on its way to a runtime and back."""

    request_id: str
    payload: bytes
    invoked_arn: str
    trace_id: str
    client_context: str | None = None
    """JSON, on one line."""
    timeout_s: float
    delivered_at: float | None = None
    """When a runtime took it, by the event loop's clock."""
    deadline_ms: int = 0
    """When it will be stopped, in milliseconds since 1970; known from its delivery on."""
    done: asyncio.Future[Answer | Exit | TimedOut] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    """The answer; or how the runtime ended instead."""


class Runtime:
    """One runtime, from its start to its end.

    Args:
        on_delivered: Called when a runtime takes an invocation, just before it gets it.
    """

    def __init__(self, *, on_delivered: Callable[[Work], None]) -> None:
        self.state = State.STARTED
        self.initialised: asyncio.Future[Answer | Exit | None] = asyncio.get_running_loop().create_future()
        """None when it asked for work; the error that it reported, or its end, when it came to nothing."""
        self._on_delivered = on_delivered
        self._waiting: asyncio.Future[None] | None = None
        self._work: Work | None = None

    @property
    def can_take_work(self) -> bool:
        """Whether it is idle, or will be as soon as it asks again."""
        return self.state in (State.READY, State.ANSWERED) and self._work is None

    def give(self, work: Work) -> None:
        """Give it an invocation, now or when it next asks.

        Raises:
            IllegalTransition: it has one already, or is not ready for any.
        """
        if not self.can_take_work:
            raise IllegalTransition(f"A runtime in the state {self.state.value} was given an invocation.")
        self._work = work
        self._wake()

    async def next(self) -> Work:
        """Wait for an invocation (``/runtime/invocation/next``).

        Raises:
            IllegalTransition: it has not answered the last one.
        """
        self._move(State.READY)
        if not self.initialised.done():
            self.initialised.set_result(None)
        while self._work is None:
            self._waiting = asyncio.get_running_loop().create_future()
            await self._waiting
        self._move(State.RUNNING)
        self._on_delivered(self._work)
        return self._work

    def respond(self, request_id: str, answer: Answer) -> None:
        """Take its answer (``/runtime/invocation/{id}/response`` and ``/error``).

        Raises:
            UnknownRequest: that is not what it was given.
            IllegalTransition: it has answered already.
        """
        work = self._work
        if work is None or work.request_id != request_id:
            raise UnknownRequest(request_id)
        self._move(State.ANSWERED)
        self._finish(work, answer)

    def fail_to_initialise(self, answer: Answer) -> None:
        """Take the error that kept it from initialising (``/runtime/init/error``).

        Raises:
            IllegalTransition: it has initialised.
        """
        self._move(State.INIT_ERROR)
        if not self.initialised.done():
            self.initialised.set_result(answer)

    def exited(self, end: Exit) -> None:
        """Take notice of its end."""
        self._move(State.EXITED)
        if not self.initialised.done():
            self.initialised.set_result(end)
        if self._work is not None:
            self._finish(self._work, end)

    def _finish(self, work: Work, result: Answer | Exit) -> None:
        self._work = None
        if not work.done.done():
            work.done.set_result(result)

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _move(self, state: State) -> None:
        if state not in _MOVES[self.state]:
            # In the emulator's words (rapi/handler/constants.go).
            raise IllegalTransition(
                f"State transition from {self.state.value} to {state.value} failed for runtime. "
                "Error: State transition is not allowed"
            )
        self.state = state
