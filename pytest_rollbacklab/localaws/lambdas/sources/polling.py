"""Looks at every enabled event source, often while something comes and rarely while nothing does."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.events.delivery import Delivery
from pytest_rollbacklab.localaws.lambdas.invoking import Invocation
from pytest_rollbacklab.localaws.lambdas.sources.operations import EventSources
from pytest_rollbacklab.localaws.lambdas.sources.queues import QueueReader
from pytest_rollbacklab.localaws.lambdas.sources.source import EventSource
from pytest_rollbacklab.localaws.lambdas.sources.streams import StreamReader

__all__ = ["Polling"]

logger = logging.getLogger(__name__)

_SHORTEST_S, _LONGEST_S = 0.05, 1.0
_AFTER_TROUBLE_S = 2.0


class Invokes(Protocol):
    """Runs functions, as ``Invoker.invoke`` does."""

    async def __call__(self, scope: Scope, function: str, qualifier: str | None, payload: bytes, /) -> Invocation: ...


class Polling:
    """One task for each enabled mapping.

    Args:
        sources: The mappings.
        aws: Reaches queues and streams.
        invoke: Runs functions.
        delivery: Tells of batches that are given up.
    """

    def __init__(self, *, sources: EventSources, aws: Aws, invoke: Invokes, delivery: Delivery) -> None:
        self._sources = sources
        self._aws = aws
        self._invoke = invoke
        self._delivery = delivery
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._running = False

    def start(self) -> None:
        """Begin to look at what there is."""
        self._running = True
        for source_id in self._sources.ids():
            self.changed(source_id)

    def changed(self, source_id: str) -> None:
        """Take notice of a mapping that was made, changed or removed."""
        if not self._running:
            return
        old = self._tasks.pop(source_id, None)
        if old is not None:
            old.cancel()
        source = self._sources.find(source_id)
        if source is not None and source.enabled:
            self._tasks[source_id] = asyncio.get_running_loop().create_task(self._poll(source))

    async def close(self) -> None:
        """Look no more. What was being handled is not done: queues and streams have it still."""
        self._running = False
        tasks, self._tasks = list(self._tasks.values()), {}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def _poll(self, source: EventSource) -> None:
        reader = self._reader(source)
        pause_s, is_in_trouble = _SHORTEST_S, False
        while True:
            try:
                found = await reader.step()
                pause_s = _SHORTEST_S if found else min(pause_s * 1.5, _LONGEST_S)
                is_in_trouble = False
            except ServiceError as error:
                if not is_in_trouble:  # once, and not at every look
                    logger.warning(
                        "The event source %s of %s cannot be handled: %s", source.arn, source.function, error
                    )
                is_in_trouble, pause_s = True, _AFTER_TROUBLE_S
                reader = self._reader(self._sources.find(source.id) or source)
            except Exception:  # one source's fault must not end its polling in silence
                logger.exception("The event source %s of %s came to nothing.", source.arn, source.function)
                pause_s = _AFTER_TROUBLE_S
            await asyncio.sleep(pause_s)

    def _reader(self, source: EventSource) -> QueueReader | StreamReader:
        async def run(payload: bytes) -> Invocation:
            return await self._invoke(source.scope, source.function, source.qualifier, payload)

        if source.is_queue:
            return QueueReader(source, aws=self._aws, run=run)
        return StreamReader(
            source,
            aws=self._aws,
            run=run,
            delivery=self._delivery,
            done=self._sources.put,
            result=lambda result: self._sources.results.__setitem__(source.id, result),
        )
