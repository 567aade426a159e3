"""Turns: whoever changes a stage waits until the one before has finished, first come, first served, and is told.

A lock in the process is enough, because a lab is one process (``up`` sees to that); what waits knows whom it waits for.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator

__all__ = ["Turns"]


class Turns:
    """Turns on stages, by the stage's name. May be used from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queues: dict[str, deque[int]] = {}

    @contextlib.contextmanager
    def take(self, stage: str, activity: int, *, waiting: Callable[[int], None]) -> Iterator[None]:
        """Wait for the stage, hold it within the block, and leave it to the next one.

        Args:
            activity: The number of the activity that asks.
            waiting: Called with the number of the activity that is at work, when there is one to wait for.
        """
        with self._changed:
            queue = self._queues.setdefault(stage, deque())
            queue.append(activity)
            first = queue[0]
            self._changed.notify_all()
        try:
            if first != activity:
                waiting(first)
            with self._changed:
                self._changed.wait_for(lambda: queue[0] == activity)
            yield
        finally:
            with self._changed:
                queue.remove(activity)
                self._changed.notify_all()

    def at_work(self, stage: str) -> int | None:
        """Return the number of the activity that holds a stage, or None."""
        with self._changed:
            queue = self._queues.get(stage)
            return queue[0] if queue else None

    def waiting(self, stage: str) -> int:
        """Return how many wait for a stage."""
        with self._changed:
            return max(0, len(self._queues.get(stage, ())) - 1)

    def wait_until_idle(self, timeout_s: float) -> bool:
        """Wait until nobody is at work on any stage; tell whether that came in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not any(self._queues.values()), timeout_s)
